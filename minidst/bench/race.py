"""A race: the same operands for all contestants, all timed in turn, so that other load on the machine slows all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from timeit import Timer
from types import ModuleType
from typing import Any

import numpy as np

from ..formats import CSR, Sparse
from ..kernels.arrays import Float
from ..kernels.memory import aligned_copy
from ..models.mlp import sparse_weight

BATCHES = (1, 4, 10, 32, 50, 100, 128, 200, 256, 500, 1000)  # of few samples, round numbers, and powers of two
BURST = 1e-3  # seconds: a shorter call is repeated until it takes as long, or the clock itself would be measured
INDICES = ("int32", "int64")  # of PyTorch's CSR


@dataclass(frozen=True)
class Effort:
    """How long to measure: at least `rounds` rounds and at least `seconds`."""

    rounds: int = 11
    seconds: float = 1.5


FULL, QUICK = Effort(), Effort(3, 0.0)


@dataclass(frozen=True)
class Times:
    """Seconds of one call, one number per round."""

    rounds: Float

    @property
    def median(self) -> float:
        """Of all rounds."""
        return float(np.median(self.rounds))

    @property
    def least(self) -> float:
        """Of all rounds: the time without other load."""
        return float(self.rounds.min())

    def over(self, other: Times) -> float:
        """Median over the rounds of the ratio to `other`: the two calls of a round meet the same load.

        Raises ValueError for times of different races.
        """
        if self.rounds.size != other.rounds.size:
            raise ValueError(f"{self.rounds.size} and {other.rounds.size} rounds: a ratio needs times of one race")
        return float(np.median(self.rounds / other.rounds))


def race(contestants: Mapping[str, Callable[[], Any]], effort: Effort = FULL) -> dict[str, Times]:
    """Time every contestant once per round, each right after an untimed call of its own."""
    timers, calls = {name: Timer(run) for name, run in contestants.items()}, {}
    for name, timer in timers.items():
        timer.timeit(1)  # compiles
        calls[name] = max(1, int(BURST / max(timer.timeit(1), 1e-7)))
    taken: dict[str, list[float]] = {name: [] for name in timers}
    end = perf_counter() + effort.seconds
    while perf_counter() < end or min(map(len, taken.values())) < effort.rounds:
        for name, timer in timers.items():
            timer.timeit(1)  # discarded: in training the caches hold what the step before left, not what a rival did
            taken[name].append(timer.timeit(calls[name]) / calls[name])
    return {name: Times(np.array(seconds)) for name, seconds in taken.items()}


def figures(times: Mapping[str, Times], baseline: str, unit: str = "ms") -> dict[str, float]:
    """For each contestant its median and least time, and its ratio to the baseline. unit: "ms" or "us"."""
    per_second = {"ms": 1e3, "us": 1e6}[unit]
    row: dict[str, float] = {}
    for name, taken in times.items():
        row |= {f"{name}_{unit}": per_second * taken.median, f"{name}_least_{unit}": per_second * taken.least}
        row[f"{name}_ratio"] = taken.over(times[baseline])
    return row


def per_sample(times: Mapping[str, Times], B: int) -> dict[str, float]:
    """Microseconds a sample of each contestant, for a batch of B."""
    return {f"{name}_sample_us": 1e6 * taken.median / B for name, taken in times.items()}


def weight(format: type[Sparse], shape: tuple[int, int], density: float) -> Any:
    """A random graph in that format with He-initialised weights, float32; for Condensed one of constant fan-in."""
    n_out, n_in = shape
    return sparse_weight(format, n_out, n_in, round(density * n_out * n_in), np.random.default_rng(0), np.float32)


def skewed_weight(shape: tuple[int, int], density: float) -> CSR:
    """Rows of equal fan-in whose inputs are drawn by a power law of exponent 2.5."""
    (n_out, n_in), rng = shape, np.random.default_rng(0)
    k = round(density * n_in)
    popularity = 1 + rng.pareto(1.5, n_in)
    cols = np.concatenate([np.sort(rng.choice(n_in, k, False, popularity / popularity.sum())) for _ in range(n_out)])
    rows = np.repeat(np.arange(n_out, dtype=np.int32), k)
    return CSR.from_connections(shape, rows, cols, rng.standard_normal(cols.size, np.float32))


def samples(n: int, B: int, dtype: Any = np.float32) -> Float:
    """(n, B) standard normal numbers, in memory as a layer's activations are."""
    return aligned_copy(np.random.default_rng(1).standard_normal((n, B), np.float32), dtype)


def torch_csr(torch: ModuleType, W: CSR, index: str) -> Any:
    """The same matrix in PyTorch. index: one of INDICES; which is faster depends on the shape."""
    S = W.to_scipy()
    ends = (torch.tensor(array, dtype=getattr(torch, index)) for array in (S.indptr, S.indices))
    return torch.sparse_csr_tensor(*ends, torch.tensor(S.data), W.shape)


def faster_index(times: dict[str, Times], name: str) -> dict[str, Times]:
    """The times and, as `name`, those of PyTorch's CSR with the faster index type, if it was timed."""
    both = [times[key] for index in INDICES if (key := f"torch_{index}") in times]
    return times | {name: min(both, key=lambda taken: taken.median)} if both else times


def check_agreement(products: Mapping[str, Callable[[], Any]], expected: Float) -> None:
    """Raise ValueError unless all products compute the expected numbers."""
    for name, product in products.items():
        if not np.allclose(np.asarray(product()), expected, rtol=1e-3, atol=1e-3):
            raise ValueError(f"{name} computes other numbers than minidst, so their times cannot be compared")
