"""Commands for studies: `minidst sweep` runs one, `minidst report` makes tables and pictures of its results."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

from matplotlib.figure import Figure
from tqdm import tqdm

from .._support.atomic_write import atomic_write, check_writable
from ..experiments import report as reports
from ..experiments.report import Ranks, Report
from ..experiments.sweep import Cluster, Local, Pool, Results, Study, estimate, find, load_study, shipped, sweep
from ..plots import save
from .options import as_json, on_terminal
from .tables import study_table


def add_commands(commands: Any) -> None:
    """Add `sweep` and `report` to argparse's subparsers."""
    one = commands.add_parser("sweep", help="run a study, every method and setting with every seed")
    one.set_defaults(run=run_sweep)
    one.add_argument("study", nargs="?", metavar="STUDY", help="a TOML file, or a name from --list")
    one.add_argument("--list", action="store_true", help="list the studies that come with minidst, and end")
    one.add_argument("--full", action="store_true", help="the study's full size, as its [full] part has it")
    one.add_argument("--estimate", action="store_true", help="only say how long it would take")
    one.add_argument("--only", action="append", default=[], metavar="KEY=VALUE", help="a part, such as data=digits")
    one.add_argument("--out", type=Path, metavar="FILE", help="the results (default: minidst-STUDY.sqlite here)")
    one.add_argument("--retry", action="store_true", help="run again what is there as a failure")
    one.add_argument("--workers", type=int, metavar="N", help="processes, of one thread each (default: one a core)")
    one.add_argument("--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there")
    as_json(one)
    one = commands.add_parser("report", help="draw up the results of a sweep")
    one.set_defaults(run=run_report)
    one.add_argument("results", type=Path, metavar="FILE", help="what `minidst sweep` wrote")
    one.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="for what is drawn (default: here)")
    one.add_argument("--format", default="png", choices=["png", "svg"], help="of pictures (default: %(default)s)")
    one.add_argument("--split", type=float, metavar="D", help="rank densities up to D and above it apart as well")
    as_json(one)


def run_sweep(arguments: argparse.Namespace) -> int:
    """Run what is left of a study, every finished run being kept; 1 if a run failed."""
    if arguments.list:
        if arguments.study is not None:
            raise ValueError(f"--list lists all studies, and {arguments.study!r} is one; leave out one of the two")
        print(study_table([load_study(path) for path in shipped().values()], as_json=arguments.json))
        return 0
    if arguments.study is None:
        raise ValueError("which study? Give a TOML file or a name from `minidst sweep --list`")
    if arguments.dask and arguments.workers is not None:
        raise ValueError(f"--workers {arguments.workers} says nothing with --dask, whose cluster has its own; drop one")
    study = load_study(find(arguments.study), full=arguments.full).only(arguments.only)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = workers if arguments.workers is None else arguments.workers
    if arguments.estimate or (arguments.full and not arguments.json):
        _print_estimate(study, workers)
        if arguments.estimate:
            return 0
    out = arguments.out or Path(f"minidst-{study.name}{'-full' if arguments.full else ''}.sqlite")
    pool: Pool = Cluster(arguments.dask) if arguments.dask else Local(workers)
    with closing(pool), Results(out) as results:
        if arguments.retry:
            results.forget_failures(study.trials)
        return _run_study(study, results, pool, arguments)


def _print_estimate(study: Study, workers: int) -> None:
    if workers < 1:
        raise ValueError(f"workers {workers} must be at least 1")
    seconds = estimate(study, workers)
    took = timedelta(seconds=60 * max(1, round(seconds / 60)))
    print(f"{study.name}: {len(study.trials):,} runs ({len(study.cells)} settings × {len(study.seeds)} seeds), about "
          f"{str(took)[:-3]} hours with {workers} worker{'s' if workers > 1 else ''}")  # fmt: skip


def _run_study(study: Study, results: Results, pool: Pool, arguments: argparse.Namespace) -> int:
    runs, there, hidden = len(study.trials), results.finished(), not on_terminal(arguments)
    before = sum(trial.key in there for trial in study.trials)  # not counted by the bar's estimate of the time left
    with tqdm(total=runs, initial=before, desc=study.name, unit="run", disable=hidden, leave=False) as bar:
        try:
            sweep(study, results, pool, lambda finished: bar.update(finished - bar.n))
        except KeyboardInterrupt:
            kept = str(results.path)
            raise KeyboardInterrupt(f"interrupted, what is finished is in {kept!r}; the same line goes on") from None
    finished = results.finished()
    failures = [reason for trial in study.trials if (reason := finished.get(trial.key)) is not None]
    if arguments.json:
        print(json.dumps({"study": study.name, "runs": runs, "failed": len(failures), "results": str(results.path)}))
    else:
        print(f"{study.name}: {runs:,} runs, {len(failures)} failed: {results.path}")
        for reason in dict.fromkeys(failures):
            print(*wrap(f"failed: {reason}", 80, subsequent_indent="  "), sep="\n")
        print(f"next: minidst report {results.path}")
    return 1 if failures else 0


def run_report(arguments: argparse.Namespace) -> None:
    """Print the table and the ranks; write CSV, LaTeX and pictures."""
    report = reports.read(arguments.results)
    stem = arguments.results.stem
    check_writable(arguments.out / f"{stem}.csv")
    ranks = _ranks(report, arguments.split)
    written = []
    for suffix, text in ((".csv", reports.as_csv(report)), (".tex", reports.as_latex(report))):
        written.append(arguments.out / (stem + suffix))
        with atomic_write(written[-1]) as temporary:
            temporary.write_text(text, encoding="utf-8")
    for name, draw in _pictures(report, ranks).items():
        if (figure := draw()) is not None:
            written.append(arguments.out / f"{stem}-{name}.{arguments.format}")
            save(figure, written[-1])
    if arguments.json:
        print(json.dumps(_plain(report, ranks, written), indent=2, ensure_ascii=False))
        return
    print(f"{report.name}: {report.origin}\n\n{reports.as_text(report)}\n")
    for heading, found in ranks.items():
        print(*wrap(_sentence(heading, found), 80), sep="\n")
    for reason, count in report.failures.items():
        print(*wrap(f"{count} failed: {reason}", 80, subsequent_indent="  "), sep="\n")
    paths = "written: " + " ".join(map(str, written))
    print(*wrap(paths, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False), sep="\n")


def _pictures(report: Report, ranks: dict[str, Ranks]) -> dict[str, Callable[[], Figure | None]]:
    """Name → the function that draws it, or returns None if these results have too little to draw."""
    found: dict[str, Callable[[], Figure | None]] = {}
    for x in (name for name in reports.grouped.X if name in report.varied):
        for y in ("score", "itop", "jaccard"):
            if any(cell.values(y).size for cell in report.cells):
                found[f"{y}-{x}"] = lambda x=x, y=y: reports.curves(report, x, y)  # type: ignore[misc]
    if ranks:
        found["ranks"] = lambda: reports.critical_difference(report, ranks)
    return found | {"similarity": lambda: reports.similarity(report), "front": lambda: reports.front(report)}


def _ranks(report: Report, split: float | None) -> dict[str, Ranks]:
    """Heading → ranks over all blocks, and with `split` over those of low and of high density."""
    parts: dict[str, Callable[[dict[str, Any]], bool]] = {"all blocks": lambda block: True}
    if split is not None:
        if "density" not in report.varied:
            raise ValueError(f"--split {split:g} needs results at several densities, and here is one; leave it out")
        parts[f"density ≤ {split:g}"] = lambda block: (block["density"] or 1.0) <= split
        parts[f"density > {split:g}"] = lambda block: (block["density"] or 1.0) > split
    return {heading: found for heading, where in parts.items() if (found := reports.ranked(report, where)) is not None}


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
