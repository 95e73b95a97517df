"""Products of a COO matrix: connection e joins output `rows[e]` to input `cols[e]` with weight `values[e]`.

The plainest of the three formats: one connection at a time, as the papers write it. Connections are sorted by row.
"""

from .arrays import Float, Index
from .jit import jit


@jit
def spmm(rows: Index, cols: Index, values: Float, X: Float, out: Float) -> None:
    """Y[i, b] += Σ_{e=(i,j)} W[e] · X[j, b]   (`out` is added to: hand in zeros)."""
    for e in range(rows.size):
        w, x, y = values[e], X[cols[e]], out[rows[e]]
        for b in range(y.size):
            y[b] += w * x[b]


@jit
def spmm_t(order: Index, rows: Index, cols: Index, values: Float, DY: Float, out: Float) -> None:
    """DX[j, b] += Σ_{e=(i,j)} W[e] · DY[i, b]   (`out` is added to), connections taken in `order`, column by column."""
    for p in range(order.size):
        e = order[p]
        w, dy, dx = values[e], DY[rows[e]], out[cols[e]]
        for b in range(dx.size):
            dx[b] += w * dy[b]


@jit
def sddmm(rows: Index, cols: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j, b] for e = (i, j): the gradient of the listed connections and of no other."""
    e = 0
    while e < rows.size:
        dy = DY[rows[e]]
        if e + 3 < rows.size and rows[e] == rows[e + 3]:  # rows are sorted: four connections share one load of DY[i]
            x0, x1, x2, x3 = X[cols[e]], X[cols[e + 1]], X[cols[e + 2]], X[cols[e + 3]]
            s0 = s1 = s2 = s3 = X.dtype.type(0)
            for b in range(dy.size):
                s0 += dy[b] * x0[b]
                s1 += dy[b] * x1[b]
                s2 += dy[b] * x2[b]
                s3 += dy[b] * x3[b]
            out[e], out[e + 1], out[e + 2], out[e + 3] = s0, s1, s2, s3
            e += 4
        else:
            x = X[cols[e]]
            s = X.dtype.type(0)
            for b in range(dy.size):
                s += dy[b] * x[b]
            out[e] = s
            e += 1
