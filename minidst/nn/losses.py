"""Losses: each returns its mean over the batch and ∂L/∂Z, and turns outputs Z into predictions.

Z: (n_out, B), one column per sample. Targets y: labels (B,) int64, or values (B, n_out) float. Either may be
`Weighted`; then sample b counts w_b times: L = 1/B Σ_b w_b ℓ_b.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._support.validation import as_array, check_interval, quoted
from ..kernels.arrays import Float


class Weighted(NamedTuple):
    """Targets with a weight for each sample. weights: (B,), at least 0, with mean 1 over the data set."""

    y: Any
    weights: Float


class Loss(Protocol):
    """A loss: callable on (Z, y), with a decision rule."""

    def __call__(self, Z: Float, y: Any) -> tuple[float, Float]:
        """(L, ∂L/∂Z)."""
        ...

    def predict(self, Z: Float) -> Any:
        """Labels (B,), or values (B, n_out)."""
        ...

    def check(self, targets: Any, classes: int, n_out: int) -> None:
        """Raises ValueError if these targets (`classes` labels, or 0 for values) do not suit n_out outputs."""
        ...


@dataclass(frozen=True)
class CrossEntropy:
    """L = −1/B Σ_b Σ_i q_ib log softmax(Z)_ib,  ∂L/∂Z = (softmax(Z) − q)/B.

    q is the one-hot label, smoothed: (1 − s)·[i = y_b] + s/n_out (Szegedy et al. 2016). s: label_smoothing in [0, 1).
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_interval("label_smoothing", self.label_smoothing, "[0, 1)", "0 switches it off")

    def __call__(self, Z: Float, y: Any) -> tuple[float, Float]:
        """(L, ∂L/∂Z) for labels y: (B,) int64 in 0 … n_out − 1. Raises ValueError for another label."""
        y, weights = targets_and_weights(y)
        n_out, B = Z.shape
        y = _labels(y, n_out, B)
        s = self.label_smoothing
        shifted = Z - Z.max(axis=0)
        P = np.exp(shifted)
        total = P.sum(axis=0)
        samples = np.arange(B)
        log_p = shifted - np.log(total)
        each = -(1 - s) * log_p[y, samples] - (s / n_out) * log_p.sum(axis=0)
        P /= total
        P[y, samples] -= 1 - s
        P -= s / n_out
        P /= B
        return weighted_mean(each, weights), apply_weights(P, weights)

    def predict(self, Z: Float) -> Any:
        """The label with the largest output, (B,)."""
        return Z.argmax(axis=0)

    def check(self, targets: Any, classes: int, n_out: int) -> None:
        """Raises ValueError unless every class has an output."""
        if classes == 0:
            raise ValueError("cross-entropy needs labels and the targets are values; use loss=MeanSquaredError()")
        if classes > n_out:
            raise ValueError(f"cross-entropy needs an output for each of {classes} classes and has {n_out} outputs")


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """L = 1/(n_out·B) Σ log(1 + e^z) − y·z,  ∂L/∂z = (σ(z) − y)/(n_out·B): one binary label per output."""

    def __call__(self, Z: Float, y: Any) -> tuple[float, Float]:
        """(L, ∂L/∂Z). With one output, labels are 0 or 1; with several, they are made one-hot."""
        y, weights = targets_and_weights(y)
        target = _targets(y, Z)
        each = (np.logaddexp(0, Z) - target * Z).mean(axis=0)
        sigmoid = np.exp(-np.logaddexp(0, -Z))  # 1/(1 + e^−z) that does not overflow
        return weighted_mean(each, weights), apply_weights((sigmoid - target) / Z.dtype.type(Z.size), weights)

    def predict(self, Z: Float) -> Any:
        """Labels (B,): [z > 0] with one output, the largest of several."""
        return (Z[0] > 0).astype(np.int64) if Z.shape[0] == 1 else Z.argmax(axis=0)

    def check(self, targets: Any, classes: int, n_out: int) -> None:
        """Raises ValueError unless every class has an output, or two classes share one."""
        if classes == 0:
            raise ValueError("binary cross-entropy needs labels and the targets are values; use MeanSquaredError()")
        if classes > n_out and not (classes == 2 and n_out == 1):
            raise ValueError(f"binary cross-entropy needs outputs for {classes} classes; there are {n_out} outputs")


@dataclass(frozen=True)
class MeanSquaredError:
    """L = 1/(n_out·B) Σ (z − y)²,  ∂L/∂z = 2(z − y)/(n_out·B)."""

    def __call__(self, Z: Float, y: Any) -> tuple[float, Float]:
        """(L, ∂L/∂Z) for values y: (B, n_out), or (B,) with one output."""
        y, weights = targets_and_weights(y)
        difference = Z - _targets(y, Z)
        each = (difference**2).mean(axis=0)
        return weighted_mean(each, weights), apply_weights(difference * Z.dtype.type(2 / Z.size), weights)

    def predict(self, Z: Float) -> Any:
        """The outputs, (B, n_out)."""
        return Z.T.copy()

    def check(self, targets: Any, classes: int, n_out: int) -> None:
        """Raises ValueError unless there is an output for every value, or for every class."""
        wanted = classes if classes and np.ndim(targets) == 1 and n_out > 1 else np.size(targets[0])
        if wanted != n_out:
            raise ValueError(f"targets have {wanted} values a sample and the network gives {n_out} outputs")


LOSSES: dict[str, Callable[[], Loss]] = {
    "cross-entropy": CrossEntropy, "binary": BinaryCrossEntropy, "mse": MeanSquaredError,
}  # fmt: skip


def targets_and_weights(y: Any) -> tuple[Any, Float | None]:
    """(targets, weights); weights are None if all are 1."""
    return (y.y, y.weights) if isinstance(y, Weighted) else (y, None)


def weighted_mean(each: Float, weights: Float | None) -> float:
    """1/B Σ_b w_b ℓ_b from the losses ℓ of the samples, (B,)."""
    return float((each if weights is None else weights * each).mean())


def apply_weights(DZ: Float, weights: Float | None) -> Float:
    """w_b · ∂ℓ_b/∂Z, and likewise for its tangent: the loss is linear in the weights of samples."""
    return DZ if weights is None else DZ * weights.astype(DZ.dtype, copy=False)


def _labels(y: Any, n_out: int, B: int) -> Any:
    """y as labels, checked: NumPy takes label −1 for the last output, and broadcasts a single label to all samples."""
    y = as_array("labels", y)
    if y.shape != (B,) or y.dtype.kind not in "iu" or B == 0:
        raise ValueError(
            f"labels {quoted(y)} have shape {y.shape} and dtype {y.dtype}; give a whole number for each of {B} samples"
        )
    lowest, highest = np.min(y), np.max(y)
    if lowest < 0 or highest >= n_out:
        raise ValueError(f"labels run from {lowest} to {highest}; {n_out} outputs stand for labels 0 to {n_out - 1}")
    return y


def _targets(y: Any, Z: Float) -> Float:
    """y in the shape and dtype of Z."""
    n_out, B = Z.shape
    y = as_array("targets", y)
    if y.shape == (B,) and n_out > 1:
        return np.asarray(np.arange(n_out)[:, None] == _labels(y, n_out, B), Z.dtype)
    if y.dtype.kind not in "biuf":
        raise ValueError(f"targets {quoted(y)} have dtype {y.dtype}; give numbers")
    if y.shape != (B, n_out) and not (n_out == 1 and y.shape == (B,)):
        raise ValueError(f"targets have shape {y.shape} and the network gives {n_out} outputs for {B} samples")
    return np.asarray(y.reshape(B, n_out).T, Z.dtype)
