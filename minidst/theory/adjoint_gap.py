"""⟨v, Ju⟩ = ⟨Jᵀv, u⟩: what the backward pass of a layer with Jacobian J must satisfy for all u and v.

Every gradient of minidst.nn is written by hand; this equation defines the adjoint. proofs/adjoint_gap.md.
"""

import numpy as np

from .arrays import Array, Number


def adjoint_gap(Ju: Array, u: Array, JTv: Array, v: Array) -> Number:
    """|⟨v, Ju⟩ − ⟨Jᵀv, u⟩|: 0 for all u and v if and only if JTv is Jᵀv. Ju has the shape of v, JTv that of u."""
    return abs((v * Ju).sum() - (JTv * u).sum())


def linear_tangent(W: Array, X: Array, RW: Array, RX: Array, Rb: Array) -> Array:
    """Ju of Y = WX + b in the direction u = (RW, Rb, RX): RY_ib = Σ_j W_ij RX_jb + Σ_j RW_ij X_jb + Rb_i.

    W, RW: (n_out, n_in); X, RX: (n_in, B); Rb: (n_out,). Returns (n_out, B).
    """
    return np.asarray(np.einsum("ij,jb->ib", W, RX) + np.einsum("ij,jb->ib", RW, X) + Rb[:, None])


def linear_adjoint(W: Array, X: Array, DY: Array) -> tuple[Array, Array, Array]:
    """Jᵀv of Y = WX + b: DW_ij = Σ_b DY_ib X_jb, Db_i = Σ_b DY_ib, DX_jb = Σ_i W_ij DY_ib. DY: (n_out, B)."""
    return np.einsum("ib,jb->ij", DY, X), DY.sum(axis=-1), np.einsum("ij,ib->jb", W, DY)


def difference_bound(h: Number, third: Number, noise: Number) -> Number:
    """|F′(z) − (F(z + h) − F(z − h))/2h| ≤ h²/6 · max|F‴| + ν/h. third: max|F‴| within h; noise ν: error of one F."""
    return h * h * third / 6 + noise / h
