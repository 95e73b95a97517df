"""The executors that run trials, the scheduler that hands them out, and an estimate of how long a study takes."""

import signal
import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from time import perf_counter, sleep
from typing import Any, cast

import numpy as np

from ..._support.version import __version__
from ...kernels.threads import threads
from ...training.loop import train
from .results import Results
from .settings import Settings
from .study import Study
from .trial import Trial, failure_row, load_samples, run_trial

PATIENCE = 20  # seconds to wait for a Dask scheduler
PAUSE = 0.5  # seconds between two looks at what other processes do


class Pool:
    """Workers that run trials. A subclass sets `_executor`, which has the methods of `concurrent.futures.Executor`."""

    _executor: Any
    workers = 1

    def capacity(self) -> int:
        """How many trials can run at present."""
        return self.workers

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Start a trial as soon as a worker is idle; the future gives its row."""
        return cast("Future[dict[str, Any]]", self._executor.submit(run_trial, trial))

    def restart(self) -> None:
        """Replace the workers after one has died, where the executor does not do so itself."""

    def close(self) -> None:
        """Release the workers and drop all unfinished trials."""
        self._executor.shutdown(cancel_futures=True)


class Here(Pool):
    """This process: one trial at a time, for debuggers and tests. `close` waits for the trial that is running."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1)


class Local(Pool):
    """Worker processes on this machine, one thread each: joblib's loky, which starts processes without fork."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers {workers} must be at least 1; this machine's cores are a good number")
        self.workers = workers
        self._start()

    def restart(self) -> None:
        """Replace all workers."""
        self.close()
        self._start()

    def close(self) -> None:
        """Kill the workers and drop all unfinished trials."""
        self._executor.shutdown(wait=True, kill_workers=True)

    def _start(self) -> None:
        from joblib.externals.loky import ProcessPoolExecutor  # imported here because no other command needs it

        # loky replaces a worker whose memory has grown, for example by a data set: nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        self._executor = ProcessPoolExecutor(self.workers, env=one, initializer=_start_worker)


class Cluster(Pool):
    """The workers of a Dask cluster, which may join and leave; Dask gives the trial of a dead worker to another. Raises
    ValueError if no scheduler answers at the address, or if a worker has another version of minidst.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError(f"--dask {address!r} needs Dask, which is not installed: "
                             "pip install 'minidst[distributed]'") from None  # fmt: skip
        try:
            self._client: Any = cast(Any, Client)(address, timeout=PATIENCE)
            found = set(self._client.run(_version).values())
        except (OSError, ValueError, ImportError) as error:
            reason = str(error) or type(error).__name__
            raise ValueError(f"no Dask scheduler with minidst at {address!r}: {reason}; start one") from None
        if found - {__version__}:
            self._client.close()
            raise ValueError(f"Dask workers have minidst {', '.join(sorted(found))} and here is {__version__}; "
                             "install the same everywhere")  # fmt: skip
        self._executor = self._client.get_executor(pure=False)

    def capacity(self) -> int:
        """The number of worker threads at present, at least 1."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def close(self) -> None:
        """Disconnect from the cluster and forget the trials that are running there."""
        self._executor.shutdown(wait=False)
        self._client.close()


def _start_worker() -> None:
    """Ignore Ctrl-C, which the parent process handles, and use one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads(1)


def _version() -> str:
    return __version__


def sweep(study: Study, results: Results, pool: Pool, progress: Callable[[int], None] | None = None) -> None:
    """Run every trial that is not in the results yet and write its row; return when all trials are finished.

    Several processes may run the same study into the same file: no trial is run twice, and each process waits for the
    trials of the others, to take over those of a killed one. progress: called whenever the number of finished changes.
    """
    trials = study.trials
    keys = {trial.key for trial in trials}
    running: dict[Future[dict[str, Any]], Trial] = {}
    told = None
    while (finished := len(keys & results.finished().keys())) < len(keys):
        if progress and finished != told:
            progress(finished)
        told = finished
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
    if progress:
        progress(finished)


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
