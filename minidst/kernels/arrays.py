"""The array types of the whole house, by their role, and arrays that begin where vector registers like it."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .rooms import room

LINE = 64  # bytes

Float = npt.NDArray[np.floating[Any]]
"""float32 or float64: values, activations, gradients."""

Index = npt.NDArray[np.int32]
"""int32: the number of an input, an output or a connection of one layer."""

Offset = npt.NDArray[np.int64]
"""int64: offsets into a layer's connections, and keys e = i·n_in + j, which pass 2³¹ in a wide layer."""

Bool = npt.NDArray[np.bool_]

Scalar = float | np.floating[Any]
"""A number; a NumPy scalar where its width matters, for float32 × float is float64 in a kernel."""


def aligned(shape: tuple[int, ...], dtype: Any) -> Float:
    """An uninitialised array whose first number lies on a cache line.

    NumPy's own arrays begin 16 bytes past one, so that every vector load of a row touches two lines: products took
    1.4 times as long. Large ones are written where another one was before (rooms.py).
    """
    bytes_ = prod(shape) * np.dtype(dtype).itemsize
    array: Float = room(bytes_ + LINE, LINE)[:bytes_].view(dtype).reshape(shape)
    return array


def aligned_copy(array: Any, dtype: Any) -> Float:
    """The same numbers on cache lines, C-contiguous."""
    copy = aligned(array.shape, dtype)
    copy[...] = array
    return copy
