"""`Dataset`: the checked training and test arrays that every loader returns; how to split and fingerprint them."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .._support.validation import as_array, in_interval, is_integer, quoted

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
# C order, aligned, and writable: Numba compiles a read-only array as another type.
KEPT: Final = ("C", "A", "W")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training part and a test part, checked.

    x_train, x_test: (samples, features) of `dtype`, C-contiguous, writable.
    y_train, y_test: (samples,) int64 labels 0..classes-1; for regression (samples, outputs) of `dtype`.
    classes: number of classes, at least 2; 0 means regression.
    name: shown in messages and plots.
    weights: (samples,), how much each training sample counts, at least 0; scaled to a mean of 1. None: all the same.
    dtype: float32, or float64 for a float64 network.

    Numeric arrays of any dtype may be passed; they are converted to these dtypes.
    Raises ValueError for wrong shapes, NaN or infinite values, labels out of range and negative weights.
    """

    x_train: Floats
    y_train: Array
    x_test: Floats
    y_test: Array
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
                raise ValueError(f"{self.name}: {letter}_train has {widths[0]} columns and {letter}_test has "
                                 f"{widths[1]}: both parts need the same columns")  # fmt: skip
        if self.weights is not None:
            weights = _weights(self.weights, len(self.x_train), f"{self.name}: weights")
            object.__setattr__(self, "weights", np.require(weights, self.dtype, KEPT))

    @property
    def features(self) -> int:
        """Number of input features: the columns of x."""
        return int(self.x_train.shape[1])

    def only(self, samples: NDArray[np.int64]) -> "Dataset":
        """This data set with these samples of its training part alone. samples: (n,) row numbers."""
        weights = None if self.weights is None else self.weights[samples]
        return replace(self, x_train=self.x_train[samples], y_train=self.y_train[samples], weights=weights)

    def _converted(self, field: str) -> Array:
        """Check one array, replace it by its converted copy, and return that."""
        label = f"{self.name}: {field}"
        values = as_array(label, getattr(self, field))
        is_label = field.startswith("y") and self.classes > 0
        values = _labels(values, self.classes, label) if is_label else _matrix(values, label, self.dtype)
        object.__setattr__(self, field, values)
        return values


def _matrix(values: Array, label: str, dtype: np.dtype[Any]) -> Floats:
    """Return `values` as a finite, non-empty matrix of `dtype`."""
    if values.ndim != 2:
        raise ValueError(f"{label} has shape {values.shape}, not (samples, columns): reshape it to 2 dimensions")
    if values.size == 0:
        raise ValueError(f"{label} has shape {values.shape}: give at least one sample and one column")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{label} has dtype {values.dtype}, which is not real numbers: convert it to {dtype}")
    with np.errstate(over="ignore"):  # what overflows becomes inf, which is reported below with its index
        floats = np.require(values, dtype, KEPT)
    # Minimum and maximum both pass NaN on: two reductions need no temporary the size of the data.
    if not (np.isfinite(floats.min()) and np.isfinite(floats.max())):
        row, column = (int(i) for i in np.argwhere(~np.isfinite(floats))[0])
        raise ValueError(f"{label}[{row}, {column}] is {values[row, column]}, not a finite {dtype}: "
                         "drop that row or fill the gap before loading")  # fmt: skip
    return floats


def _labels(values: Array, classes: int, label: str) -> NDArray[np.int64]:
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


def _weights(weights: object, samples: int, label: str) -> NDArray[np.float64]:
    """Return `weights` scaled to a mean of 1."""
    values = as_array(label, weights)
    if values.shape != (samples,) or values.dtype.kind not in "biuf":
        raise ValueError(f"{label} have shape {values.shape} and dtype {values.dtype}: "
                         f"give one number per training sample, shape ({samples},)")  # fmt: skip
    largest = values.max()
    if not (values.min() >= 0 and 0 < largest < np.inf):
        raise ValueError(
            f"{label} run from {values.min()} to {largest}: give finite ones, at least 0, and not all of them zero"
        )
    scaled = values / np.float64(largest)  # whose sum cannot overflow
    return np.asarray(scaled / scaled.mean(), np.float64)


def identity(data: Dataset) -> dict[str, Any]:
    """Return a fingerprint of the data for JSON: name, classes, shapes, and one SHA-256 of all arrays.

    Equal for equal data only: files of a run hold it instead of the data.
    """
    arrays = {name: getattr(data, name) for name in (*ARRAYS, "weights") if getattr(data, name) is not None}
    digest = hashlib.sha256()
    for array in arrays.values():
        digest.update(array)  # C-contiguous, as Dataset makes them
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    return {"name": data.name, "classes": data.classes, "shapes": shapes, "sha256": digest.hexdigest()}


def train_test_split(x: Array, y: Array, test: float, seed: int, name: str) -> tuple[Array, Array, Array, Array]:
    """Return x_train, y_train, x_test, y_test: round(samples * test) random rows go to the test part.

    x and y have samples along their first axis; `seed` fixes the shuffle, the order of the rows is random.
    Raises ValueError for different lengths, a fraction that leaves a part empty, or an invalid seed.
    """
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{name}: x has shape {x.shape} and y {y.shape}: give one y per row of x")
    if not is_integer(seed, 0):
        raise ValueError(f"{name}: seed={quoted(seed)}: give a whole number from 0 up")
    if not in_interval(test, "(0, 1)"):
        raise ValueError(f"{name}: test={quoted(test)}: give the fraction of test samples, between 0 and 1")
    held_out = round(len(x) * test)
    if not 0 < held_out < len(x):
        raise ValueError(f"{name}: test={test} of {len(x)} samples leaves {len(x) - held_out} to train on and "
                         f"{held_out} to test on: give more samples or another fraction")  # fmt: skip
    if x.size == 0 or y.size == 0:  # a header may claim any number of rows without columns, too many to be shuffled
        raise ValueError(f"{name}: x has shape {x.shape} and y {y.shape}: give at least one column")
    order = np.random.default_rng(seed).permutation(len(x))
    test_rows, train_rows = order[:held_out], order[held_out:]
    return x[train_rows], y[train_rows], x[test_rows], y[test_rows]
