"""Types of the closed forms, and the argument check that several share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""An array of integers, floats or Fractions (dtype object)."""

Number = Any
"""An int, a float, a Fraction, or an array of them: closed forms use plain arithmetic and accept all of them."""

Floats = npt.NDArray[np.float64]


def check_samples(h: Array, delta: Array) -> None:
    """Raise ValueError unless h is (n_in, B) and delta (n_out, B), of the same B samples."""
    if np.ndim(h) != 2 or np.ndim(delta) != 2 or h.shape[1] != delta.shape[1]:
        raise ValueError(
            f"h has shape {np.shape(h)} and delta {np.shape(delta)}; give (n_in, B) and (n_out, B), a column per sample"
        )
