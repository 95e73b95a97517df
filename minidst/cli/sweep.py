"""Run a study, every method and setting with every seed: each finished run is kept, so that it can be stopped."""

from __future__ import annotations

import argparse
import json
import os
from datetime import timedelta
from pathlib import Path
from textwrap import wrap

from tqdm import tqdm

from ..experiments.sweep import Cluster, Local, Pool, Results, Study, estimate, find, load_study, shipped, sweep
from .options import as_json, on_terminal
from .tables import study_table


def options(parser: argparse.ArgumentParser) -> None:
    """Which study, how much of it, where, and by whom."""
    parser.add_argument("study", nargs="?", metavar="STUDY", help="a TOML file, or a name from --list")
    parser.add_argument("--list", action="store_true", help="list the studies that come with minidst, and end")
    parser.add_argument("--full", action="store_true", help="the study's full size, as its [full] part has it")
    parser.add_argument("--estimate", action="store_true", help="only say how long it would take")
    parser.add_argument("--only", action="append", default=[], metavar="KEY=VALUE", help="a part, such as data=digits")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the results (default: minidst-STUDY.sqlite here)")
    parser.add_argument("--retry", action="store_true", help="run again what is there as a failure")
    parser.add_argument("--workers", type=int, metavar="N", help="processes, of one thread each (default: one a core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there")
    as_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """1 if a run failed."""
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
        _tell_estimate(study, workers)
        if arguments.estimate:
            return 0
    out = arguments.out or Path(f"minidst-{study.name}{'-full' if arguments.full else ''}.sqlite")
    pool: Pool = Cluster(arguments.dask) if arguments.dask else Local(workers)
    try:
        with Results(out) as results:
            if arguments.retry:
                results.forget_failures(study.trials)
            return _swept(study, results, pool, arguments)
    finally:
        pool.close()


def _swept(study: Study, results: Results, pool: Pool, arguments: argparse.Namespace) -> int:
    runs, there = len(study.trials), results.finished()
    before = sum(trial.key in there for trial in study.trials)  # says nothing of the time that is left
    hidden = not on_terminal(arguments)
    with tqdm(total=runs, initial=before, desc=study.name, unit="run", disable=hidden, leave=False) as bar:

        def progress(finished: int) -> None:
            bar.update(finished - bar.n)

        try:
            sweep(study, results, pool, progress)
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


def _tell_estimate(study: Study, workers: int) -> None:
    if workers < 1:
        raise ValueError(f"workers {workers} must be at least 1")
    seconds = estimate(study, workers)
    took = timedelta(seconds=60 * max(1, round(seconds / 60)))
    print(f"{study.name}: {len(study.trials):,} runs ({len(study.cells)} settings × {len(study.seeds)} seeds), about "
          f"{str(took)[:-3]} hours with {workers} worker{'s' if workers > 1 else ''}")  # fmt: skip
