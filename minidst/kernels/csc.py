"""Products with Wᵀ: column j holds the connections that leave input j, `rows[colptr[j]]` to `rows[colptr[j + 1]]`.

The weights stay in CSR order, row by row, and no permutation says where those of a column are. It is not needed: if the
columns are visited from left to right, each row's connections are met in their own order, so it is enough to count.
`here[i]` is the connection of row i that comes next. Panels, tiles and slices are as in csr.py, with DY for X.
"""

import numpy as np

from .arrays import Float, Index, Offset
from .jit import jit
from .simd.tiles import EIGHT, TWO, Size, add, dot, fill, load, samples, store


@jit
def seek(indptr: Offset, indices: Index, j: int, out: Offset) -> None:
    """here[i] = the first connection of row i whose input is at least j."""
    for i in range(out.size):
        out[i] = indptr[i] + np.searchsorted(indices[indptr[i] : indptr[i + 1]], j)


@jit
def gather(colptr: Offset, rows: Index, here: Offset, values: Float, out: Float) -> None:
    """The weights column by column: out[p] = W[e(p)]. Advances `here` past these columns."""
    for p in range(colptr[0], colptr[-1]):
        i = rows[p]
        out[p] = values[here[i]]
        here[i] += 1


@jit
def backward(
    colptr: Offset, rows: Index, here: Offset, values: Float, DY: Float, X: Float, panel: int, DW: Float, DX: Float
) -> None:
    """DX[j, b] = Σ_{e in column j} W[e] · DY[i(e), b],  DW[e] = Σ_b DY[i(e), b] · X[j, b]: one load of DY for both.

    Both derivatives need the same row DY[i(e), ·], and rows of DY in an order that no cache can guess are what the
    product waits for, so each is loaded once and used twice.
    """
    b = _backward_tiles(colptr, rows, here, values, DY, X, panel, EIGHT, 0, DW, DX)
    b = _backward_tiles(colptr, rows, here, values, DY, X, panel, TWO, b, DW, DX)
    if b < X.shape[1] or b == 0:
        for j in range(DX.shape[0]):
            x, dx = X[j, b:], DX[j, b:]
            dx[:] = 0
            for p in range(colptr[j], colptr[j + 1]):
                e, dy, s = here[rows[p]], DY[rows[p], b:], X.dtype.type(0)
                here[rows[p]] += 1
                w = values[e]
                for c in range(dy.size):
                    dx[c] += w * dy[c]
                    s += x[c] * dy[c]
                DW[e] = s if b == 0 else DW[e] + s


@jit
def _backward_tiles(
    colptr: Offset,
    rows: Index,
    start: Offset,
    values: Float,
    DY: Float,
    X: Float,
    panel: int,
    size: Size,
    b: int,
    DW: Float,
    DX: Float,
) -> int:
    """The samples from b on, while whole tiles of this size are left; returns the first sample that is not done.

    For one tile of samples and column j, x = X[j, tile] and the sum dx = DX[j, tile] stay in registers while the
    column's connections pass by: each loads dy = DY[i, tile], gives its weight's gradient x·dy, added up over tiles of
    samples in DW[e], and adds W[e]·dy to dx. Where DY exceeds the cache it is visited in panels of rows: all columns
    for rows below the first limit, then all for the next rows, so `there[j]` remembers how far column j has come and dx
    is stored and loaded again in between. `here` and `there` start anew for every tile of samples.
    """
    while b + samples(X, size) <= X.shape[1]:
        here, there = start.copy(), colptr[:-1].copy()  # the next connection of each row, and of each column
        for limit in range(panel, DY.shape[0] + panel, panel):
            for j in range(DX.shape[0]):
                x, dx = load(X, j, b, size), fill(X, 0, size) if limit == panel else load(DX, j, b, size)
                i = rows[there[j] : colptr[j + 1]]
                p = 0
                while p < i.size and i[p] < limit:
                    dy, e = load(DY, i[p], b, size), here[i[p]]
                    here[i[p]] = e + 1
                    s = dot(x, dy)
                    DW[e] = s if b == 0 else DW[e] + s
                    dx = add(dx, values[e], dy)
                    p += 1
                store(dx, DX, j, b)
                there[j] += p
        b += samples(X, size)
    return b
