"""Products of a CSR matrix: row i holds the connections `indptr[i]` to `indptr[i + 1]`, the fan-in of output i.

Each kernel writes one output row per outer iteration and reads nothing another iteration writes, so a caller may
hand any slice of rows (`indptr[r0 : r1 + 1]` with `out[r0:r1]`) to any thread and get the same bits.
Eight connections go through the batch together: one load and one store of Y[i] serve eight multiply-adds.
"""

from .arrays import Float, Index, Offset
from .jit import jit


@jit
def spmm(indptr: Offset, indices: Index, values: Float, X: Float, out: Float) -> None:
    """Y[i, b] = Σ_{e in row i} W[e] · X[j(e), b]."""
    for i in range(indptr.size - 1):
        y = out[i]
        y[:] = 0
        e, end = indptr[i], indptr[i + 1]
        while e + 8 <= end:
            w0, w1, w2, w3 = values[e], values[e + 1], values[e + 2], values[e + 3]
            w4, w5, w6, w7 = values[e + 4], values[e + 5], values[e + 6], values[e + 7]
            x0, x1, x2, x3 = X[indices[e]], X[indices[e + 1]], X[indices[e + 2]], X[indices[e + 3]]
            x4, x5, x6, x7 = X[indices[e + 4]], X[indices[e + 5]], X[indices[e + 6]], X[indices[e + 7]]
            for b in range(y.size):
                y[b] += (w0 * x0[b] + w1 * x1[b] + w2 * x2[b] + w3 * x3[b]) + (
                    w4 * x4[b] + w5 * x5[b] + w6 * x6[b] + w7 * x7[b]
                )
            e += 8
        while e < end:
            w, x = values[e], X[indices[e]]
            for b in range(y.size):
                y[b] += w * x[b]
            e += 1


@jit
def spmm_t(colptr: Offset, rows: Index, order: Index, values: Float, DY: Float, out: Float) -> None:
    """DX[j, b] = Σ_{e in column j} W[e] · DY[i(e), b], over the CSC view: entry p is connection order[p]."""
    for j in range(colptr.size - 1):
        dx = out[j]
        dx[:] = 0
        p, end = colptr[j], colptr[j + 1]
        while p + 8 <= end:
            w0, w1, w2, w3 = values[order[p]], values[order[p + 1]], values[order[p + 2]], values[order[p + 3]]
            w4, w5, w6, w7 = values[order[p + 4]], values[order[p + 5]], values[order[p + 6]], values[order[p + 7]]
            d0, d1, d2, d3 = DY[rows[p]], DY[rows[p + 1]], DY[rows[p + 2]], DY[rows[p + 3]]
            d4, d5, d6, d7 = DY[rows[p + 4]], DY[rows[p + 5]], DY[rows[p + 6]], DY[rows[p + 7]]
            for b in range(dx.size):
                dx[b] += (w0 * d0[b] + w1 * d1[b] + w2 * d2[b] + w3 * d3[b]) + (
                    w4 * d4[b] + w5 * d5[b] + w6 * d6[b] + w7 * d7[b]
                )
            p += 8
        while p < end:
            w, dy = values[order[p]], DY[rows[p]]
            for b in range(dx.size):
                dx[b] += w * dy[b]
            p += 1


@jit
def sddmm(indptr: Offset, indices: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j(e), b] for every e in row i, four connections to one load of DY[i]."""
    for i in range(indptr.size - 1):
        dy = DY[i]
        e, end = indptr[i], indptr[i + 1]
        while e + 4 <= end:
            x0, x1, x2, x3 = X[indices[e]], X[indices[e + 1]], X[indices[e + 2]], X[indices[e + 3]]
            s0 = s1 = s2 = s3 = X.dtype.type(0)
            for b in range(dy.size):
                s0 += dy[b] * x0[b]
                s1 += dy[b] * x1[b]
                s2 += dy[b] * x2[b]
                s3 += dy[b] * x3[b]
            out[e], out[e + 1], out[e + 2], out[e + 3] = s0, s1, s2, s3
            e += 4
        while e < end:
            x = X[indices[e]]
            s = X.dtype.type(0)
            for b in range(dy.size):
                s += dy[b] * x[b]
            out[e] = s
            e += 1
