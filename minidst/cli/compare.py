"""Train several methods on the same data and print a table: and draw their learning curves."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .._support.atomic_write import check_writable
from .._support.progress_bar import progress_bar
from ..dst import METHODS
from ..experiments.compare import METHODS_COMPARED, compare, layer_sizes
from ..plots import learning_curves, save
from .options import config, dataset, on_terminal, training
from .tables import comparison_table


def options(parser: argparse.ArgumentParser) -> None:
    """The methods, the seeds and where the picture goes."""
    training(parser)
    names = "names, also of a criterion and a growth such as snip-random; or all (default: %(default)s)"
    parser.add_argument("--methods", default=",".join(METHODS_COMPARED), help=names)
    parser.add_argument("--seeds", type=int, default=5, help="runs per method (default: %(default)s)")
    parser.add_argument("--paper-schedules", action="store_true", help="keep each record's own update schedule")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the picture (default: here)")


def run(arguments: argparse.Namespace) -> None:
    """Every method from every seed."""
    names = [*METHODS] if arguments.methods == "all" else [name.strip() for name in arguments.methods.split(",")]
    data = dataset(arguments)
    picture = arguments.out / f"minidst-compare-{data.name}.png"
    check_writable(picture)
    runs = len(names) * arguments.seeds
    with progress_bar(runs, "run", hidden=not on_terminal(arguments)) as bar:

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
            config=config(arguments),
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
