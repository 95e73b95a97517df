"""Train one network: and print how well it does at the end."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from .._support.atomic_write import check_writable
from ..data import Dataset
from ..dst import method
from ..experiments.compare import layer_sizes, loss_for
from ..formats import FORMATS
from ..models.mlp import mlp
from ..training.checkpoint import load_run
from ..training.run import Run, epoch_bar
from .autosave import autosave
from .options import config, dataset, on_terminal, training

SETTINGS = ("method", "density", "hidden", "allocation", "format", "seed", "epochs", "batch", "optimizer", "lr")
"""What a run is started with; it goes on with the same."""


def options(parser: argparse.ArgumentParser) -> None:
    """The method, the seed, the storage, and where the run and its history go."""
    training(parser)
    parser.add_argument("--method", default="rigl", help="a name from `minidst methods` (default: %(default)s)")
    parser.add_argument("--format", choices=list(FORMATS), help="storage (default: what the method needs)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="RUN", help="keep the run in this file, to go on or to load_run")
    parser.add_argument("--every", type=int, metavar="N", help="write it every N steps (default: 500), and at Ctrl-C")
    parser.add_argument("--resume", action="store_true", help="go on with what is in RUN, if there is anything")
    parser.add_argument("--history", type=Path, metavar="CSV", help="write a line per epoch to this file")


def run(arguments: argparse.Namespace) -> None:
    """One run of one method, or the rest of it."""
    if arguments.out is None and (arguments.resume or arguments.every is not None):
        option = "--resume" if arguments.resume else f"--every {arguments.every}"
        raise ValueError(f"{option} says nothing without the file to keep the run in; add --out RUN")
    every = 500 if arguments.every is None else arguments.every
    if every < 1:
        raise ValueError(f"--every {every} must be at least 1: it is a number of steps")
    for path in (arguments.out, arguments.history):
        if path:
            check_writable(path)
    if arguments.out and arguments.history and arguments.out.resolve() == arguments.history.resolve():
        raise ValueError(f"--out and --history are both {str(arguments.out)!r}; give them two names")
    found = arguments.out is not None and arguments.out.exists()
    if found and not arguments.resume:
        raise ValueError(f"{str(arguments.out)!r} exists; add --resume to go on with it, or give --out another name")
    data = dataset(arguments)
    trained = _found(arguments, data) if found else _begun(arguments, data)
    saving = autosave(trained, arguments.out, every) if arguments.out else nullcontext(lambda: None)
    with saving as save_if_due, epoch_bar(trained, on_terminal(arguments)) as show:
        for _ in trained:
            show()
            save_if_due()
    if arguments.history:
        trained.history.to_csv(arguments.history)
    _tell(trained, as_json=arguments.json)


def _begun(arguments: argparse.Namespace, data: Dataset) -> Run:
    record = method(arguments.method)
    net = mlp(layer_sizes(data, arguments.hidden), density=arguments.density, method=record,
              allocation=arguments.allocation, format=arguments.format, seed=arguments.seed,
              loss=loss_for(data))  # fmt: skip
    return Run(net, data, record, config(arguments), notes=_settings(arguments))


def _found(arguments: argparse.Namespace, data: Dataset) -> Run:
    """The run in the file, if the command line is the one that started it."""
    trained = load_run(arguments.out, data)
    for name, value in _settings(arguments).items():
        before = trained.notes.get(name, value)
        if value != before:
            raise ValueError(
                f"{str(arguments.out)!r} was started with {_option(name, before)} and this line has "
                f"{_option(name, value)}: repeat the line that started it, with --resume"
            )
    return trained


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """As JSON gives them back."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    return given | {"hidden": list(arguments.hidden)}


def _option(name: str, value: Any) -> str:
    if value is None:
        return f"no --{name}"
    return f"--{name} {','.join(map(str, value)) if isinstance(value, list) else value}"


def _tell(trained: Run, *, as_json: bool) -> None:
    history, net = trained.history, trained.net
    if as_json:
        print(json.dumps(history.to_dict() | {"memory": net.memory_bytes()}, indent=2))
        return
    last = history.epochs[-1]
    score = f"accuracy {last.score:.2%}" if trained.data.classes else f"loss {last.score:.4g}"
    print(f"{trained.method.name} on {trained.data.name}: test {score} after epoch {last.epoch}, "
          f"{last.connections:,} connections, {history.seconds:.1f} s")  # fmt: skip
    if history.stopped:
        print(f"stopped early: {history.stopped}")
