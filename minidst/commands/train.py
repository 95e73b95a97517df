"""Train one network: and print how well it does at the end."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..compare import layer_sizes, loss_for
from ..dst import method
from ..fit import fit
from ..formats import FORMATS
from ..mlp import mlp
from ..store import check_folder
from .options import config, dataset, on_terminal, training


def options(parser: argparse.ArgumentParser) -> None:
    """The method, the seed, the storage and where the history goes."""
    training(parser)
    parser.add_argument("--method", default="rigl", help="a name from `minidst methods` (default: %(default)s)")
    parser.add_argument("--format", choices=list(FORMATS), help="storage (default: what the method needs)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write the history to this CSV file")


def run(arguments: argparse.Namespace) -> None:
    """One run of one method."""
    if arguments.out:
        check_folder(arguments.out)
    data = dataset(arguments)
    record = method(arguments.method)
    net = mlp(layer_sizes(data, arguments.hidden), density=arguments.density, method=record,
              allocation=arguments.allocation, format=arguments.format, seed=arguments.seed,
              loss=loss_for(data))  # fmt: skip
    history = fit(net, data, record, config(arguments), progress=on_terminal(arguments))
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
