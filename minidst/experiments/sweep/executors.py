"""Executors: where the trials of a sweep run, in worker processes, in this process, or on a Dask cluster."""

import signal
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

from ..._support.version import __version__
from ...kernels.threads import threads
from .trial import Trial, run_trial

PATIENCE = 20  # seconds to wait for a Dask scheduler


class Pool:
    """Workers that run trials. A subclass sets `_executor`, which has the methods of `concurrent.futures.Executor`."""

    _executor: Any
    workers = 1

    def capacity(self) -> int:
        """How many trials can run at present."""
        return self.workers

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Start a trial as soon as a worker is idle; the future gives its row."""
        future: Future[dict[str, Any]] = self._executor.submit(run_trial, trial)
        return future

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
    """The workers of a Dask cluster, which may join and leave. Dask gives the trial of a dead worker to another.

    address: of the scheduler. Raises ValueError if it does not answer, or if a worker has another version of minidst.
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
