"""When a topology is updated, and what fraction of the connections is exchanged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .._support.validation import check_callable, check_integer, check_interval, is_integer, quoted
from ..nn.optim import constant, cosine, linear


@dataclass(frozen=True)
class Schedule:
    """α_t = α · decay(t / T_end) at every step t = ΔT, 2ΔT, … with first ≤ t ≤ T_end = until · T, and at no other step.

    Step 0 is never an update: a network that has not learnt anything yet gives no reason to change its connections.
    With "epoch", the update after epoch n is made in the first step of epoch n + 1, on that step's batch, and there
    is none after the last epoch.
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
        check_interval("alpha", self.alpha, "(0, 1]", "it is the fraction of connections exchanged")
        if not is_integer(self.every) and not (isinstance(self.every, str) and self.every == "epoch"):
            raise ValueError(f"every {quoted(self.every)} must be a whole number of steps, at least 1; or 'epoch'")
        check_interval("until", self.until, "(0, 1]", "it is a fraction of training")
        check_callable("decay", self.decay, "a function of the progress, such as nn.optim.cosine")
        check_integer("first", self.first, why="at step 0 the network has not learnt anything yet")

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


def LinearDecay(alpha: float, every: int | Literal["epoch"], until: float = 0.75, first: int = 1) -> Schedule:
    """α · (1 − t/T_end)."""
    return Schedule(alpha, every, until, linear, first)


def Constant(alpha: float, every: int | Literal["epoch"], until: float = 1.0, first: int = 1) -> Schedule:
    """α."""
    return Schedule(alpha, every, until, constant, first)
