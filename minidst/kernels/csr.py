"""Products of a CSR matrix: row i holds the connections `indptr[i]` to `indptr[i + 1]`, the fan-in of output i.

Samples are processed in tiles that stay in vector registers (simd/tiles.py). A wide layer's X does not fit into the
fast part of the cache, so it is visited in panels of rows: connections of every output to the first panel, then to the
next. Each row of `out` belongs to one outer iteration that reads nothing another one writes, so any slice of rows may
run on any thread, with the same bits.
"""

from .arrays import Float, Index, Offset
from .jit import jit
from .simd.tiles import EIGHT, OCTET, TWO, Size, add, dot, fill, last, load, pick, samples, store


@jit
def spmm(indptr: Offset, indices: Index, values: Float, X: Float, bias: Float, panel: int, out: Float) -> None:
    """Y[i, b] = β_i + Σ_{e in row i} W[e] · X[j(e), b], `panel` rows of X at a time."""
    b = _spmm_tiles(indptr, indices, values, X, bias, panel, EIGHT, 0, out)
    b = _spmm_tiles(indptr, indices, values, X, bias, panel, TWO, b, out)
    if b < X.shape[1]:
        for i in range(out.shape[0]):
            y = out[i, b:]
            y[:] = bias[i]
            for e in range(indptr[i], indptr[i + 1]):
                w, x = values[e], X[indices[e], b:]
                for c in range(y.size):
                    y[c] += w * x[c]


@jit
def _spmm_tiles(
    indptr: Offset, indices: Index, values: Float, X: Float, bias: Float, panel: int, size: Size, b: int, out: Float
) -> int:
    """The samples from b on, while whole tiles of this size are left; returns the first that is not done."""
    while b + samples(X, size) <= X.shape[1]:
        here = indptr[:-1].copy()  # the connection of each row that comes next
        for limit in range(panel, X.shape[0] + panel, panel):
            for i in range(out.shape[0]):
                j, w = indices[here[i] : indptr[i + 1]], values[here[i] : indptr[i + 1]]
                y = fill(X, bias[i], size) if limit == panel else load(out, i, b, size)
                e = 0
                while e < j.size and j[e] < limit:
                    y = add(y, w[e], load(X, j[e], b, size))
                    e += 1
                store(y, out, i, b)
                here[i] += e
        b += samples(X, size)
    return b


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
def sddmm(indptr: Offset, indices: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[e] = Σ_b DY[i, b] · X[j(e), b] for every e in row i."""
    b = _sddmm_tiles(indptr, indices, DY, X, EIGHT, 0, out)
    b = _sddmm_tiles(indptr, indices, DY, X, TWO, b, out)
    if b < X.shape[1] or b == 0:
        for i in range(DY.shape[0]):
            dy = DY[i, b:]
            for e in range(indptr[i], indptr[i + 1]):
                x, s = X[indices[e], b:], X.dtype.type(0)
                for c in range(dy.size):
                    s += dy[c] * x[c]
                out[e] = s if b == 0 else out[e] + s


@jit
def _sddmm_tiles(indptr: Offset, indices: Index, DY: Float, X: Float, size: Size, b: int, out: Float) -> int:
    while b + samples(X, size) <= X.shape[1]:
        for i in range(DY.shape[0]):
            dy = load(DY, i, b, size)
            j, dw = indices[indptr[i] : indptr[i + 1]], out[indptr[i] : indptr[i + 1]]
            for e in range(j.size):
                s = dot(dy, load(X, j[e], b, size))
                dw[e] = s if b == 0 else dw[e] + s
        b += samples(X, size)
    return b
