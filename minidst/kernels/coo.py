"""Products of a COO matrix: connection e joins output `rows[e]` to input `cols[e]` with weight `values[e]`.

The plainest of the three formats: one connection at a time, as the papers write it. Connections are sorted by row.
"""

from .arrays import Float, Index
from .jit import jit
from .simd.tiles import EIGHT, TWO, Size, dot, load, samples


@jit
def spmm(rows: Index, cols: Index, values: Float, X: Float, out: Float) -> None:
    """Y[i, b] += Σ_{e=(i,j)} W[e] · X[j, b]   (`out` is added to)."""
    for e in range(rows.size):
        w, x, y = values[e], X[cols[e]], out[rows[e]]
        for b in range(y.size):
            y[b] += w * x[b]


@jit
def spmm_t(rows: Index, cols: Index, values: Float, DY: Float, out: Float) -> None:
    """DX[j, b] += Σ_{e=(i,j)} W[e] · DY[i, b]   (`out` is added to)."""
    for e in range(rows.size):
        w, dy, dx = values[e], DY[rows[e]], out[cols[e]]
        for b in range(dx.size):
            dx[b] += w * dy[b]


@jit
def sddmm(rows: Index, cols: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j, b] for e = (i, j): the gradient of the listed connections and of no other."""
    b = _sddmm_tiles(rows, cols, DY, X, EIGHT, 0, out)
    b = _sddmm_tiles(rows, cols, DY, X, TWO, b, out)
    if b < X.shape[1] or b == 0:
        for e in range(rows.size):
            dy, x, s = DY[rows[e], b:], X[cols[e], b:], X.dtype.type(0)
            for c in range(dy.size):
                s += dy[c] * x[c]
            out[e] = s if b == 0 else out[e] + s


@jit
def _sddmm_tiles(rows: Index, cols: Index, DY: Float, X: Float, size: Size, b: int, out: Float) -> int:
    while b + samples(X, size) <= X.shape[1]:
        for e in range(rows.size):
            s = dot(load(DY, rows[e], b, size), load(X, cols[e], b, size))
            out[e] = s if b == 0 else out[e] + s
        b += samples(X, size)
    return b
