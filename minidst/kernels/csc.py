"""Products with Wᵀ: column j holds the connections that leave input j, `rows[colptr[j]]` to `rows[colptr[j + 1]]`.

Weights lie row by row, and no permutation says where those of a column are: going through the columns from the left,
each row's connections are met in their own order, so it is enough to count. `here[i]` is the connection of row i that
comes next. Panels, tiles and slices are as in csr.py, with DY for X.
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
    """DX[j, b] = Σ_{e in column j} W[e] · DY[i(e), b],  DW[e] = Σ_b DY[i(e), b] · X[j, b]: one look at DY for both."""
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
    while b + samples(X, size) <= X.shape[1]:
        here, there = start.copy(), colptr[:-1].copy()  # what comes next in each row, and in each column
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
