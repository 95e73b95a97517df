"""Options that several commands share, and the objects they stand for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..data import Dataset, load
from ..nn import SGD, Adam, Optimizer
from ..topology import KINDS
from ..training.config import Config


def training(parser: argparse.ArgumentParser) -> None:
    """Data, network and training, for `config` and `dataset`."""
    parser.add_argument("data", nargs="?", default="digits", help="a data set (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, help="folder of the image sets")
    parser.add_argument("--path", type=Path, help="the file, for csv and npz")
    parser.add_argument("--density", type=float, default=0.01, help="share of connections kept (default: %(default)s)")
    parser.add_argument("--hidden", type=sizes, default=(256, 256), help="hidden layers (default: 256,256)")
    parser.add_argument("--allocation", default="erk", choices=KINDS, help="budget per layer (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=30, help="(default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="samples per step (default: %(default)s)")
    parser.add_argument("--optimizer", default="sgd", choices=["sgd", "adam"], help="(default: %(default)s)")
    parser.add_argument("--lr", type=float, help="learning rate (default: 0.1 for sgd, 0.001 for adam)")
    parser.add_argument("--threads", type=int, help="for the kernels (default: 1)")
    as_json(parser)


def as_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, an option of every command that prints results."""
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def sizes(text: str) -> tuple[int, ...]:
    """`256,256` as (256, 256)."""
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of sizes such as 256,256") from None


def dataset(arguments: argparse.Namespace) -> Dataset:
    """Load the data set. Raises ValueError if it is not found, or if it needs --path and has none."""
    if arguments.data in ("csv", "npz") and arguments.path is None:
        raise ValueError(f"data set {arguments.data} needs --path FILE")
    where = {"data_dir": arguments.data_dir, "path": arguments.path}
    return load(arguments.data, **{key: value for key, value in where.items() if value is not None})


def config(arguments: argparse.Namespace) -> Config:
    """The Config of a run, with the optimizer's own learning rate unless --lr is given."""
    optimizer: Optimizer = Adam() if arguments.optimizer == "adam" else SGD()
    lr: Any = arguments.lr if arguments.lr is not None else 0.001 if arguments.optimizer == "adam" else 0.1
    return Config(epochs=arguments.epochs, batch=arguments.batch, lr=lr, optimizer=optimizer)


def on_terminal(arguments: argparse.Namespace) -> bool:
    """Whether to show a progress bar: stderr is a terminal and --json is not given."""
    return not arguments.json and sys.stderr is not None and sys.stderr.isatty()
