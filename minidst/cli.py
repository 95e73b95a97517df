"""The command line: parse, call, print. Every bad input ends in one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from . import __version__
from .compare import METHODS_COMPARED, compare
from .data import load, sources
from .dst import METHODS, method
from .formats import FORMATS
from .kernels.parallel import threads
from .mlp import mlp
from .nn import SGD, Adam, Optimizer
from .plots import learning_curves, save
from .store import check_folder
from .tables import comparison_table, method_table, source_table
from .topology import KINDS
from .train import Config, fit


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 for bad input, 3 for a diverged run, 130 after Ctrl-C."""
    try:
        arguments = _parser().parse_args(argv)
        if getattr(arguments, "threads", None):
            threads(arguments.threads)
        arguments.command(arguments)
    except ValueError as error:
        print(f"minidst: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:
        print(f"minidst: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("minidst: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as `head`, has seen enough
    return 0


def _compare(arguments: argparse.Namespace) -> None:
    names = [name.strip() for name in arguments.methods.split(",")]
    picture = arguments.out / f"minidst-compare-{arguments.data}.png"
    check_folder(picture)
    data = _load(arguments)
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
    sizes = (data.features, *arguments.hidden, data.classes)
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
    sizes = (data.features, *arguments.hidden, data.classes or data.y_train.shape[1])
    net = mlp(sizes, density=arguments.density, method=record, allocation=arguments.allocation,
              format=arguments.format, seed=arguments.seed)  # fmt: skip
    history = fit(net, data, record, _config(arguments), progress=not arguments.json and sys.stderr.isatty())
    if arguments.out:
        history.to_csv(arguments.out)
    if arguments.json:
        print(json.dumps(history.to_dict() | {"memory": net.memory_bytes()}, indent=2))
    else:
        last = history.epochs[-1]
        print(f"{record.name} on {data.name}: test accuracy {last.score:.2%} after {last.epoch} epochs, "
              f"{last.connections:,} connections, {history.seconds:.1f} s")  # fmt: skip
        if history.stopped:
            print(f"stopped early: {history.stopped}")


def _methods(arguments: argparse.Namespace) -> None:
    print(method_table(METHODS.values(), as_json=arguments.json))


def _data(arguments: argparse.Namespace) -> None:
    print(source_table(sources(arguments.data_dir), as_json=arguments.json))


def _load(arguments: argparse.Namespace) -> Any:
    where = {"data_dir": arguments.data_dir, "path": arguments.path}
    return load(arguments.data, **{key: value for key, value in where.items() if value is not None})


def _config(arguments: argparse.Namespace) -> Config:
    optimizer: Optimizer = Adam() if arguments.optimizer == "adam" else SGD()
    lr = arguments.lr if arguments.lr is not None else 0.001 if arguments.optimizer == "adam" else 0.1
    return Config(epochs=arguments.epochs, batch=arguments.batch, lr=lr, optimizer=optimizer)


def _bar(total: int, arguments: argparse.Namespace) -> tqdm[Any]:
    return tqdm(total=total, unit="run", disable=arguments.json or not sys.stderr.isatty(), leave=False)


class _Parser(argparse.ArgumentParser):
    """argparse with its errors as ValueError, so that they too are one line."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minidst", description="Dynamic sparse training you can read.")
    parser.add_argument("--version", action="version", version=f"minidst {__version__}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    one = commands.add_parser("compare", help="train several methods on the same data and print a table")
    _training_options(one)
    one.add_argument("--methods", default=",".join(METHODS_COMPARED), help="names with commas (default: %(default)s)")
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

    one = commands.add_parser("methods", help="list the methods, as their records describe themselves")
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
    return tuple(int(size) for size in text.split(",")) if text else ()
