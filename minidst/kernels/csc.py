"""Products with Wᵀ: column j holds the connections that leave input j, `rows[colptr[j]]` to `rows[colptr[j + 1]]`.

The weights stay in CSR order, row by row, and no permutation says where those of a column are. It is not needed: if the
columns are visited from left to right, each row's connections are met in their own order, so it is enough to count.
`here[i]` is the connection of row i that comes next. Panels, tiles and slices are as in csr.py, with DY for X.
"""

import numpy as np

from .arrays import Float, Index, Offset, unsigned
from .csr import next_panel
from .jit import jit
from .simd.tiles import Size, add, dot, fill, load, store


@jit
def seek(indptr: Offset, indices: Index, j: int, out: Offset) -> None:
    """here[i] = the first connection of row i whose input is at least j."""
    for i in range(out.size):
        out[i] = indptr[i] + np.searchsorted(indices[indptr[i] : indptr[i + 1]], j)


@jit
def gather(colptr: Offset, rows: Index, here: Offset, values: Float, out: Float) -> None:
    """The weights column by column: out[p] = W[e(p)]. Advances `here` past these columns."""
    for p in range(colptr[0], colptr[-1]):
        i = unsigned(rows[p])
        out[p] = values[unsigned(here[i])]
        here[i] += 1


@jit
def backward(
    colptr: Offset, rows: Index, start: Offset, values: Float, X: Float, panel: int, DW: Float, DX: Float,
    DY: Float, first: int, end: int, origin: int, size: Size,
) -> None:  # fmt: skip
    """DX[j, b] = Σ_{e in column j} W[e] · DY[i(e), b],  DW[e] = Σ_b DY[i(e), b] · X[j, b]: one load of DY for both.

    Both derivatives need the same row DY[i(e), ·], and rows of DY in an order that no cache can guess are what the
    product waits for, so each is loaded once and used twice.

    For one tile of samples and column j, x = X[j, tile] and the sum dx = DX[j, tile] stay in registers while the
    column's connections pass by: each loads dy = DY[i, tile], gives its weight's gradient x·dy, added up over tiles of
    samples in DW[e], and adds W[e]·dy to dx. Where DY exceeds the cache it is visited in panels of rows: all columns
    for rows below the first limit, then all for the next rows, so `there[j]` remembers how far column j has come and dx
    is stored and loaded again in between. `here` and `there` start anew for every tile of samples.
    """
    for b in range(first, max(end, 1), size.samples):
        here, there = start.copy(), colptr[:-1].copy()  # the next connection of each row, and of each column
        for limit in range(panel, DY.shape[0] + panel, panel):
            for j in range(DX.shape[0]):
                x, dx = load(X, j, b, size), fill(X, 0, size) if limit == panel else load(DX, j, b, size)
                until = next_panel(rows, there[j], colptr[j + 1], limit, DY.shape[0])
                for p in range(unsigned(there[j]), unsigned(until)):
                    i = unsigned(rows[p])
                    e = unsigned(here[i])
                    here[i] += 1
                    dy = load(DY, rows[p], b - origin, size)
                    s = dot(x, dy)
                    DW[e] = s if b == 0 else DW[e] + s
                    dx = add(dx, values[e], dy)
                store(dx, DX, j, b)
                there[j] = until
