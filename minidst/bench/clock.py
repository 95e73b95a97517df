"""How times are taken: all contestants in turn, round after round, so that whatever else the machine does hits all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..kernels.arrays import Float

BURST = 1e-3  # seconds: what takes less is called several times in a row, or the clock itself would be measured


@dataclass(frozen=True)
class Effort:
    """How long to go on measuring: at least `rounds` rounds, and at least `seconds`."""

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
        """Of all rounds: with nothing else on the machine."""
        return float(self.rounds.min())

    def over(self, other: Times) -> float:
        """How many times as long as `other`: the median of the rounds' ratios, for a round's two calls are neighbours.

        Raises ValueError for times that were not taken in the same race.
        """
        if self.rounds.size != other.rounds.size:
            raise ValueError(f"{self.rounds.size} and {other.rounds.size} rounds: only times of one race make a ratio")
        return float(np.median(self.rounds / other.rounds))


def race(contestants: Mapping[str, Callable[[], Any]], effort: Effort = FULL) -> dict[str, Times]:
    """Time every contestant once per round, each right after a call of its own that is not timed."""
    calls, taken = {}, {name: [] for name in contestants}  # type: dict[str, int], dict[str, list[float]]
    for name, run in contestants.items():
        run()
        calls[name] = max(1, int(BURST / max(_seconds(run, 1), 1e-7)))
    collecting = gc.isenabled()
    gc.disable()
    try:
        end = perf_counter() + effort.seconds
        while perf_counter() < end or min(map(len, taken.values())) < effort.rounds:
            for name, run in contestants.items():
                run()  # not timed: in training a step finds the caches as the step before left them, not as a rival did
                taken[name].append(_seconds(run, calls[name]))
    finally:
        if collecting:
            gc.enable()
    return {name: Times(np.array(seconds)) for name, seconds in taken.items()}


def _seconds(run: Callable[[], Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls
