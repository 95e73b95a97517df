"""The command line: parse, call, print. Every bad input ends in one line on stderr and exit code 2."""

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
from . import bench, compare, data, methods, report, sweep, train, verify


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code.

    0; 1 where a check that was asked for fails; 2 for bad input; 3 for a diverged run; 130 after Ctrl-C; 143 after
    SIGTERM, where a run was kept.
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more at its end
        return 0 if isinstance(error, BrokenPipeError) else _failed(error, 2)  # such as `head`, which has seen enough
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
    """Say why on one line of stderr."""
    print("minidst:", *str(reason).split(), file=sys.stderr)
    return code


COMMANDS = (compare, train, sweep, report, methods, data, verify, bench)


class _Parser(argparse.ArgumentParser):
    """argparse with its errors as ValueError, so that they too are one line; no option may be cut short."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Let no word pass that this command does not take: the parser above it would know no better."""
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
    for command in COMMANDS:
        summary = (command.__doc__ or "").split(":")[0]
        one = commands.add_parser(command.__name__.split(".")[-1], help=summary.lower())
        command.options(one)
        one.set_defaults(run=command.run)
    return parser
