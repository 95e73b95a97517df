"""Products of a COO matrix: connection e joins output `rows[e]` to input `cols[e]` with weight `values[e]`.

The plainest of the three formats: one connection at a time, as the papers write it. Connections are sorted by row.

The matrix whose rows are gathered comes last, as a piece (packing.py): tiles of one `size` for the samples from `first`
to `end`, sample b in its column b − origin. To a reader all of it is X, and b runs over the batch.
"""

from .arrays import Float, Index, unsigned
from .jit import jit
from .simd.tiles import Size, add, dot, fill, load, store


@jit
def spmm(
    rows: Index, cols: Index, values: Float, bias: Float, out: Float,
    X: Float, first: int, end: int, origin: int, size: Size,
) -> None:  # fmt: skip
    """Y[i, b] = β_i + Σ_{e=(i,j)} W[e] · X[j, b] of every row i that has connections; the others are left alone."""
    if rows.size == 0:
        return
    for b in range(first, end, size.samples):
        i = rows[0]
        y = fill(X, bias[i], size)
        for e in range(rows.size):
            if rows[e] != i:
                store(y, out, i, b)
                i = rows[e]
                y = fill(X, bias[i], size)
            y = add(y, values[e], load(X, cols[e], b - origin, size))
        store(y, out, i, b)


@jit
def spmv(rows: Index, cols: Index, values: Float, x: Float, out: Float) -> None:
    """y_i += Σ_{e=(i,j)} W[e] · x_j: a single sample (`out` is added to)."""
    if rows.size == 0:
        return
    i = rows[0]
    y = out[i]
    for e in range(rows.size):
        if rows[e] != i:
            out[i] = y
            i = rows[e]
            y = out[i]
        y += values[e] * x[unsigned(cols[e])]
    out[i] = y


@jit
def spmv_t(rows: Index, cols: Index, values: Float, dy: Float, out: Float) -> None:
    """dx_j += Σ_{e=(i,j)} W[e] · dy_i: a single sample (`out` is added to)."""
    for e in range(rows.size):
        out[unsigned(cols[e])] += values[e] * dy[unsigned(rows[e])]


@jit
def spmm_t(
    rows: Index, cols: Index, values: Float, out: Float, DY: Float, first: int, end: int, origin: int, size: Size
) -> None:
    """DX[j, b] += Σ_{e=(i,j)} W[e] · DY[i, b]   (`out` is added to)."""
    for b in range(first, end, size.samples):
        for e in range(rows.size):
            j = cols[e]
            store(add(load(out, j, b, size), values[e], load(DY, rows[e], b - origin, size)), out, j, b)


@jit
def sddmm(
    rows: Index, cols: Index, DY: Float, out: Float, X: Float, first: int, end: int, origin: int, size: Size
) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j, b] for e = (i, j): the gradient of the listed connections and of no other."""
    for b in range(first, max(end, 1), size.samples):
        for e in range(rows.size):
            s = dot(load(DY, rows[e], b, size), load(X, cols[e], b - origin, size))
            out[e] = s if b == 0 else out[e] + s
