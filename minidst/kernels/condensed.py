"""Products of a condensed matrix: output rows[a] has exactly k inputs, `indices[a, 0..k)`, with weights `values[a]`.

SRigL's layout (Lasby et al. 2023, appendix F): two (n_active, k) arrays and no row pointer. Outputs that are not in
`rows` are ablated: they have no inputs at all, and the kernels leave them alone.
"""

from .arrays import Float, Index
from .jit import jit
from .simd.tiles import EIGHT, OCTET, TWO, Size, add, dot, fill, last, load, pick, samples, store


@jit
def spmm(rows: Index, indices: Index, values: Float, X: Float, bias: Float, out: Float) -> None:
    """Y[rows[a], b] = β_rows[a] + Σ_c W[a, c] · X[indices[a, c], b]."""
    b = _spmm_tiles(rows, indices, values, X, bias, EIGHT, 0, out)
    b = _spmm_tiles(rows, indices, values, X, bias, TWO, b, out)
    if b < X.shape[1]:
        for a in range(rows.size):
            y = out[rows[a], b:]
            y[:] = bias[rows[a]]
            for c in range(indices.shape[1]):
                w, x = values[a, c], X[indices[a, c], b:]
                for d in range(y.size):
                    y[d] += w * x[d]


@jit
def _spmm_tiles(
    rows: Index, indices: Index, values: Float, X: Float, bias: Float, size: Size, b: int, out: Float
) -> int:
    """The samples from b on, while whole tiles of this size are left; returns the first that is not done."""
    while b + samples(X, size) <= X.shape[1]:
        for a in range(rows.size):
            y = fill(X, bias[rows[a]], size)
            for c in range(indices.shape[1]):
                y = add(y, values[a, c], load(X, indices[a, c], b, size))
            store(y, out, rows[a], b)
        b += samples(X, size)
    return b


@jit
def spmv(k: int, indices: Index, values: Float, x: Float, bias: Float, out: Float) -> None:
    """y_a = β_a + Σ_c W[a, c] · x[indices[a, c]], of active rows: a single sample, eight connections at a time.

    indices, values: written out as (n_active·k,); bias, out: (n_active,). A call hands over as little as it can: for
    one sample that takes as long as a thousand connections. The rest of a row is as in csr.spmv.
    """
    weights, ones = values.reshape(1, values.size), fill(values, 1, OCTET)
    rest = k % 8
    looks_back = k > 8 and rest > 3
    for a in range(out.size):
        e, end = a * k, (a + 1) * k
        eight, y = fill(values, 0, OCTET), bias[a]
        while e + 8 <= end:
            eight = add(eight, load(weights, 0, e, OCTET), pick(x, indices, e, OCTET))
            e += 8
        if looks_back:
            eight = add(eight, load(weights, 0, end - 8, OCTET), last(pick(x, indices, end - 8, OCTET), rest))
            e = end
        while e < end:
            y += values[e] * x[indices[e]]
            e += 1
        out[a] = y + dot(eight, ones)


@jit
def sddmm(rows: Index, indices: Index, DY: Float, X: Float, out: Float) -> None:
    """DW[a, c] = Σ_b DY[rows[a], b] · X[indices[a, c], b]."""
    b = _sddmm_tiles(rows, indices, DY, X, EIGHT, 0, out)
    b = _sddmm_tiles(rows, indices, DY, X, TWO, b, out)
    if b < X.shape[1] or b == 0:
        for a in range(rows.size):
            dy = DY[rows[a], b:]
            for c in range(indices.shape[1]):
                x, s = X[indices[a, c], b:], X.dtype.type(0)
                for d in range(dy.size):
                    s += dy[d] * x[d]
                out[a, c] = s if b == 0 else out[a, c] + s


@jit
def _sddmm_tiles(rows: Index, indices: Index, DY: Float, X: Float, size: Size, b: int, out: Float) -> int:
    while b + samples(X, size) <= X.shape[1]:
        for a in range(rows.size):
            dy = load(DY, rows[a], b, size)
            for c in range(indices.shape[1]):
                s = dot(dy, load(X, indices[a, c], b, size))
                out[a, c] = s if b == 0 else out[a, c] + s
        b += samples(X, size)
    return b
