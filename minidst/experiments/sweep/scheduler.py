"""Run all unfinished trials of a study on a pool of workers, and estimate beforehand how long that takes."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import replace
from itertools import islice
from time import perf_counter, sleep
from typing import Any

import numpy as np

from ...training.loop import train
from .executors import Pool
from .results import Results
from .settings import Settings
from .study import Study
from .trial import Trial, failure_row, load_samples

PAUSE = 0.5  # seconds between two looks at what other processes do


def sweep(study: Study, results: Results, pool: Pool, progress: Callable[[int], None] | None = None) -> None:
    """Run every trial that is not in the results yet and write its row; return when all trials are finished.

    Several processes may run the same study into the same file: no trial is run twice, and each process waits for the
    trials of the others, to take over those of a killed one. progress: called whenever the number of finished changes.
    """
    trials = study.trials
    keys = {trial.key for trial in trials}
    running: dict[Future[dict[str, Any]], Trial] = {}
    done = -1
    while True:
        finished = len(keys & results.finished().keys())
        if progress and finished != done:
            progress(finished)
        done = finished
        if done == len(keys):
            return
        while len(running) < pool.capacity() and (trial := results.claim(trials)):
            running[pool.submit(trial)] = trial
        if not running:
            sleep(PAUSE)
            continue
        ended, _ = wait(running, timeout=PAUSE, return_when=FIRST_COMPLETED)
        lost = [trial for future in ended if not _recorded(future, trial := running.pop(future), results)]
        if lost:  # a worker died, which breaks the whole pool
            wait(running)
            lost += [trial for future, trial in running.items() if not _recorded(future, trial, results)]
            running.clear()
            for trial in lost:
                results.record(trial, _run_alone(pool, trial))


def _recorded(future: Future[dict[str, Any]], trial: Trial, results: Results) -> bool:
    """Write the row of a trial that has ended; False if its worker died, or another one of the same pool."""
    try:
        row = future.result()
    except BrokenExecutor:
        return False
    except CancelledError:
        raise ValueError("the workers are gone; start the cluster again, and run the same line") from None
    except Exception as error:  # raised by the pool, because run_trial catches its own
        row = failure_row(error)
    results.record(trial, row)
    return True


def _run_alone(pool: Pool, trial: Trial) -> dict[str, Any]:
    """Repeat a trial that was running when a worker died: alone, so that only it can be the cause of another death."""
    pool.restart()
    try:
        return pool.submit(trial).result()
    except BrokenExecutor:
        pool.restart()
        return {**failure_row(RuntimeError()), "error": "its worker process died, perhaps for want of memory"}


def estimate(study: Study, workers: int, probes: int = 12) -> float:
    """Seconds that the study takes with that many workers, from some evenly spread cells; wrong if the load changes."""
    spread = np.unique(np.linspace(0, len(study.cells) - 1, min(probes, len(study.cells))).round().astype(int))
    seconds = [min(_seconds_of(study.cells[i]) for _ in range(2)) for i in spread]  # the first may compile kernels
    return float(np.mean(seconds)) * len(study.cells) * len(study.seeds) / workers


def _seconds_of(settings: Settings, steps: int = 13, every: int = 4, samples: int = 1000) -> float:
    """Seconds of one trial, from 13 steps with updates at 4, 8 and 12, and an evaluation on 1000 samples."""
    data = load_samples(settings.data, settings.path, settings.samples)
    T = settings.steps(data)
    record = settings.record(T)
    exchanges = record.dynamic and record.update is None and record.prune is not None
    schedule = replace(record.schedule, every=every, until=1.0) if exchanges else record.schedule
    quick = replace(record, rounds=(), schedule=schedule)
    net = settings.network(data, seed=0)
    start = perf_counter()
    _, *timed = islice(train(net, data, quick, settings.config), steps)
    preparing = perf_counter() - start - sum(step.seconds for step in timed)
    plain = [step.seconds for step in timed if not step.considered] or [0.0]
    updating = [step.seconds for step in timed if step.considered] or [0.0]
    start = perf_counter()
    net.evaluate(data.x_test[:samples], data.y_test[:samples])
    evaluating = (perf_counter() - start) * max(1, len(data.x_test) / samples)
    period = record.schedule.every if record.schedule.every != "epoch" else T // settings.epochs
    updates = int(record.schedule.until * T / int(period)) if exchanges else 0
    training = (T - updates) * float(np.median(plain)) + updates * min(updating) + settings.epochs * evaluating
    return preparing + training * max(1, len(record.rounds))
