"""The settings: an estimator's parameters, checked, as the records that training reads."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from numbers import Integral
from typing import Any

import numpy as np

from .._support.validation import in_interval, is_integer, quoted
from ..dst import Method
from ..dst import method as method_named
from ..experiments.compare import UPDATES_PER_RUN, paced
from ..nn import SGD, Adam, Decay, Optimizer
from ..training.config import Config

AUTO_BATCH = 200  # as in scikit-learn's MLP
LEAST_PACE = 5  # steps from update to update: in most methods an update takes the place of an optimizer's step
CURVES = ("constant", "linear", "cosine")
NUMBERS = {
    "density": "(0, 1]", "learning_rate_init": "(0, ∞)", "weight_decay": "[0, ∞)", "tol": "[0, ∞)",
    "momentum": "[0, 1)", "beta_1": "[0, 1)", "beta_2": "[0, 1)", "epsilon": "(0, ∞)", "validation_fraction": "(0, 1)",
}  # fmt: skip
FLAGS = ("verbose", "warm_start", "nesterovs_momentum", "early_stopping")


def check(estimator: Any) -> None:
    """Raises ValueError for a parameter out of range, naming it as the user does."""
    e = estimator
    rules = [
        ("max_iter", is_integer(e.max_iter), "a whole number, at least 1"),
        ("batch_size", is_integer(e.batch_size) or _one(e.batch_size, "auto"), "'auto' or a whole number, at least 1"),
        ("learning_rate", _one(e.learning_rate, *CURVES), f"one of {', '.join(CURVES)}"),
        ("solver", _one(e.solver, "adam", "sgd"), "'adam' or 'sgd'"),
        (
            "n_iter_no_change",
            is_integer(e.n_iter_no_change) or (isinstance(e.n_iter_no_change, float) and e.n_iter_no_change == inf),
            "a whole number, at least 1, or infinity",
        ),
        ("hidden_layer_sizes", all(map(is_integer, hidden(e))), "whole numbers, at least 1, one for each hidden layer"),
        *((name, in_interval(getattr(e, name), within), f"a number in {within}") for name, within in NUMBERS.items()),
        *((name, isinstance(getattr(e, name), bool | np.bool_ | Integral), "True or False") for name in FLAGS),
    ]
    for name, holds, wanted in rules:
        if not holds:
            raise ValueError(f"{name}={quoted(getattr(e, name))} must be {wanted}")
    if isinstance(e.method, Method) is isinstance(e.method, str):
        raise ValueError(f"method={quoted(e.method)} must be a name of minidst.METHODS or a minidst.Method")
    if record(e).rounds:
        raise ValueError(
            f"method {record(e).name!r} takes several trainings, one after the other, which minidst.fit does; "
            "choose another one for an estimator"
        )


def hidden(estimator: Any) -> tuple[Any, ...]:
    """Units of each hidden layer; one number stands for one layer."""
    sizes = estimator.hidden_layer_sizes
    return tuple(sizes) if np.iterable(sizes) else (sizes,)


def record(estimator: Any) -> Method:
    """The method, by its name or as it is."""
    return method_named(estimator.method)


def scheduled(estimator: Any, steps: int, begun: bool) -> Method:
    """The method of a training of so many steps. begun: whether the network has been trained before."""
    found = record(estimator)
    if isinstance(estimator.method, str):  # a record of the user's has the schedule that the user gave it
        found = paced(found, max(steps, LEAST_PACE * UPDATES_PER_RUN))
    return replace(found, begin=None) if begun else found


def config(estimator: Any, samples: int, epochs: int) -> Config:
    """How to train on so many samples."""
    e = estimator
    batch = min(AUTO_BATCH if e.batch_size == "auto" else e.batch_size, samples)
    return Config(
        epochs=epochs, batch=batch, lr=e.learning_rate_init, rate=Decay(e.learning_rate), optimizer=optimizer(e)
    )


def optimizer(estimator: Any) -> Optimizer:
    """The solver. Raises ValueError for its numbers."""
    e = estimator
    if e.solver == "sgd":
        return SGD(e.momentum, e.weight_decay, bool(e.nesterovs_momentum and e.momentum > 0))
    return Adam(e.beta_1, e.beta_2, e.epsilon, e.weight_decay)


def _one(value: Any, *known: str) -> bool:
    return isinstance(value, str) and value in known
