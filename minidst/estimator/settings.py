"""An estimator's parameters and samples, checked and converted into what training reads."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array

from .._support.validation import check_interval, is_integer, quoted
from ..data import Dataset
from ..dst import Method
from ..dst import method as method_named
from ..experiments.compare import UPDATES_PER_RUN, paced
from ..nn import SGD, Adam, Decay
from ..training.config import Config

AUTO_BATCH = 200  # as in scikit-learn's MLP
MIN_INTERVAL = 5  # steps between updates: in most methods an update replaces an optimizer step
NUMBERS = {
    "density": "(0, 1]", "learning_rate_init": "(0, ∞)", "weight_decay": "[0, ∞)", "tol": "[0, ∞)",
    "momentum": "[0, 1)", "beta_1": "[0, 1)", "beta_2": "[0, 1)", "epsilon": "(0, ∞)", "validation_fraction": "(0, 1)",
}  # fmt: skip
FLAGS = ("verbose", "warm_start", "nesterovs_momentum", "early_stopping")


def hidden_sizes(sizes: Any) -> tuple[Any, ...]:
    """Units of each hidden layer; one number stands for one layer."""
    return tuple(sizes) if np.iterable(sizes) else (sizes,)


def _is_name(value: Any, *names: str) -> bool:
    return isinstance(value, str) and value in names


def check(estimator: Any) -> None:
    """Raise ValueError for a parameter out of range, naming it."""
    e = estimator
    for name, interval in NUMBERS.items():
        check_interval(name, getattr(e, name), interval)
    whole = "a whole number, at least 1"
    sizes = all(map(is_integer, hidden_sizes(e.hidden_layer_sizes)))
    endless = isinstance(e.n_iter_no_change, float) and e.n_iter_no_change == inf
    for name, holds, wanted in (
        ("max_iter", is_integer(e.max_iter), whole),
        ("hidden_layer_sizes", sizes, "whole numbers, at least 1, one for each hidden layer"),
        ("batch_size", is_integer(e.batch_size) or _is_name(e.batch_size, "auto"), f"'auto' or {whole}"),
        ("learning_rate", _is_name(e.learning_rate, "constant", "linear", "cosine"), "one of constant, linear, cosine"),
        ("solver", _is_name(e.solver, "adam", "sgd"), "'adam' or 'sgd'"),
        ("n_iter_no_change", is_integer(e.n_iter_no_change) or endless, f"{whole}, or infinity"),
        *((name, isinstance(getattr(e, name), bool | np.bool_ | Integral), "True or False") for name in FLAGS),
    ):
        if not holds:
            raise ValueError(f"{name}={quoted(getattr(e, name))} must be {wanted}")
    if isinstance(e.method, Method) is isinstance(e.method, str):
        raise ValueError(f"method={quoted(e.method)} must be a name of minidst.METHODS or a minidst.Method")
    method = method_named(e.method)
    if method.rounds:
        raise ValueError(f"method {method.name!r} takes several trainings, one after the other, "
                         "which minidst.fit does; choose another one for an estimator")  # fmt: skip


def scheduled(estimator: Any, steps: int, resumes: bool) -> Method:
    """The method of a training of so many steps. resumes: whether the network has been trained before."""
    method = method_named(estimator.method)
    if isinstance(estimator.method, str):  # a record keeps the schedule that the user gave it
        method = paced(method, max(steps, MIN_INTERVAL * UPDATES_PER_RUN))
    return replace(method, begin=None) if resumes else method


def config(estimator: Any, samples: int, epochs: int) -> Config:
    """How to train on so many samples. Raises ValueError for the optimizer's numbers."""
    e = estimator
    if e.solver == "sgd":
        optimizer: Any = SGD(e.momentum, e.weight_decay, bool(e.nesterovs_momentum and e.momentum > 0))
    else:
        optimizer = Adam(e.beta_1, e.beta_2, e.epsilon, e.weight_decay)
    batch = min(AUTO_BATCH if e.batch_size == "auto" else e.batch_size, samples)
    return Config(epochs, batch, e.learning_rate_init, Decay(e.learning_rate), optimizer)


def checked_weights(sample_weight: Any, samples: int) -> NDArray[np.float64]:
    """Return the weights, (samples,). Raises ValueError unless they are numbers, at least 0, and not all 0."""
    weights: NDArray[np.float64] = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (samples,) or weights.min() < 0 or weights.max() == 0:
        raise ValueError(
            f"sample_weight has shape {weights.shape} and numbers from {weights.min()} to {weights.max()}; "
            f"give one for each of {samples} samples, at least zero, and not all of them zero"
        )
    return weights


def validation_split(data: Dataset, fraction: float, rng: np.random.Generator) -> tuple[Dataset, Dataset]:
    """Return (a part to train on, a part to validate on), with the same share of every class.

    Raises ValueError if there are too few samples for that.
    """
    samples, seed = np.arange(len(data.x_train)), int(rng.integers(2**31 - 1))
    strata = data.y_train if data.classes else None
    rest, out = train_test_split(samples, test_size=fraction, random_state=seed, stratify=strata)
    if len(out) < 2:
        raise ValueError(f"validation_fraction={fraction} of {len(samples)} samples is 1 to judge by; raise it, "
                         "or set early_stopping=False")  # fmt: skip
    return data.only(rest), data.only(out)
