"""Curves over training: how a learning rate or a drop fraction falls from 1 to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Protocol

from .._support.validation import check_callable, check_choice, check_integer, check_interval, in_interval, quoted


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
        if not isinstance(self.milestones, tuple | list) or not all(in_interval(m, "[0, 1]") for m in self.milestones):
            raise ValueError(f"milestones {quoted(self.milestones)} must be a tuple of fractions of training in [0, 1]")
        check_interval("factor", self.factor, "[0, 1]", "the rate falls by it")

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return self.factor ** sum(t >= milestone * T for milestone in self.milestones)


@dataclass(frozen=True)
class Decay:
    """One of DECAYS over the whole of training: `Decay("cosine")` is cosine annealing, `Decay("constant")` none."""

    kind: str = "cosine"

    def __post_init__(self) -> None:
        check_choice("decay", self.kind, DECAYS)

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return DECAYS[self.kind](t / T)


@dataclass(frozen=True)
class Warmup:
    """(t + 1)/steps for the first `steps` steps, then `after` over the rest (Goyal et al. 2017)."""

    steps: int
    after: Rate = Decay("cosine")

    def __post_init__(self) -> None:
        check_integer("warm-up steps", self.steps)
        check_callable("after", self.after, 'a schedule, such as Decay("cosine")')

    def __call__(self, t: int, T: int) -> float:
        """Factor at step t of T."""
        return (t + 1) / self.steps if t < self.steps else self.after(t - self.steps, max(T - self.steps, 1))
