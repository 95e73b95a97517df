"""The data set: what every loader returns and every training run reads."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from minidst._support.validation import as_array, is_integer, quoted

Floats = NDArray[np.floating[Any]]
# C order, aligned, and writable: Numba compiles a read-only array as another type.
KEPT: Final = ("C", "A", "W")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A train part and a test part, checked.

    x_train, x_test: (samples, features) of `dtype`, C-contiguous, writable.
    y_train, y_test: (samples,) int64 labels 0..classes-1; for regression (samples, outputs) of `dtype`.
    classes: number of classes, at least 2; 0 means regression.
    name: how messages and plots call it.
    weights: (samples,), how much each training sample counts, at least 0; kept with a mean of 1. None: all the same.
    dtype: float32, or float64 for a network of that.

    Any numeric arrays may be handed in; they are converted to these dtypes.
    Raises ValueError for wrong shapes, NaN or infinite values, labels out of range and negative weights.
    """

    x_train: Floats
    y_train: NDArray[Any]
    x_test: Floats
    y_test: NDArray[Any]
    classes: int
    name: str
    weights: Floats | None = None
    dtype: Any = np.float32

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name {quoted(self.name)} must be a text: messages and plots call the data set by it")
        if not is_integer(self.classes, 0) or self.classes == 1:
            raise ValueError(f"{self.name}: classes={quoted(self.classes)}: give 2 or more, or 0 for regression")
        object.__setattr__(self, "classes", int(self.classes))
        if self.dtype not in (np.float32, np.float64, "float32", "float64"):
            raise ValueError(f"{self.name}: dtype={self.dtype!r} is not supported: choose float32 or float64")
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
        for part in ("train", "test"):
            x, y = (self._converted(f"{letter}_{part}") for letter in "xy")
            if len(x) != len(y):
                raise ValueError(
                    f"{self.name}: x_{part} has {len(x)} samples and y_{part} has {len(y)}: give one y per x"
                )
        for letter in "xy" if self.classes == 0 else "x":
            widths = [getattr(self, f"{letter}_{part}").shape[1] for part in ("train", "test")]
            if widths[0] != widths[1]:
                raise ValueError(
                    f"{self.name}: {letter}_train has {widths[0]} columns and {letter}_test has {widths[1]}: "
                    "both parts need the same columns"
                )
        if self.weights is not None:
            weights = _weights(
                as_array(f"{self.name}: weights", self.weights), len(self.x_train), f"{self.name}: weights"
            )
            object.__setattr__(self, "weights", np.require(weights, self.dtype, KEPT))

    @property
    def features(self) -> int:
        """Number of input features: the columns of x."""
        return int(self.x_train.shape[1])

    def only(self, samples: NDArray[np.int64]) -> "Dataset":
        """The same with these samples of the training set alone. samples: (n,) row numbers."""
        weights = None if self.weights is None else self.weights[samples]
        return replace(self, x_train=self.x_train[samples], y_train=self.y_train[samples], weights=weights)

    def _converted(self, field: str) -> NDArray[Any]:
        """Check and convert one array, and keep it in the place of the one that was given."""
        label = f"{self.name}: {field}"
        values = as_array(label, getattr(self, field))
        is_label = field.startswith("y") and self.classes > 0
        values = _labels(values, self.classes, label) if is_label else _matrix(values, label, self.dtype)
        object.__setattr__(self, field, values)
        return values


def _matrix(values: NDArray[Any], label: str, dtype: np.dtype[Any]) -> Floats:
    """Return `values` as a finite, non-empty matrix of `dtype`."""
    if values.ndim != 2:
        raise ValueError(f"{label} has shape {values.shape}, not (samples, columns): reshape it to 2 dimensions")
    if values.size == 0:
        raise ValueError(f"{label} has shape {values.shape}: give at least one sample and one column")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{label} has dtype {values.dtype}, which is not real numbers: convert it to {dtype}")
    with np.errstate(over="ignore"):  # what overflows becomes inf, which is reported below with its place
        floats = np.require(values, dtype, KEPT)
    # Minimum and maximum both pass NaN on: two reductions need no temporary the size of the data.
    if not (np.isfinite(floats.min()) and np.isfinite(floats.max())):
        row, column = (int(i) for i in np.argwhere(~np.isfinite(floats))[0])
        raise ValueError(
            f"{label}[{row}, {column}] is {values[row, column]}, not a finite {dtype}: "
            "drop that row or fill the gap before loading"
        )
    return floats


def _labels(values: NDArray[Any], classes: int, label: str) -> NDArray[np.int64]:
    """Return `values` as int64 labels in 0..classes-1."""
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{label} has shape {values.shape}: give one label per sample, shape (samples,)")
    if values.dtype.kind not in "biu":
        raise ValueError(
            f"{label} has dtype {values.dtype}, labels are whole numbers: use .astype(int), or classes=0 for regression"
        )
    # Compared as Python numbers and before the conversion: a huge uint64 would wrap around in int64.
    for extreme in (values.min(), values.max()):
        if not 0 <= int(extreme) < classes:
            first = int(np.flatnonzero(values == extreme)[0])
            raise ValueError(
                f"{label}[{first}] is {extreme}, outside 0..{classes - 1}: number the classes from 0, or raise classes"
            )
    return np.require(values, np.int64, KEPT)


def _weights(values: NDArray[Any], samples: int, label: str) -> NDArray[np.float64]:
    """Return `values` scaled to a mean of 1."""
    if values.shape != (samples,) or values.dtype.kind not in "biuf":
        raise ValueError(
            f"{label} have shape {values.shape} and dtype {values.dtype}: "
            f"give one number per training sample, shape ({samples},)"
        )
    largest = values.max()
    if not (values.min() >= 0 and 0 < largest < np.inf):
        raise ValueError(
            f"{label} run from {values.min()} to {largest}: give finite ones, at least 0, and not all of them zero"
        )
    scaled = values / np.float64(largest)  # whose sum cannot overflow
    return np.asarray(scaled / scaled.mean(), np.float64)
