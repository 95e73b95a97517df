"""The pools: where the runs of a sweep are computed. Each hands out futures, and knows how many it has room for."""

from __future__ import annotations

import signal
import warnings
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, Protocol, cast

from ..._support.version import __version__
from ...kernels.threads import threads
from .trial import Trial, measure

PATIENCE = 20  # seconds to wait for a scheduler


class Pool(Protocol):
    """Something that computes runs."""

    def room(self) -> int:
        """How many runs it can be at, at the moment."""
        ...

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Begin a run; the future gives its row."""
        ...

    def restart(self) -> None:
        """Make it whole again after a worker has died."""
        ...

    def close(self) -> None:
        """Drop what is not finished."""
        ...


class Local:
    """So many worker processes on this machine, one thread each: joblib's loky, which starts them anew, not by fork."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers {workers} must be at least 1; this machine's cores are a good number")
        self.workers = workers
        self._executor = self._started()

    def room(self) -> int:
        """The number of workers."""
        return self.workers

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Hand it to the next idle worker."""
        future: Future[dict[str, Any]] = self._executor.submit(measure, trial)
        return future

    def restart(self) -> None:
        """New workers in place of all."""
        self.close()
        self._executor = self._started()

    def close(self) -> None:
        """Stop the workers, whatever they are at."""
        self._executor.shutdown(wait=True, kill_workers=True)

    def _started(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor  # here, for no other command has a use for it

        # A worker whose memory has grown, say by a data set, is replaced by a new one: nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        return ProcessPoolExecutor(self.workers, env=one, initializer=_alone)


class Here:
    """This process: one run at a time, for debuggers and tests."""

    def __init__(self) -> None:
        self._executor: Executor = ThreadPoolExecutor(1)

    def room(self) -> int:
        """One."""
        return 1

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Run it when those before it are done."""
        return self._executor.submit(measure, trial)

    def restart(self) -> None:
        """Nothing to do: if this process dies, so does the sweep."""

    def close(self) -> None:
        """Wait for the run under way, and drop the others."""
        self._executor.shutdown(cancel_futures=True)


class Cluster:
    """The workers of a Dask cluster, as many as there are at the time. A run whose worker dies is given to another.

    address: of the scheduler. Raises ValueError if it does not answer, or a worker has another version of minidst.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError(
                f"--dask {address!r} needs Dask, which is not installed: pip install 'minidst[distributed]'"
            ) from None
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

    def room(self) -> int:
        """As many as there are threads of workers at the moment."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def submit(self, trial: Trial) -> Future[dict[str, Any]]:
        """Leave it to the scheduler."""
        future: Future[dict[str, Any]] = self._executor.submit(measure, trial)
        return future

    def restart(self) -> None:
        """Nothing to do: the scheduler gives the run to another worker."""

    def close(self) -> None:
        """Leave the cluster, and what it is at to be forgotten."""
        self._executor.shutdown(wait=False)
        self._client.close()


def _alone() -> None:
    """What a worker does first: Ctrl-C is its parent's business, and there is one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads(1)


def _version() -> str:
    return __version__
