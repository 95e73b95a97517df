"""Check the theorems: enumerate, count or measure what each closed form says, and print the table of proofs/."""

from __future__ import annotations

import argparse
import json
from time import perf_counter

from .._support.progress_bar import progress_bar
from .._support.validation import check_choice
from ..verify import THEOREMS
from .options import as_json, on_terminal
from .tables import theorem_table


def options(parser: argparse.ArgumentParser) -> None:
    """Which theorems."""
    parser.add_argument("theorem", nargs="*", metavar="NAME", help="a theorem (default: all of them)")
    as_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """1 if one of them does not hold."""
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
    held = all(counted.deviation <= theorem.tolerance for theorem, counted, _ in found)
    if arguments.json:
        rows = [
            {"name": theorem.name, "source": theorem.source, "statement": theorem.statement, "how": theorem.how,
             "paper_held": theorem.held, "cases": counted.cases, "deviation": counted.deviation,
             "tolerance": theorem.tolerance, "holds": counted.deviation <= theorem.tolerance, "seconds": seconds}
            for theorem, counted, seconds in found
        ]  # fmt: skip
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(theorem_table(found))
    return 0 if held else 1
