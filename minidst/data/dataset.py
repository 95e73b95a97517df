"""The data set: what every loader returns and every training run reads."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# C order, aligned, and writable: Numba compiles a read-only array as another type.
KEPT: Final = ("C", "A", "W")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A train part and a test part, checked.

    x_train, x_test: (samples, features) float32, C-contiguous, writable.
    y_train, y_test: (samples,) int64 labels 0..classes-1; for regression (samples, outputs) float32.
    classes: number of classes, at least 2; 0 means regression.
    name: how messages and plots call it.

    Any numeric arrays may be handed in; they are converted to these dtypes.
    Raises ValueError for wrong shapes, NaN or infinite values and labels out of range.
    """

    x_train: Floats
    y_train: NDArray[Any]
    x_test: Floats
    y_test: NDArray[Any]
    classes: int
    name: str

    def __post_init__(self) -> None:
        if isinstance(self.classes, bool) or not isinstance(self.classes, int | np.integer):
            raise ValueError(f"{self.name}: classes={self.classes!r} is no whole number: count them")
        if self.classes < 0 or self.classes == 1:
            raise ValueError(f"{self.name}: classes={self.classes}: give 2 or more, or 0 for regression")
        object.__setattr__(self, "classes", int(self.classes))
        for part in ("train", "test"):
            x, y = (self._converted(f"{letter}_{part}") for letter in "xy")
            if len(x) != len(y):
                raise ValueError(
                    f"{self.name}: x_{part} has {len(x)} samples and y_{part} has {len(y)}: "
                    "give one y per x"
                )
        for letter in "xy" if self.classes == 0 else "x":
            widths = [getattr(self, f"{letter}_{part}").shape[1] for part in ("train", "test")]
            if widths[0] != widths[1]:
                raise ValueError(
                    f"{self.name}: {letter}_train has {widths[0]} columns and {letter}_test has {widths[1]}: "
                    "both parts need the same columns"
                )

    @property
    def features(self) -> int:
        """Number of input features: the columns of x."""
        return int(self.x_train.shape[1])

    def _converted(self, field: str) -> NDArray[Any]:
        """Check and convert one array, and keep it in the place of the one that was given."""
        values = np.asarray(getattr(self, field))
        label = f"{self.name}: {field}"
        is_label = field.startswith("y") and self.classes > 0
        values = _labels(values, self.classes, label) if is_label else _matrix(values, label)
        object.__setattr__(self, field, values)
        return values


def _matrix(values: NDArray[Any], label: str) -> Floats:
    """Return `values` as a finite, non-empty float32 matrix."""
    if values.ndim != 2:
        raise ValueError(
            f"{label} has shape {values.shape}, not (samples, columns): reshape it to 2 dimensions"
        )
    if values.size == 0:
        raise ValueError(f"{label} has shape {values.shape}: give at least one sample and one column")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{label} has dtype {values.dtype}, which is not real numbers: convert it to float32")
    with np.errstate(over="ignore"):  # what overflows becomes inf, which is reported below with its place
        floats = np.require(values, np.float32, KEPT)
    # Minimum and maximum both pass NaN on: two reductions need no temporary the size of the data.
    if not (np.isfinite(floats.min()) and np.isfinite(floats.max())):
        row, column = (int(i) for i in np.argwhere(~np.isfinite(floats))[0])
        raise ValueError(
            f"{label}[{row}, {column}] is {values[row, column]}, not a finite float32: "
            "drop that row or fill the gap before loading"
        )
    return floats


def _labels(values: NDArray[Any], classes: int, label: str) -> NDArray[np.int64]:
    """Return `values` as int64 labels in 0..classes-1."""
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{label} has shape {values.shape}: give one label per sample, shape (samples,)")
    if values.dtype.kind not in "biu":
        raise ValueError(
            f"{label} has dtype {values.dtype}, labels are whole numbers: "
            "use .astype(int), or classes=0 for regression"
        )
    # Compared as Python numbers and before the conversion: a huge uint64 would wrap around in int64.
    for extreme in (values.min(), values.max()):
        if not 0 <= int(extreme) < classes:
            first = int(np.flatnonzero(values == extreme)[0])
            raise ValueError(
                f"{label}[{first}] is {extreme}, outside 0..{classes - 1}: "
                "number the classes from 0, or raise classes"
            )
    return np.require(values, np.int64, KEPT)
