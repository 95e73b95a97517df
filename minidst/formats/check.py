"""What a format checks when it is made or multiplied; each ValueError names both numbers and the remedy."""

from typing import Any

import numpy as np

from .._support.validation import INT32_MAX, as_array, is_size, quoted
from ..kernels.arrays import Float, Index


def shape(given: Any) -> tuple[int, int]:
    """(n_out, n_in) as two ints from 1 to 2³¹ − 1."""
    sizes = given if isinstance(given, tuple | list | np.ndarray) else ()
    if len(sizes) != 2 or not all(map(is_size, sizes)):
        raise ValueError(f"shape {quoted(given)} must be (n_out, n_in), whole numbers from 1 to {INT32_MAX}")
    return int(sizes[0]), int(sizes[1])


def values(given: Any, ndim: int) -> Float:
    """Weights as a contiguous, writable float32 or float64 array (not copied if it is one), finite."""
    theta = np.ascontiguousarray(as_array("values", given))
    if not theta.flags.writeable:
        theta = theta.copy()
    if theta.dtype not in (np.float32, np.float64):
        raise ValueError(f"values are {theta.dtype}; convert them to float32 or float64")
    if theta.ndim != ndim:
        raise ValueError(f"values have {theta.ndim} dimensions and this format needs {ndim}")
    count(theta.size)
    if not np.isfinite(theta).all():
        e = int(np.flatnonzero(~np.isfinite(theta))[0])
        raise ValueError(f"values[{e}] is {theta.reshape(-1)[e]}; weights must be finite: lower the learning rate?")
    return theta


def count(connections: int) -> None:
    """Raise ValueError for more connections than one layer can have, before they take any memory."""
    if connections > INT32_MAX:
        raise ValueError(
            f"{connections} connections in one layer; at most {INT32_MAX} can be numbered by int32: ask for fewer"
        )


def indices(name: str, given: Any, limit: int, like: Float) -> Index:
    """Unit numbers as an int32 copy of the shape of the values, each from 0 to limit − 1."""
    ends = as_array(name, given)
    if ends.dtype.kind not in "iu":
        raise ValueError(f"{name} are {ends.dtype}; they number units, so give integers")
    if ends.shape != like.shape:
        raise ValueError(f"{name} have shape {ends.shape} and values {like.shape}; one index belongs to each value")
    if ends.size and (ends.min() < 0 or ends.max() >= limit):
        raise ValueError(f"{name} run from {ends.min()} to {ends.max()}; this shape allows 0 to {limit - 1}")
    return np.array(ends, np.int32, order="C")  # a copy, so that no caller can change the topology


def connections(shape: tuple[int, int], rows: Any, cols: Any, given: Any) -> tuple[Index, Index, Float]:
    """(rows, cols, values) of a list of connections, each (nnz,), in row-major order and each pair once."""
    theta = values(given, 1)
    i, j = indices("rows", rows, shape[0], theta), indices("cols", cols, shape[1], theta)
    down, right = np.diff(i), np.diff(j)
    increasing((down > 0) | ((down == 0) & (right > 0)), lambda e: (int(i[e]), int(j[e])))
    return i, j, theta


def increasing(ahead: Any, describe: Any) -> None:
    """Raise ValueError unless `ahead` is true everywhere: ahead[e] says that connection e comes before e + 1."""
    if not ahead.all():
        e = int(np.flatnonzero(~ahead)[0])
        raise ValueError(f"connections {e} {describe(e)} and {e + 1} {describe(e + 1)} are out of order or equal; "
                         "sort them by row, then column, each once")  # fmt: skip


def operand(name: str, M: Float, n: int, dtype: np.dtype[np.floating[Any]]) -> Float:
    """M as a C-contiguous (n, B) or (n,) array of `dtype`. Raises ValueError naming both shapes or both dtypes."""
    M = as_array(name, M)
    if M.ndim not in (1, 2) or M.shape[0] != n:
        raise ValueError(f"{name} has shape {M.shape} and W needs ({n}, B): one column per sample; transpose {name}?")
    if M.dtype != dtype and not np.can_cast(M.dtype, dtype, "safe"):
        raise ValueError(f"{name} is {M.dtype} and W is {dtype}; convert one of them, as in {name}.astype('{dtype}')")
    return np.ascontiguousarray(M, dtype)


def bias(given: Any, n_out: int, dtype: np.dtype[np.floating[Any]]) -> Float:
    """One number for each output, in `dtype`."""
    b = as_array("bias", given)
    if b.shape != (n_out,):
        raise ValueError(f"bias has shape {b.shape}; a layer with {n_out} outputs needs ({n_out},)")
    if b.dtype.kind not in "biuf":
        raise ValueError(f"bias is {b.dtype}; convert it to {dtype}")
    return np.ascontiguousarray(b, dtype)
