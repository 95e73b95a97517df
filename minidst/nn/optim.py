"""Optimizers, and schedules of their learning rate.

An optimizer is a frozen dataclass of hyperparameters with a method `step`; its state lives in each Parameter's `state`.
A schedule is a factor on the learning rate at step t of T; its curves also serve drop fractions (dst/schedule.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Protocol, runtime_checkable

import numpy as np

from .._support.validation import (
    check_callable,
    check_choice,
    check_integer,
    check_interval,
    check_type,
    in_interval,
    quoted,
)
from ..kernels import dense
from ..kernels.arrays import Float
from .layer import Parameter


@runtime_checkable
class Optimizer(Protocol):
    """Moves parameters against their gradients."""

    def step(self, parameters: Sequence[Parameter], lr: float) -> None:
        """One step of size `lr`, in place."""
        ...


@dataclass(frozen=True)
class SGD:
    """g = ∇ + λw;  v ← μv + g;  w ← w − η·v, or w − η·(g + μv) with Nesterov.

    momentum μ in [0, 1); weight_decay λ ≥ 0, on biases too; one array of state, `velocity`.
    Source: Sutskever et al. 2013, in the form PyTorch uses.
    """

    momentum: float = 0.9
    weight_decay: float = 5e-4
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_interval("momentum", self.momentum, "[0, 1)", "0.9 is a good start")
        check_interval("weight_decay", self.weight_decay, "[0, ∞)", "0 switches it off")
        check_type("nesterov", self.nesterov, bool | np.bool_, "True or False")

    def step(self, parameters: Sequence[Parameter], lr: float) -> None:
        """One step of size η = lr, in place."""
        for p in parameters:
            assert p.grad is not None, "backward comes first"
            w, number = p.values.reshape(-1), p.values.dtype.type
            velocity = _state(p, "velocity")
            decay = number(self.weight_decay)
            dense.sgd(p.grad, velocity, number(lr), number(self.momentum), decay, self.nesterov, w)
            p.steps += 1


@dataclass(frozen=True)
class Adam:
    """m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − η·m̂/(√v̂ + ε), m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).

    weight_decay λ is decoupled, w ← w − ηλw (AdamW, Loshchilov and Hutter 2019); with λ = 0 it is Adam (Kingma and
    Ba 2015). Two arrays of state. A grown connection starts with m = v = 0 and its layer's step count t.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_interval("beta1", self.beta1, "[0, 1)", "0.9 is usual")
        check_interval("beta2", self.beta2, "[0, 1)", "0.999 is usual")
        check_interval("epsilon", self.epsilon, "(0, ∞)", "1e-8 is usual")
        check_interval("weight_decay", self.weight_decay, "[0, ∞)", "0 switches it off")

    def step(self, parameters: Sequence[Parameter], lr: float) -> None:
        """One step of size η = lr, in place."""
        for p in parameters:
            assert p.grad is not None, "backward comes first"
            p.steps += 1
            w, number = p.values.reshape(-1), p.values.dtype.type
            b1, b2 = self.beta1, self.beta2
            dense.adam(
                p.grad, _state(p, "m"), _state(p, "v"), number(lr), number(b1), number(1 - b1), number(b2),
                number(1 - b2), number(self.epsilon), number(lr * self.weight_decay), number(1 - b1**p.steps),
                number(1 - b2**p.steps), w,
            )  # fmt: skip


def _state(p: Parameter, name: str) -> Float:
    if name not in p.state:
        p.state[name] = np.zeros(p.values.size, p.values.dtype)
    return p.state[name]


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
    """One of DECAYS over the whole of training: `Decay("cosine")` is cosine annealing, `Decay("constant")` keeps it."""

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
