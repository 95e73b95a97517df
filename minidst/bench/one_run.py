"""`python -m minidst.bench.one_run JSON`: train one network in a process of its own and say what memory it took.

The JSON is a Run; what is printed is a line of JSON: the peaks of the whole run, building the network included, once as
the system sees them (resident pages, beyond those of a process that has imported and compiled everything) and once as
Python's allocator does (tracemalloc, which slows a run down and so has one of its own).
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


def in_a_fresh_process(run: Workload) -> dict[str, Any]:
    """What `main` prints for this run. Raises ValueError with the last line of its complaint if it fails."""
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "minidst.bench.one_run", json.dumps(asdict(run))],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": paths},
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}, as if out of memory"])[-1]
        raise ValueError(f"a run of {run.method} on {'-'.join(map(str, run.sizes))} failed: {reason}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def main(argument: str) -> None:
    """Run it, and print what it took."""
    given = json.loads(argument)
    run = Workload(**{**given, "sizes": tuple(given["sizes"])})
    threads(run.threads)
    small = replace(run, sizes=(8, 40, 40, 10), connections=900)
    for _ in steps(small, noise(small)):  # compiles, or loads what has been compiled
        pass
    data = noise(run)
    before = fresh_start()
    seconds = [step.seconds for _, step in steps(run, data) if step]
    peak = resident_peak()
    measured: dict[str, Any] = {
        "resident_bytes": peak - before if peak is not None and before is not None else None,
        "process_bytes": peak,
        "seconds_per_step": float(np.median(seconds)),
        "seconds": sum(seconds),
    }
    if run.traced:
        measured |= traced(run, data)
    print(json.dumps(measured))


def traced(run: Workload, data: Dataset) -> dict[str, int | dict[str, int]]:
    """Peaks of Python's allocator: of everything, and of the steps alone; and what the network says it takes."""
    gc.collect()
    memory.clear()
    tracemalloc.start()
    whole = training = 0
    for net, step in steps(run, data):
        peak = tracemalloc.get_traced_memory()[1]
        whole, training = max(whole, peak), max(training, peak) if step else training
        tracemalloc.reset_peak()
        reported = net.memory_bytes()
    tracemalloc.stop()
    return {"traced_bytes": whole, "training_bytes": training, "reported": reported}


def steps(run: Workload, data: Dataset) -> Iterator[tuple[Network, Step | None]]:
    """The network, first with None as it was built, then with the Step after each of its steps."""
    total = run.dense_bytes // 4
    record = run.record()
    net = mlp(run.sizes, density=min(1.0, run.connections / total), method=record)
    yield net, None
    for step in train(net, data, record, Config(epochs=1, batch=run.batch, lr=0.01)):
        yield net, step


def noise(run: Workload) -> Dataset:
    """As many samples as the steps need."""
    n = run.steps * run.batch
    x = np.random.default_rng(0).standard_normal((n, run.sizes[0]), np.float32)
    return Dataset(x, np.arange(n) % 10, x[:1], np.zeros(1, np.int64), 10, "noise")


def fresh_start() -> int | None:
    """Give back what compiling has left, forget the peak so far, and say what is resident; None if nobody knows.

    On Linux; elsewhere the peak of the process so far, which it cannot forget, is all that is known.
    """
    gc.collect()
    memory.clear()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)  # of glibc; others give back by themselves
            Path("/proc/self/clear_refs").write_text("5")
        except (AttributeError, OSError):
            pass
    now = _status("VmRSS")
    return resident_peak() if now is None else now


def resident_peak() -> int | None:
    """The most bytes of this process that were resident at one time since its fresh start."""
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
