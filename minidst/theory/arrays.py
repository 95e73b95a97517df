"""The array type of this folder, which imports NumPy alone."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Integers, floats, or objects that are Fractions."""

Number = Any
"""An int, a float, a Fraction, or an array of them: closed forms are plain arithmetic and take all of these."""

Floats = npt.NDArray[np.float64]


def check_samples(h: Array, delta: Array) -> None:
    """Raises ValueError unless h is (n_in, B) and delta (n_out, B), of the same B samples."""
    if np.ndim(h) != 2 or np.ndim(delta) != 2 or h.shape[1] != delta.shape[1]:
        raise ValueError(
            f"h has shape {np.shape(h)} and delta {np.shape(delta)}; give (n_in, B) and (n_out, B), a column per sample"
        )
