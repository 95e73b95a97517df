"""Wv = Σ_c W^c_{:,c} ⊙ v^{π_c}: a matrix with at most k weights in each row, as k element-wise products of columns.

Compaction adds the constant output of a hidden neuron without inputs, W₂ ReLU(b₁), to the next bias b₂.
Lasby et al. 2023 (SRigL), arXiv:2305.02299, appendix F, equation 31; proofs/condensed_product.md.
"""

import numpy as np

from .arrays import Array


def condense(W: Array, k: int) -> tuple[Array, Array]:
    """W^c and π, both (n, k): the weights of each row of W (n, d) and their inputs, in order.

    A row with fewer than k weights is padded with weights of 0 on inputs that it does not have.
    """
    if np.ndim(W) != 2:
        raise ValueError(f"W has shape {np.shape(W)}; give (n, d), a row per output")
    most = (W != 0).sum(1).max()
    if most > k:
        raise ValueError(f"a row has {most} weights and k is {k}; a condensed matrix needs k ≥ {most} columns")
    indices = np.argsort(W == 0, 1, kind="stable")[:, :k]
    return np.take_along_axis(W, indices, 1), indices


def condensed_product(values: Array, indices: Array, v: Array) -> Array:
    """Wv = Σ_c W^c_{:,c} ⊙ v^{π_c}, v^{π_c} = v[π_{:,c}]: k gathers of v.

    values W^c, indices π: (n, k); v: (d,) or a batch (d, B). Returns (n,) or (n, B).
    """
    if values.shape != indices.shape:
        raise ValueError(f"values are {values.shape} and indices {indices.shape}; give two of one shape (n, k)")
    if indices.size and not 0 <= indices.min() <= indices.max() < len(v):
        raise ValueError(
            f"indices run from {indices.min()} to {indices.max()}; v {v.shape} needs them from 0 to {len(v) - 1}"
        )
    product: Array = sum((w * v[pi].T).T for w, pi in zip(values.T, indices.T, strict=True))
    return product


def compaction(W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, Array, Array, Array]:
    """W₂ ReLU(W₁x + b₁) + b₂, the same for all x, without the hidden neurons that have no input.

    b₂′ = b₂ + Σ_{j without input} W₂[:, j]·ReLU(b₁[j]). W1: (n, d); W2: (m, n). Returns W₁′, b₁′, W₂′, b₂′.
    """
    kept = (W1 != 0).any(1)
    return W1[kept], b1[kept], W2[:, kept], b2 + W2[:, ~kept] @ np.maximum(b1[~kept], 0)
