"""List the methods, or print one record in full: what it prunes, where it looks, what it costs, whose it is."""

from __future__ import annotations

import argparse

from ..dst import METHODS, method
from .options import as_json
from .tables import method_page, method_table


def options(parser: argparse.ArgumentParser) -> None:
    """The name of a method, if one is wanted in full."""
    parser.add_argument("method", nargs="?", metavar="NAME", help="one to print in full, also such as snip-random")
    as_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print from the records themselves."""
    if arguments.method is not None and not arguments.json:
        print(method_page(method(arguments.method)))
    else:
        records = METHODS.values() if arguments.method is None else [method(arguments.method)]
        print(method_table(records, as_json=arguments.json))
