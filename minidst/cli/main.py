"""The command line: parse, call, print. Every error is one line on stderr and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from .._support.version import __version__
from ..kernels.threads import threads
from . import bench, listing, sweep, train


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0; 1 if a theorem or a run of a study fails; 2 for bad input; 3 for a
    diverged run; 130 after Ctrl-C; 143 after SIGTERM, if the run was saved.
    """
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal that has no ± shows ?
        arguments = _parser().parse_args(argv)
        if getattr(arguments, "threads", None) is not None:
            threads(arguments.threads)
        code: int | None = arguments.run(arguments)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would flush it once more at exit
        return 0 if isinstance(error, BrokenPipeError) else _failed(error, 2)  # the reader, such as `head`, has ended
    except ValueError as error:
        return _failed(error, 2)
    except MemoryError as error:
        return _failed(f"not enough memory ({error}): choose smaller sizes, a lower density or a smaller batch", 2)
    except FloatingPointError as error:
        return _failed(error, 3)
    except KeyboardInterrupt as stop:
        return _failed(str(stop) or "interrupted", getattr(stop, "code", 130))
    return code or 0


def _failed(reason: object, code: int) -> int:
    """Print the reason as one line on stderr and return the exit code."""
    print("minidst:", *str(reason).split(), file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """argparse that raises its errors as ValueError, and takes no abbreviated options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Raise ValueError for an unknown argument here: the parser above could not suggest this command's options."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            near = get_close_matches(left[0], self._option_string_actions, n=1, cutoff=0.8)
            self.error(f"unrecognized arguments: {' '.join(left)}" + (f" (did you mean {near[0]}?)" if near else ""))
        return found, left

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minidst", description="Dynamic sparse training you can read.")
    parser.add_argument("--version", action="version", version=f"minidst {__version__}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    for module in (train, sweep, listing, bench):
        module.add_commands(commands)
    return parser
