"""Commands that print what the package has: `minidst methods`, `minidst data` and `minidst verify`."""

from __future__ import annotations

import argparse
import json
from math import isnan
from pathlib import Path
from time import perf_counter
from typing import Any

from .._support.progress_bar import progress_bar
from .._support.validation import check_choice
from ..data import sources
from ..dst import METHODS, method
from ..verify import THEOREMS
from .options import as_json, on_terminal
from .tables import method_page, method_table, source_table, theorem_table


def add_commands(commands: Any) -> None:
    """Add `methods`, `data` and `verify` to argparse's subparsers."""
    one = commands.add_parser("methods", help="list the methods, or print one record in full")
    one.add_argument("method", nargs="?", metavar="NAME", help="one to print in full, also such as snip-random")
    one.set_defaults(run=run_methods)
    as_json(one)
    one = commands.add_parser("data", help="list the data sets")
    one.add_argument("--data-dir", type=Path, help="look here first")
    one.set_defaults(run=run_data)
    as_json(one)
    one = commands.add_parser("verify", help="check the theorems")
    one.add_argument("theorem", nargs="*", metavar="NAME", help="a theorem (default: all of them)")
    one.set_defaults(run=run_verify)
    as_json(one)


def run_methods(arguments: argparse.Namespace) -> None:
    """Print all records as a table, or one record in full."""
    records = [*METHODS.values()] if arguments.method is None else [method(arguments.method)]
    in_full = arguments.method is not None and not arguments.json
    print(method_page(records[0]) if in_full else method_table(records, as_json=arguments.json))


def run_data(arguments: argparse.Namespace) -> None:
    """Search for the data sets and print where each was found."""
    print(source_table(sources(arguments.data_dir), as_json=arguments.json))


def run_verify(arguments: argparse.Namespace) -> int:
    """Enumerate, count or measure what each theorem says and print the table of proofs/; 1 if one does not hold."""
    names = arguments.theorem or list(THEOREMS)
    for name in names:
        check_choice("theorem", name, THEOREMS, "proofs/README.md lists all")
    found = []
    with progress_bar(len(names), "theorem", hidden=not on_terminal(arguments)) as bar:
        for name in names:
            bar.set_postfix_str(name)
            start = perf_counter()
            found.append((THEOREMS[name], THEOREMS[name].check(), perf_counter() - start))
            bar.update()
    if arguments.json:
        rows = [
            {"name": theorem.name, "source": theorem.source, "statement": theorem.statement, "how": theorem.how,
             "paper_held": theorem.held, "cases": counted.cases,
             "deviation": None if isnan(counted.deviation) else counted.deviation,  # JSON has no NaN
             "tolerance": theorem.tolerance, "holds": counted.deviation <= theorem.tolerance, "seconds": seconds}
            for theorem, counted, seconds in found
        ]  # fmt: skip
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(theorem_table(found))
    return 0 if all(counted.deviation <= theorem.tolerance for theorem, counted, _ in found) else 1
