"""The npy member of an archive, read after checking that it can hold what its header promises."""

import math
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
AT_ONCE = 1 << 20  # bytes: reading needs no second copy of an array


def read_npy(file: IO[bytes], name: str, size: int) -> NDArray[Any]:
    """Return the array of real numbers in `file`, whose length is `size`, as one that can be written to.

    Nothing is allocated before the header's shape and dtype agree with the size; nothing is ever unpickled.
    Raises ValueError, or what NumPy raises on a malformed header.
    """
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"{name} is npy version {version}")
    shape, fortran, dtype = HEADERS[version](file)
    if dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {dtype}, not real numbers")
    promised, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or promised != held:
        raise ValueError(f"{name} promises {promised} bytes and holds {held}")
    content = np.empty(promised, np.uint8)
    for start in range(0, promised, AT_ONCE):
        part = content[start : start + AT_ONCE]
        part[:] = np.frombuffer(file.read(part.size), np.uint8)  # a file cut short does not fit
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")
