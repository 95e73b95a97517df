"""Arrays aligned to cache lines, and a pool of large buffers that are used again.

NumPy's own arrays begin 16 bytes past a cache line, so that every vector load of a row touches two lines: products take
1.4 times as long. And the system hands out fresh memory page by page, clearing each at its first touch: for a layer of
half a million units that takes as long as the product. What one step needs, the next one needs too.

A buffer is free once no array uses it any more, which its reference count tells. Free buffers are kept as long as they
are no larger, together, than those in use plus `KEPT`.
"""

import os
from math import prod
from sys import getrefcount
from threading import Lock
from typing import Any

import numpy as np

from .arrays import Float

LINE = 64  # bytes of a cache line
LARGE = 1 << 20  # bytes from which an array comes from the pool
KEPT = 1 << 26

_pool: list[Any] = []
_lock = Lock()


def aligned(shape: tuple[int, ...], dtype: Any) -> Float:
    """An uninitialised array; a large one may reuse an earlier one's memory.

    Its first number lies on a cache line if it is large or its rows are multiples of 32 bytes. Else few rows would.
    """
    dtype = np.dtype(dtype)
    wanted = prod(shape) * dtype.itemsize
    if wanted < LARGE and shape[-1] * dtype.itemsize % 32:
        return np.empty(shape, dtype)
    held = np.empty(wanted + LINE, np.uint8) if wanted + LINE < LARGE else _from_pool(wanted + LINE)
    start = -held.ctypes.data % LINE
    return np.ndarray(shape, dtype, held, start)


def aligned_copy(array: Any, dtype: Any) -> Float:
    """The same numbers on cache lines, C-contiguous."""
    copy = aligned(array.shape, dtype)
    copy[...] = array
    return copy


def clear() -> None:
    """Give every free buffer back to the system."""
    with _lock:
        _pool[:] = [_pool[place] for place in range(len(_pool)) if not _is_free(place)]


def _from_pool(size: int) -> Any:
    """A free buffer of that many bytes, or a new one."""
    with _lock:
        for place in range(len(_pool)):
            if _pool[place].size == size and _is_free(place):
                return _pool[place]
        found = np.empty(size, np.uint8)
        _pool.append(found)
        _shrink()
        return found


def _is_free(place: int) -> bool:
    return getrefcount(_pool[place]) == 2  # the list's, and the call's


def _shrink() -> None:
    """Give the oldest free buffers back to the system, while the free ones are too large together."""
    free = [place for place in range(len(_pool)) if _is_free(place)]
    spare = sum(_pool[place].size for place in free)
    in_use = sum(_pool[place].size for place in range(len(_pool))) - spare
    for gone, place in enumerate(free):  # each that goes moves the later ones up
        if spare <= in_use + KEPT:
            break
        spare -= _pool[place - gone].size
        del _pool[place - gone]


def _new_lock() -> None:
    """A forked child may have been born while another thread held the lock."""
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)
