"""The work: all runs of a study that are not finished yet, one after the other to whoever has room."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from time import sleep
from typing import Any

from .executors import Pool
from .results import Results
from .study import Study
from .trial import Trial, failed

PAUSE = 0.5  # seconds between two looks at what other processes do


def sweep(study: Study, results: Results, pool: Pool, progress: Callable[[int], None] | None = None) -> None:
    """Run what is not in the results yet, and write a row for each; returns when all runs are finished.

    Another process may be at the same study and file: no run is done twice, and this one waits for what the other is
    at, to take it over should the other be killed. progress: told how many runs are finished, whenever that changes.
    """
    trials = study.trials
    keys = {trial.key for trial in trials}
    waiting: dict[Future[dict[str, Any]], Trial] = {}
    done = -1
    while True:
        finished = len(keys & results.finished().keys())
        if progress and finished != done:
            progress(finished)
        done = finished
        if done == len(keys):
            return
        while len(waiting) < pool.room() and (trial := results.claim(trials)):
            waiting[pool.submit(trial)] = trial
        if not waiting:
            sleep(PAUSE)
            continue
        ended, _ = wait(waiting, timeout=PAUSE, return_when=FIRST_COMPLETED)
        lost = [trial for future in ended if not _recorded(future, trial := waiting.pop(future), results)]
        if lost:  # a worker died, and with it the pool
            wait(waiting)
            lost += [trial for future, trial in waiting.items() if not _recorded(future, trial, results)]
            waiting.clear()
            for trial in lost:
                results.record(trial, _once_more(pool, trial))


def _recorded(future: Future[dict[str, Any]], trial: Trial, results: Results) -> bool:
    """Write the row of a run that has ended; False if its worker died, or another's in the same pool."""
    try:
        row = future.result()
    except BrokenExecutor:
        return False
    except CancelledError:
        raise ValueError("the workers are gone; start the cluster again, and run the same line") from None
    except Exception as error:  # of the pool, for `measure` lets none out
        row = failed(error)
    results.record(trial, row)
    return True


def _once_more(pool: Pool, trial: Trial) -> dict[str, Any]:
    """The row of a run that was under way when a worker died: alone now, so that a death is its own."""
    pool.restart()
    try:
        return pool.submit(trial).result()
    except BrokenExecutor:
        pool.restart()
        return {**failed(RuntimeError()), "error": "its worker process died, perhaps for want of memory"}
