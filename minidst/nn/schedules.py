"""Curves over training: how a learning rate or a drop fraction falls from 1 to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Protocol


def cosine(progress: float) -> float:
    """½(1 + cos πp), from 1 at p = 0 to 0 at p = 1 (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + cos(pi * progress))


def linear(progress: float) -> float:
    """1 − p."""
    return 1 - progress


def constant(progress: float) -> float:
    """1, whatever p."""
    return 1.0


DECAYS: dict[str, Callable[[float], float]] = {"cosine": cosine, "linear": linear, "constant": constant}


class Rate(Protocol):
    """A learning-rate schedule: the factor on the base rate at step t of T."""

    def __call__(self, t: int, T: int) -> float:
        """Factor in [0, 1]."""
        ...


@dataclass(frozen=True)
class Steps:
    """factorⁿ, n = number of milestones passed: Σ_m [t ≥ m·T]. Milestones are fractions of training."""

    milestones: tuple[float, ...] = (0.75, 0.9)
    factor: float = 0.1

    def __post_init__(self) -> None:
        if not all(0 <= m <= 1 for m in self.milestones):
            raise ValueError(f"milestones {self.milestones} must lie in [0, 1]: they are fractions of training")
        if not 0 <= self.factor <= 1:
            raise ValueError(f"factor {self.factor} must lie in [0, 1]: the rate falls by it")

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return self.factor ** sum(t >= milestone * T for milestone in self.milestones)


@dataclass(frozen=True)
class Decay:
    """One of DECAYS over the whole of training: `Decay("cosine")` is cosine annealing, `Decay("constant")` none."""

    kind: str = "cosine"

    def __post_init__(self) -> None:
        if self.kind not in DECAYS:
            raise ValueError(f"decay {self.kind!r} is unknown; choose one of {', '.join(DECAYS)}")

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return DECAYS[self.kind](t / T)


@dataclass(frozen=True)
class Warmup:
    """(t + 1)/steps for the first `steps` steps, then `after` over the rest (Goyal et al. 2017)."""

    steps: int
    after: Rate = Decay("cosine")

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"warm-up steps {self.steps} must be at least 1")

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return (t + 1) / self.steps if t < self.steps else self.after(t - self.steps, max(T - self.steps, 1))
