"""List the data sets: found or not, where looked for, how to get them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..data import sources
from .options import as_json
from .tables import source_table


def options(parser: argparse.ArgumentParser) -> None:
    """Where to look first."""
    parser.add_argument("--data-dir", type=Path, help="look here first")
    as_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Look, and say what was found."""
    print(source_table(sources(arguments.data_dir), as_json=arguments.json))
