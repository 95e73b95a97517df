"""Peak memory of one training run, measured in a process of its own: `python -m minidst.bench.one_run JSON`.

The JSON is a Workload. It prints one line of JSON with the peaks of building and training the network: resident pages,
beyond those held after importing and compiling, and Python's allocator, in a run of its own as tracemalloc is slow.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..dst import Constant, Method, method, textbook_gradient
from ..kernels import memory
from ..kernels.threads import threads
from ..models.mlp import mlp
from ..nn import Network
from ..training.config import Config
from ..training.loop import Step, train

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Workload:
    """What to train: on `steps` batches of noise, with a topology update every `every` steps.

    textbook: growth writes out the n_out × n_in gradient; traced: whether to run it once more under tracemalloc.
    """

    sizes: tuple[int, ...]
    connections: int
    method: str
    batch: int = 32
    steps: int = 6
    every: int = 3
    textbook: bool = False
    traced: bool = True
    threads: int = 1

    @property
    def dense_bytes(self) -> int:
        """Σ n_out·n_in·4."""
        return 4 * sum(n_in * n_out for n_in, n_out in pairwise(self.sizes))

    def record(self) -> Method:
        """The method with this schedule."""
        record = method(self.method)
        if self.textbook:
            record = replace(record, score=textbook_gradient)
        return replace(record, schedule=Constant(0.3, self.every, 1.0)) if record.dynamic else record

    def noise(self) -> Dataset:
        """As many random samples as the steps need."""
        n = self.steps * self.batch
        x = np.random.default_rng(0).standard_normal((n, self.sizes[0]), np.float32)
        return Dataset(x, np.arange(n) % 10, x[:1], np.zeros(1, np.int64), 10, "noise")

    def train(self, data: Dataset) -> Iterator[tuple[Network, Step | None]]:
        """The network, first with None when it has been built, then with the Step after each of its steps."""
        record = self.record()
        net = mlp(self.sizes, density=min(1.0, 4 * self.connections / self.dense_bytes), method=record)
        yield net, None
        for step in train(net, data, record, Config(epochs=1, batch=self.batch, lr=0.01)):
            yield net, step


def in_a_fresh_process(run: Workload) -> dict[str, Any]:
    """What `main` prints for this run. Raises ValueError with the last line of stderr if the process fails."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "minidst.bench.one_run", json.dumps(asdict(run))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}, as if out of memory"])[-1]
        raise ValueError(f"a run of {run.method} on {'-'.join(map(str, run.sizes))} failed: {reason}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def main(argument: str) -> None:
    """Run it and print what was measured."""
    given = json.loads(argument)
    run = Workload(**{**given, "sizes": tuple(given["sizes"])})
    threads(run.threads)
    small = replace(run, sizes=(8, 40, 40, 10), connections=900)
    list(small.train(small.noise()))  # compiles all kernels, or loads them
    data = run.noise()
    before = fresh_start()
    seconds = [step.seconds for _, step in run.train(data) if step]
    peak = resident_peak()
    resident = peak - before if peak is not None and before is not None else None
    times = {"seconds_per_step": float(np.median(seconds)), "seconds": sum(seconds)}
    measured = {"resident_bytes": resident, "process_bytes": peak, **times}
    print(json.dumps(measured | (traced(run, data) if run.traced else {})))


def traced(run: Workload, data: Dataset) -> dict[str, int | dict[str, int]]:
    """Peaks of Python's allocator, in all and of the steps alone; and the bytes that the network reports."""
    gc.collect()
    memory.clear()
    tracemalloc.start()
    whole = training = 0
    for net, step in run.train(data):
        peak = tracemalloc.get_traced_memory()[1]
        whole, training = max(whole, peak), max(training, peak) if step else training
        tracemalloc.reset_peak()
        reported = net.memory_bytes()
    tracemalloc.stop()
    return {"traced_bytes": whole, "training_bytes": training, "reported": reported}


def fresh_start() -> int | None:
    """Release what compiling has left and reset the peak; resident bytes, or None if unknown.

    On Linux; elsewhere the peak of the process cannot be reset, and the peak so far is returned.
    """
    gc.collect()
    memory.clear()
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)  # of glibc; other libraries release memory by themselves
            Path("/proc/self/clear_refs").write_text("5")
    now = _status("VmRSS")
    return resident_peak() if now is None else now


def resident_peak() -> int | None:
    """Most resident bytes of this process at any time since its fresh start; None if unknown."""
    peak = _status("VmHWM")
    if peak is not None or resource is None:
        return peak
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _status(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)


if __name__ == "__main__":
    main(sys.argv[1])
