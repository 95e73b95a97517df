"""The array types of the package, by their role."""

from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.floating[Any]]
"""float32 or float64: values, activations, gradients."""

Index = npt.NDArray[np.int32]
"""int32: the number of an input, an output or a connection of one layer."""

Offset = npt.NDArray[np.int64]
"""int64: offsets into a layer's connections, and keys e = i·n_in + j, which pass 2³¹ in a wide layer."""

unsigned = np.uint64
"""For an index where speed counts. A signed one may be negative, so compiled code tests for that each time."""

Bool = npt.NDArray[np.bool_]

Scalar = float | np.floating[Any]
"""A number; a NumPy scalar where its width matters, for float32 × float is float64 in a kernel."""
