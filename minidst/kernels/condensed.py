"""Products of a condensed matrix: output rows[a] has exactly k inputs, `indices[a, 0..k)`, with weights `values[a]`.

SRigL's layout (Lasby et al. 2023, appendix F): two (n_active, k) arrays and no row pointer. Outputs that are not in
`rows` are ablated: they have no inputs at all, and the kernels leave them alone.
"""

from .arrays import Float, Index
from .jit import jit
from .simd.tiles import OCTET, Size, add, dot, fill, last, load, pick, store


@jit
def spmm(
    rows: Index, indices: Index, values: Float, bias: Float, out: Float,
    X: Float, first: int, end: int, origin: int, size: Size,
) -> None:  # fmt: skip
    """Y[rows[a], b] = β_rows[a] + Σ_c W[a, c] · X[indices[a, c], b]."""
    for b in range(first, end, size.samples):
        for a in range(rows.size):
            y = fill(X, bias[rows[a]], size)
            for c in range(indices.shape[1]):
                y = add(y, values[a, c], load(X, indices[a, c], b - origin, size))
            store(y, out, rows[a], b)


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
def sddmm(
    rows: Index, indices: Index, DY: Float, out: Float, X: Float, first: int, end: int, origin: int, size: Size
) -> None:
    """DW[a, c] = Σ_b DY[rows[a], b] · X[indices[a, c], b]."""
    for b in range(first, max(end, 1), size.samples):
        for a in range(rows.size):
            dy = load(DY, rows[a], b, size)
            for c in range(indices.shape[1]):
                s = dot(dy, load(X, indices[a, c], b - origin, size))
                out[a, c] = s if b == 0 else out[a, c] + s
