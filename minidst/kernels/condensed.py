"""Products of a condensed matrix: output rows[a] has exactly k inputs, `indices[a, 0..k)`, with weights `values[a]`.

SRigL's layout (Lasby et al. 2023, appendix F): two (n_active, k) arrays and no row pointer. Outputs that are not in
`rows` are ablated: they have no inputs at all.
"""

from .arrays import Float, Index
from .csr import spmm_t as spmm_t  # over the CSC view a condensed matrix is like any other
from .jit import jit


@jit
def spmm(rows: Index, indices: Index, values: Float, X: Float, out: Float) -> None:
    """Y[rows[a], b] += Σ_c W[a, c] · X[indices[a, c], b]   (`out` is added to: hand in zeros)."""
    n_active, k = indices.shape
    for a in range(n_active):
        w, j, y = values[a], indices[a], out[rows[a]]
        c = 0
        while c + 8 <= k:
            w0, w1, w2, w3, w4, w5, w6, w7 = w[c], w[c + 1], w[c + 2], w[c + 3], w[c + 4], w[c + 5], w[c + 6], w[c + 7]
            x0, x1, x2, x3 = X[j[c]], X[j[c + 1]], X[j[c + 2]], X[j[c + 3]]
            x4, x5, x6, x7 = X[j[c + 4]], X[j[c + 5]], X[j[c + 6]], X[j[c + 7]]
            for b in range(y.size):
                y[b] += (w0 * x0[b] + w1 * x1[b] + w2 * x2[b] + w3 * x3[b]) + (
                    w4 * x4[b] + w5 * x5[b] + w6 * x6[b] + w7 * x7[b]
                )
            c += 8
        while c < k:
            wc, x = w[c], X[j[c]]
            for b in range(y.size):
                y[b] += wc * x[b]
            c += 1


@jit
def sddmm(rows: Index, indices: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[a, c] = Σ_b DY[rows[a], b] · X[indices[a, c], b]."""
    n_active, k = indices.shape
    for a in range(n_active):
        dy, j, dw = DY[rows[a]], indices[a], out[a]
        c = 0
        while c + 4 <= k:
            x0, x1, x2, x3 = X[j[c]], X[j[c + 1]], X[j[c + 2]], X[j[c + 3]]
            s0 = s1 = s2 = s3 = X.dtype.type(0)
            for b in range(dy.size):
                s0 += dy[b] * x0[b]
                s1 += dy[b] * x1[b]
                s2 += dy[b] * x2[b]
                s3 += dy[b] * x3[b]
            dw[c], dw[c + 1], dw[c + 2], dw[c + 3] = s0, s1, s2, s3
            c += 4
        while c < k:
            x = X[j[c]]
            s = X.dtype.type(0)
            for b in range(dy.size):
                s += dy[b] * x[b]
            dw[c] = s
            c += 1
