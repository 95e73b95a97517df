"""The command line: parse, call, print. Every bad input ends in one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from . import __version__
from .compare import METHODS_COMPARED, compare, layer_sizes, loss_for
from .config import Config
from .data import load, sources
from .dst import METHODS, method
from .fit import fit
from .formats import FORMATS
from .kernels.parallel import threads
from .mlp import mlp
from .nn import SGD, Adam, Optimizer
from .plots import learning_curves, save
from .store import check_folder
from .tables import comparison_table, method_page, method_table, source_table
from .topology import KINDS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 for bad input, 3 for a diverged run, 130 after Ctrl-C."""
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal that has no ± shows ?
        arguments = _parser().parse_args(argv)
        if getattr(arguments, "threads", None) is not None:
            threads(arguments.threads)
        arguments.command(arguments)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more at its end
        return 0 if isinstance(error, BrokenPipeError) else _failed(error, 2)  # such as `head`, which has seen enough
    except ValueError as error:
        return _failed(error, 2)
    except FloatingPointError as error:
        return _failed(error, 3)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    return 0


def _failed(reason: object, code: int) -> int:
    """Say why on one line of stderr."""
    print("minidst:", *str(reason).split(), file=sys.stderr)
    return code


def _compare(arguments: argparse.Namespace) -> None:
    names = [*METHODS] if arguments.methods == "all" else [name.strip() for name in arguments.methods.split(",")]
    data = _load(arguments)
    picture = arguments.out / f"minidst-compare-{data.name}.png"
    check_folder(picture)
    with _bar(len(names) * arguments.seeds, arguments) as bar:

        def progress(name: str, seed: int) -> None:
            bar.set_postfix_str(f"{name}, seed {seed}", refresh=False)
            bar.update()

        rows = compare(
            data,
            names,
            hidden=arguments.hidden,
            density=arguments.density,
            seeds=arguments.seeds,
            allocation=arguments.allocation,
            config=_config(arguments),
            paper_schedules=arguments.paper_schedules,
            progress=progress,
        )
    title = f"{data.name}, density {arguments.density:g}"
    save(learning_curves({row.method: row.histories for row in rows}, title), picture)
    sizes = layer_sizes(data, arguments.hidden)
    if arguments.json:
        print(json.dumps({"data": data.name, "sizes": sizes, "density": arguments.density, "picture": str(picture),
                          "methods": [row.to_dict() for row in rows]}, indent=2))  # fmt: skip
    else:
        print(comparison_table(rows, data.name, sizes, arguments.density))
        print(f"learning curves: {picture}")


def _train(arguments: argparse.Namespace) -> None:
    if arguments.out:
        check_folder(arguments.out)
    data = _load(arguments)
    record = method(arguments.method)
    net = mlp(layer_sizes(data, arguments.hidden), density=arguments.density, method=record,
              allocation=arguments.allocation, format=arguments.format, seed=arguments.seed,
              loss=loss_for(data))  # fmt: skip
    history = fit(net, data, record, _config(arguments), progress=_on_terminal(arguments))
    if arguments.out:
        history.to_csv(arguments.out)
    if arguments.json:
        print(json.dumps(history.to_dict() | {"memory": net.memory_bytes()}, indent=2))
    else:
        last = history.epochs[-1]
        score = f"accuracy {last.score:.2%}" if data.classes else f"loss {last.score:.4g}"
        print(f"{record.name} on {data.name}: test {score} after epoch {last.epoch}, "
              f"{last.connections:,} connections, {history.seconds:.1f} s")  # fmt: skip
        if history.stopped:
            print(f"stopped early: {history.stopped}")


def _methods(arguments: argparse.Namespace) -> None:
    if arguments.method and not arguments.json:
        print(method_page(method(arguments.method)))
    else:
        records = [method(arguments.method)] if arguments.method else METHODS.values()
        print(method_table(records, as_json=arguments.json))


def _data(arguments: argparse.Namespace) -> None:
    print(source_table(sources(arguments.data_dir), as_json=arguments.json))


def _load(arguments: argparse.Namespace) -> Any:
    if arguments.data in ("csv", "npz") and arguments.path is None:
        raise ValueError(f"data set {arguments.data} needs --path FILE")
    where = {"data_dir": arguments.data_dir, "path": arguments.path}
    return load(arguments.data, **{key: value for key, value in where.items() if value is not None})


def _config(arguments: argparse.Namespace) -> Config:
    optimizer: Optimizer = Adam() if arguments.optimizer == "adam" else SGD()
    lr = arguments.lr if arguments.lr is not None else 0.001 if arguments.optimizer == "adam" else 0.1
    return Config(epochs=arguments.epochs, batch=arguments.batch, lr=lr, optimizer=optimizer)


def _bar(total: int, arguments: argparse.Namespace) -> tqdm[Any]:
    return tqdm(total=total, unit="run", disable=not _on_terminal(arguments), leave=False)


def _on_terminal(arguments: argparse.Namespace) -> bool:
    """Whether a progress bar has a reader."""
    return not arguments.json and sys.stderr is not None and sys.stderr.isatty()


class _Parser(argparse.ArgumentParser):
    """argparse with its errors as ValueError, so that they too are one line; no option may be cut short."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minidst", description="Dynamic sparse training you can read.")
    parser.add_argument("--version", action="version", version=f"minidst {__version__}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    one = commands.add_parser("compare", help="train several methods on the same data and print a table")
    _training_options(one)
    one.add_argument("--methods", default=",".join(METHODS_COMPARED), help="names, or all (default: %(default)s)")
    one.add_argument("--seeds", type=int, default=5, help="runs per method (default: %(default)s)")
    one.add_argument("--paper-schedules", action="store_true", help="keep each record's own update schedule")
    one.add_argument("--out", type=Path, default=Path(), help="folder for the picture (default: here)")
    one.set_defaults(command=_compare)

    one = commands.add_parser("train", help="train one network")
    _training_options(one)
    one.add_argument("--method", default="rigl", help="a name from `minidst methods` (default: %(default)s)")
    one.add_argument("--format", choices=list(FORMATS), help="storage (default: what the method needs)")
    one.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    one.add_argument("--out", type=Path, help="write the history to this CSV file")
    one.set_defaults(command=_train)

    one = commands.add_parser("methods", help="list the methods, or print one record in full")
    one.add_argument("method", nargs="?", metavar="NAME", help="a method to print in full")
    one.add_argument("--json", action="store_true", help="machine-readable output")
    one.set_defaults(command=_methods)

    one = commands.add_parser("data", help="list the data sets: found or not, where looked for, how to get them")
    one.add_argument("--data-dir", type=Path, help="look here first")
    one.add_argument("--json", action="store_true", help="machine-readable output")
    one.set_defaults(command=_data)
    return parser


def _training_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("data", nargs="?", default="digits", help="a data set (default: %(default)s)")
    one.add_argument("--data-dir", type=Path, help="folder of the image sets")
    one.add_argument("--path", type=Path, help="the file, for csv and npz")
    one.add_argument("--density", type=float, default=0.01, help="share of connections kept (default: %(default)s)")
    one.add_argument("--hidden", type=_sizes, default=(256, 256), help="hidden layers (default: 256,256)")
    one.add_argument("--allocation", default="erk", choices=KINDS, help="budget per layer (default: %(default)s)")
    one.add_argument("--epochs", type=int, default=30, help="(default: %(default)s)")
    one.add_argument("--batch", type=int, default=32, help="samples per step (default: %(default)s)")
    one.add_argument("--optimizer", default="sgd", choices=["sgd", "adam"], help="(default: %(default)s)")
    one.add_argument("--lr", type=float, help="learning rate (default: 0.1 for sgd, 0.001 for adam)")
    one.add_argument("--threads", type=int, help="for the kernels (default: 1)")
    one.add_argument("--json", action="store_true", help="machine-readable output")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of sizes such as 256,256") from None
