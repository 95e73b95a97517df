"""Draw up the results of a sweep: tables, ranks and pictures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from textwrap import wrap
from typing import Any

from matplotlib.figure import Figure

from .._support.atomic_write import atomic_write, check_writable
from ..experiments.report import (
    Ranks,
    Report,
    as_csv,
    as_latex,
    as_text,
    critical_difference,
    curves,
    front,
    ranked,
    read,
    similarity,
)
from ..experiments.report.grouped import X
from ..plots import save
from .options import as_json


def options(parser: argparse.ArgumentParser) -> None:
    """The results, and what becomes of them where."""
    parser.add_argument("results", type=Path, metavar="FILE", help="what `minidst sweep` wrote")
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="for what is drawn (default: here)")
    parser.add_argument("--format", default="png", choices=["png", "svg"], help="of pictures (default: %(default)s)")
    parser.add_argument("--split", type=float, metavar="D", help="rank densities up to D and above it apart as well")
    as_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the table and the ranks, write the rest beside each other."""
    report = read(arguments.results)
    stem = arguments.results.stem
    check_writable(arguments.out / f"{stem}.csv")
    ranks = _ranks(report, arguments.split)
    written = []
    for suffix, text in ((".csv", as_csv(report)), (".tex", as_latex(report))):
        path = arguments.out / (stem + suffix)
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(path)
    for name, draw in _pictures(report, ranks).items():
        figure = draw()
        if figure is not None:
            path = arguments.out / f"{stem}-{name}.{arguments.format}"
            save(figure, path)
            written.append(path)
    if arguments.json:
        print(json.dumps(_plain(report, ranks, written), indent=2, ensure_ascii=False))
        return
    print(f"{report.name}: {report.origin}\n\n{as_text(report)}\n")
    for heading, found in ranks.items():
        print(*wrap(_sentence(heading, found), 80), sep="\n")
    for reason, count in report.failures.items():
        print(*wrap(f"{count} failed: {reason}", 80, subsequent_indent="  "), sep="\n")
    paths = "written: " + " ".join(map(str, written))
    print(*wrap(paths, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False), sep="\n")


def _pictures(report: Report, ranks: dict[str, Ranks]) -> dict[str, Callable[[], Figure | None]]:
    """Name → what draws it, of those that these results have something for."""
    found: dict[str, Callable[[], Figure | None]] = {}
    for x in (name for name in X if name in report.varied):
        for y in ("score", "itop", "jaccard"):
            if any(cell.values(y).size for cell in report.cells):
                found[f"{y}-{x}"] = lambda x=x, y=y: curves(report, x, y)  # type: ignore[misc]
    if ranks:
        found["ranks"] = lambda: critical_difference(report, ranks)
    found["similarity"] = lambda: similarity(report)
    found["front"] = lambda: front(report)
    return found


def _ranks(report: Report, split: float | None) -> dict[str, Ranks]:
    """Heading → ranks: over all blocks, and if asked for over those of low and of high density."""
    parts: dict[str, Callable[[dict[str, Any]], bool]] = {"all blocks": lambda block: True}
    if split is not None:
        if "density" not in report.varied:
            raise ValueError(f"--split {split:g} needs results at several densities, and here is one; leave it out")
        parts[f"density ≤ {split:g}"] = lambda block: (block["density"] or 1.0) <= split
        parts[f"density > {split:g}"] = lambda block: (block["density"] or 1.0) > split
    return {heading: found for heading, where in parts.items() if (found := ranked(report, where)) is not None}


def _sentence(heading: str, found: Ranks) -> str:
    order = ", ".join(f"{name} {rank:.2f}" for name, rank in zip(found.names, found.ranks, strict=True))
    left_out = f", {found.incomplete} incomplete left out" if found.incomplete else ""
    return (f"average ranks over {heading} ({found.blocks}{left_out}): {order}; Friedman p = {found.p:.2g}; told apart "
            f"at 5 % from a difference of {found.critical:.2f}.")  # fmt: skip


def _plain(report: Report, ranks: dict[str, Ranks], written: list[Path]) -> dict[str, Any]:
    """Numbers and strings, ready for JSON."""
    cells = [{"settings": cell.settings, "scores": cell.values("score").tolist(), "failed": cell.failed,
              **{name: None if not cell.values(name).size else cell.mean(name)
                 for name in ("score", "connections", "bytes", "seconds", "itop", "jaccard", "sampled")}}
             for cell in report.cells]  # fmt: skip
    plain = {heading: {**vars(found), "p": found.p if found.p == found.p else None} for heading, found in ranks.items()}
    return {"study": report.name, "origin": report.origin, "cells": cells, "ranks": plain, "failures": report.failures,
            "written": [str(path) for path in written]}  # fmt: skip
