"""Products of a CSR matrix: row i holds the connections `indptr[i]` to `indptr[i + 1]`, the fan-in of output i.

Samples are processed in tiles that stay in vector registers (simd/tiles.py); X, first, end, origin and size are a piece
of them (packing.py). A wide layer's X does not fit into the fast part of the cache, so it is visited in panels of rows:
connections of every output to the first panel, then to the next. Each row of `out` belongs to one outer iteration that
reads nothing another one writes, so any slice of rows may run on any thread, with the same bits.
"""

import numpy as np

from .arrays import Float, Index, Offset, unsigned
from .jit import jit
from .simd.tiles import OCTET, Size, add, dot, fill, last, load, pick, store


@jit
def spmm(
    indptr: Offset, indices: Index, values: Float, bias: Float, out: Float, panel: int,
    X: Float, first: int, end: int, origin: int, size: Size,
) -> None:  # fmt: skip
    """Y[i, b] = β_i + Σ_{e in row i} W[e] · X[j(e), b], `panel` rows of X at a time."""
    for b in range(first, end, size.samples):
        here = indptr[:-1].copy()  # the connection of each row that comes next
        for limit in range(panel, X.shape[0] + panel, panel):
            for i in range(out.shape[0]):
                y = fill(X, bias[i], size) if limit == panel else load(out, i, b, size)
                there = next_panel(indices, here[i], indptr[i + 1], limit, X.shape[0])
                for e in range(unsigned(here[i]), unsigned(there)):
                    y = add(y, values[e], load(X, indices[e], b - origin, size))
                store(y, out, i, b)
                here[i] = there


@jit
def spmm_pairs(indptr: Offset, indices: Index, values: Float, bias: Float, out: Float, X: Float, size: Size) -> None:
    """The same of few samples and long rows, two rows at a time.

    An addition to a register takes four cycles, and the next one to it waits; so there are two to add to. Sums keep
    their order. The last of an odd number of rows is its own partner.
    """
    for i in range(0, out.shape[0], 2):
        i2 = min(i + 1, out.shape[0] - 1)
        y, y2 = fill(X, bias[i], size), fill(X, bias[i2], size)
        start, start2 = indptr[i], indptr[i2]
        n, n2 = indptr[i + 1] - start, indptr[i2 + 1] - start2
        for p in range(min(n, n2)):
            here, here2 = unsigned(start + p), unsigned(start2 + p)
            y = add(y, values[here], load(X, indices[here], 0, size))
            y2 = add(y2, values[here2], load(X, indices[here2], 0, size))
        for e in range(unsigned(start + min(n, n2)), unsigned(start + n)):
            y = add(y, values[e], load(X, indices[e], 0, size))
        for e in range(unsigned(start2 + min(n, n2)), unsigned(start2 + n2)):
            y2 = add(y2, values[e], load(X, indices[e], 0, size))
        store(y, out, i, 0)
        store(y2, out, i2, 0)


@jit
def next_panel(indices: Index, here: int, end: int, limit: int, n: int) -> int:
    """The first connection from `here` to `end` whose index, of n, is not below the limit of this panel."""
    return end if limit >= n else here + int(np.searchsorted(indices[here:end], limit))


@jit
def spmv(indptr: Offset, indices: Index, values: Float, x: Float, bias: Float, out: Float) -> None:
    """y_i = β_i + Σ_{e in row i} W[e] · x[j(e)]: a single sample, eight connections at a time.

    A row's last four to seven are taken as eight, less those that have been counted already; fewer one by one.
    """
    weights, ones = values.reshape(1, values.size), fill(values, 1, OCTET)
    for i in range(out.size):
        e, end = indptr[i], indptr[i + 1]
        rest = (end - e) % 8
        looks_back = end - e > 8 and rest > 3
        eight, y = fill(values, 0, OCTET), bias[i]
        while e + 8 <= end:
            eight = add(eight, load(weights, 0, e, OCTET), pick(x, indices, e, OCTET))
            e += 8
        if looks_back:
            eight = add(eight, load(weights, 0, end - 8, OCTET), last(pick(x, indices, end - 8, OCTET), rest))
            e = end
        while e < end:
            y += values[e] * x[indices[e]]
            e += 1
        out[i] = y + dot(eight, ones)


@jit
def backward_one(
    indptr: Offset, indices: Index, values: Float, dy: Float, x: Float, DW: Float, DX: Float
) -> None:  # fmt: skip
    """DW[e] = dy_i · x[j(e)],  DX[j(e)] += W[e] · dy_i: a single sample, row by row (`DX` is added to)."""
    for i in range(dy.size):
        for e in range(unsigned(indptr[i]), unsigned(indptr[i + 1])):
            j = unsigned(indices[e])
            DW[e] = dy[i] * x[j]
            DX[j] += values[e] * dy[i]


@jit
def backward_few(
    indptr: Offset, indices: Index, values: Float, DY: Float, X: Float, DW: Float, DX: Float, size: Size
) -> None:  # fmt: skip
    """The same of one tile of few samples, which leaves room for all of X and `DX` in the cache."""
    for i in range(DY.shape[0]):
        dy = load(DY, i, 0, size)
        for e in range(unsigned(indptr[i]), unsigned(indptr[i + 1])):
            j = indices[e]
            DW[e] = dot(dy, load(X, j, 0, size))
            store(add(load(DX, j, 0, size), values[e], dy), DX, j, 0)


@jit
def sddmm(
    indptr: Offset, indices: Index, DY: Float, out: Float, X: Float, first: int, end: int, origin: int, size: Size
) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j(e), b] for every e in row i; tiles after the first add to it."""
    for b in range(first, max(end, 1), size.samples):
        for i in range(DY.shape[0]):
            dy = load(DY, i, b, size)
            for e in range(unsigned(indptr[i]), unsigned(indptr[i + 1])):
                s = dot(dy, load(X, indices[e], b - origin, size))
                out[e] = s if b == 0 else out[e] + s
