"""When a topology is updated, and what fraction of the connections is exchanged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..nn.schedules import constant, cosine, linear


@dataclass(frozen=True)
class Schedule:
    """α_t = α · decay(t / T_end) at every step t = ΔT, 2ΔT, … with first ≤ t ≤ T_end = until · T, and at no other step.

    Step 0 is never an update: a network that has not learnt anything yet has nothing to say about its connections.
    alpha: α in (0, 1]; every: ΔT in steps, or "epoch"; until: in (0, 1], a fraction of training; first: the first step
    that may be an update, ≥ 1. Steps are counted from 0.
    Source: Evci et al. 2020, section 3(2). Raises ValueError for numbers outside these ranges.
    """

    alpha: float = 0.3
    every: int | Literal["epoch"] = 100
    until: float = 0.75
    decay: Callable[[float], float] = cosine
    first: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= 1:
            raise ValueError(f"alpha {self.alpha} must lie in (0, 1]: it is the fraction of connections exchanged")
        if self.every != "epoch" and (not isinstance(self.every, int | np.integer) or self.every < 1):
            raise ValueError(f"every {self.every!r} must be a whole number of steps, at least 1; or 'epoch'")
        if not 0 < self.until <= 1:
            raise ValueError(f"until {self.until} must lie in (0, 1]: it is a fraction of training")
        if not isinstance(self.first, int | np.integer) or self.first < 1:
            raise ValueError(
                f"first {self.first!r} must be a whole number of steps, at least 1: at step 0 the network has not "
                "learnt anything yet, and has nothing to say about its connections"
            )

    def fraction(self, t: int, T: int, steps_per_epoch: int) -> float:
        """α_t if step t of T is an update, else 0."""
        every = steps_per_epoch if self.every == "epoch" else self.every
        if t < self.first or t % every or t > self.until * T:
            return 0.0
        return self.alpha * self.decay(t / (self.until * T))

    def __str__(self) -> str:
        pace = "epoch" if self.every == "epoch" else f"{self.every} steps"
        return f"α {self.alpha:g} {self.decay.__name__}, every {pace}, from step {self.first} until {self.until:.0%}"


def Cosine(alpha: float, every: int | Literal["epoch"], until: float = 0.75, first: int = 1) -> Schedule:
    """α/2 · (1 + cos(πt/T_end))."""
    return Schedule(alpha, every, until, cosine, first)


def Linear(alpha: float, every: int | Literal["epoch"], until: float = 0.75, first: int = 1) -> Schedule:
    """α · (1 − t/T_end)."""
    return Schedule(alpha, every, until, linear, first)


def Constant(alpha: float, every: int | Literal["epoch"], until: float = 1.0, first: int = 1) -> Schedule:
    """α."""
    return Schedule(alpha, every, until, constant, first)
