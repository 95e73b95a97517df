"""|∇θ| ≤ (|h|1)(|δ|1)ᵀ: GraBo's rank-one bound on a layer's gradient, and the tighter one of l2.

Heddes et al. 2024, arXiv:2401.06898, appendix A, equations 2 and 3; proofs/grabo_bound.md.
"""

import numpy as np

from .arrays import Array, check_samples


def grabo_bound(h: Array, delta: Array) -> Array:
    """|∇_ia| ≤ |δ_i|₁ |h_a|₁, ∇ = δhᵀ.

    h: (n_in, B) activations; delta: (n_out, B) ∂L/∂outputs. Returns (n_out, n_in).
    """
    check_samples(h, delta)
    return np.outer(np.abs(delta).sum(1), np.abs(h).sum(1))


def l2_bound(h: Array, delta: Array) -> Array:
    """|∇_ia| ≤ ‖δ_i‖₂ ‖h_a‖₂ ≤ |δ_i|₁ |h_a|₁ ≤ B ‖δ_i‖₂ ‖h_a‖₂ (ours, by Cauchy and Schwarz): (n_out, n_in)."""
    check_samples(h, delta)
    return np.outer(np.sqrt((delta * delta).sum(1)), np.sqrt((h * h).sum(1)))


def grabo_attained(h: Array, delta: Array) -> Array:
    """Where |∇_ia| = |δ_i|₁ |h_a|₁, (n_out, n_in) bool.

    That is exactly where h_a or δ_i is 0 in every sample, or both are non-zero in one sample only, the same one.
    """
    check_samples(h, delta)
    h_on, delta_on = h != 0, delta != 0
    empty = np.logical_or.outer(~delta_on.any(1), ~h_on.any(1))
    alone = np.logical_and.outer(delta_on.sum(1) == 1, h_on.sum(1) == 1)
    meet = delta_on.astype(int) @ h_on.astype(int).T == 1
    return np.asarray(empty | (alone & meet))
