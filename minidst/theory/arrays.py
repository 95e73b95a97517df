"""The array type of this folder, which imports NumPy alone."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Integers, floats, or objects that are Fractions."""

Number = Any
"""An int, a float, a Fraction, or an array of them: closed forms are plain arithmetic and take all of these."""

Floats = npt.NDArray[np.float64]
