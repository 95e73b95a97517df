"""Commands that train: `minidst compare` for several methods and seeds, `minidst train` for one network."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from .._support.atomic_write import check_writable
from .._support.progress_bar import progress_bar
from ..data import Dataset
from ..dst import METHODS, method
from ..experiments.compare import METHODS_COMPARED, compare, layer_sizes, loss_for
from ..formats import FORMATS
from ..models.mlp import mlp
from ..plots import learning_curves, save
from ..training.checkpoint import load_run
from ..training.run import Run, epoch_bar
from .autosave import autosave
from .options import config, dataset, on_terminal, training
from .tables import comparison_table

SETTINGS = ("method", "density", "hidden", "allocation", "format", "seed", "epochs", "batch", "optimizer", "lr")


def add_commands(commands: Any) -> None:
    """Add `compare` and `train` to argparse's subparsers."""
    one = commands.add_parser("compare", help="train several methods on the same data and print a table")
    one.set_defaults(run=run_compare)
    training(one)
    names = "names, also of a criterion and a growth such as snip-random; or all (default: %(default)s)"
    one.add_argument("--methods", default=",".join(METHODS_COMPARED), help=names)
    one.add_argument("--seeds", type=int, default=5, help="runs per method (default: %(default)s)")
    one.add_argument("--paper-schedules", action="store_true", help="keep each record's own update schedule")
    one.add_argument("--out", type=Path, default=Path(), help="folder for the picture (default: here)")
    one = commands.add_parser("train", help="train one network")
    one.set_defaults(run=run_train)
    training(one)
    one.add_argument("--method", default="rigl", help="a name from `minidst methods` (default: %(default)s)")
    one.add_argument("--format", choices=list(FORMATS), help="storage (default: what the method needs)")
    one.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    one.add_argument("--out", type=Path, metavar="RUN", help="keep the run in this file, to go on or to load_run")
    one.add_argument("--every", type=int, metavar="N", help="write it every N steps (default: 500), and at Ctrl-C")
    one.add_argument("--resume", action="store_true", help="go on with what is in RUN, if there is anything")
    one.add_argument("--history", type=Path, metavar="CSV", help="write a line per epoch to this file")


def run_compare(arguments: argparse.Namespace) -> None:
    """Train every method with every seed, print the table and save the learning curves."""
    names = [*METHODS] if arguments.methods == "all" else [name.strip() for name in arguments.methods.split(",")]
    data = dataset(arguments)
    picture = arguments.out / f"minidst-compare-{data.name}.png"
    check_writable(picture)
    with progress_bar(len(names) * arguments.seeds, "run", hidden=not on_terminal(arguments)) as bar:

        def progress(name: str, seed: int) -> None:
            bar.set_postfix_str(f"{name}, seed {seed}", refresh=False)
            bar.update()

        rows = compare(data, names, hidden=arguments.hidden, density=arguments.density, seeds=arguments.seeds,
                       allocation=arguments.allocation, config=config(arguments),
                       paper_schedules=arguments.paper_schedules, progress=progress)  # fmt: skip
    histories = {row.method: row.histories for row in rows}
    save(learning_curves(histories, f"{data.name}, density {arguments.density:g}"), picture)
    sizes = layer_sizes(data, arguments.hidden)
    if arguments.json:
        print(json.dumps({"data": data.name, "sizes": sizes, "density": arguments.density, "picture": str(picture),
                          "methods": [row.to_dict() for row in rows]}, indent=2))  # fmt: skip
    else:
        print(comparison_table(rows, data.name, sizes, arguments.density))
        print(f"learning curves: {picture}")


def run_train(arguments: argparse.Namespace) -> None:
    """Train one network, or resume the run in a file, and print its last score."""
    every = _checked_every(arguments)
    found = arguments.out is not None and arguments.out.exists()
    if found and not arguments.resume:
        raise ValueError(f"{str(arguments.out)!r} exists; add --resume to go on with it, or give --out another name")
    data = dataset(arguments)
    run = _resumed(arguments, data) if found else _started(arguments, data)
    saving = autosave(run, arguments.out, every) if arguments.out else nullcontext(lambda: None)
    with saving as save_if_due, epoch_bar(run, on_terminal(arguments)) as show:
        for _ in run:
            show()
            save_if_due()
    if arguments.history:
        run.history.to_csv(arguments.history)
    _print_score(run, as_json=arguments.json)


def _checked_every(arguments: argparse.Namespace) -> int:
    """Steps between two saves. Raises ValueError for options about files that contradict each other."""
    if arguments.out is None and (arguments.resume or arguments.every is not None):
        option = "--resume" if arguments.resume else f"--every {arguments.every}"
        raise ValueError(f"{option} says nothing without the file to keep the run in; add --out RUN")
    every = 500 if arguments.every is None else arguments.every
    if every < 1:
        raise ValueError(f"--every {every} must be at least 1: it is a number of steps")
    for path in filter(None, (arguments.out, arguments.history)):
        check_writable(path)
    if arguments.out and arguments.history and arguments.out.resolve() == arguments.history.resolve():
        raise ValueError(f"--out and --history are both {str(arguments.out)!r}; give them two names")
    return every


def _started(arguments: argparse.Namespace, data: Dataset) -> Run:
    record = method(arguments.method)
    net = mlp(layer_sizes(data, arguments.hidden), density=arguments.density, method=record,
              allocation=arguments.allocation, format=arguments.format, seed=arguments.seed,
              loss=loss_for(data))  # fmt: skip
    return Run(net, data, record, config(arguments), notes=_settings(arguments))


def _resumed(arguments: argparse.Namespace, data: Dataset) -> Run:
    """The run in the file. Raises ValueError if it was started with other settings."""
    run = load_run(arguments.out, data)
    for name, value in _settings(arguments).items():
        before = run.notes.get(name, value)
        if value != before:
            raise ValueError(f"{str(arguments.out)!r} was started with {_option(name, before)} and this line has "
                             f"{_option(name, value)}: repeat the line that started it, with --resume")  # fmt: skip
    return run


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that must not change when a run is resumed, as JSON reads them back."""
    return {name: getattr(arguments, name) for name in SETTINGS} | {"hidden": list(arguments.hidden)}


def _option(name: str, value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else value
    return f"no --{name}" if value is None else f"--{name} {text}"


def _print_score(run: Run, *, as_json: bool) -> None:
    history = run.history
    if as_json:
        print(json.dumps(history.to_dict() | {"memory": run.net.memory_bytes()}, indent=2))
        return
    last = history.epochs[-1]
    score = f"accuracy {last.score:.2%}" if run.data.classes else f"loss {last.score:.4g}"
    print(f"{run.method.name} on {run.data.name}: test {score} after epoch {last.epoch}, "
          f"{last.connections:,} connections, {history.seconds:.1f} s")  # fmt: skip
    if history.stopped:
        print(f"stopped early: {history.stopped}")
