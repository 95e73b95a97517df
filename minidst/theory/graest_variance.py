"""Mean, variance and magnitude of GraEst's estimate Y_i X_a of the gradient ∇_ia = Σ_b δ_ib h_ab.

X_a = Σ_b s_b h_ab and Y_i = Σ_b s_b δ_ib share one random sign s_b per sample. E[Y_i X_a] = ∇_ia; Var[Y_i X_a] =
‖δ_i‖²‖h_a‖² + ∇_ia² − 2Σ_b δ_ib² h_ab²; E|Y_i X_a| ≥ |∇_ia|, and GraEst samples by |Y_i X_a|.
h: (n_in, B) activations; delta: (n_out, B), ∂L/∂outputs; all results are (n_out, n_in).
Heddes et al. 2024, arXiv:2401.06898, appendix A, equations 4 and 5; proofs/graest_variance.md.
"""

import numpy as np

from .arrays import Array, Floats, check_samples

MOST = 16
"""The largest B whose 2^B sign vectors are enumerated; no much cheaper way is known, see the proof."""


def graest_mean(h: Array, delta: Array) -> Array:
    """E[(δs)(hs)ᵀ] = δhᵀ = ∇. Needs any two signs independent, of mean 0."""
    check_samples(h, delta)
    return np.asarray(delta @ h.T)


def graest_variance(h: Array, delta: Array) -> Array:
    """Var[Y_i X_a] = Σ_{b≠c} (h_ab² δ_ic² + h_ab δ_ib h_ac δ_ic). Needs any four signs independent, of mean 0."""
    check_samples(h, delta)
    h2, delta2 = h * h, delta * delta
    return np.asarray(np.outer(delta2.sum(1), h2.sum(1)) + graest_mean(h, delta) ** 2 - 2 * (delta2 @ h2.T))


def graest_magnitude(h: Array, delta: Array) -> Array:
    """E|Y_i X_a| = 2^−B Σ_s |δ_i s||h_a s| over all 2^B sign vectors s: O(2^B (n_in + n_out) B) time."""
    check_samples(h, delta)
    s = _signs(h)
    return np.asarray(np.abs(delta @ s) @ np.abs(h @ s).T / s.shape[1])


def graest_magnitude_gap(h: Array, delta: Array) -> Array:
    """E|Y_i X_a| − |E Y_i X_a| ≥ 0: the excess of a connection's sampling weight over its gradient's magnitude."""
    return graest_magnitude(h, delta) - np.abs(graest_mean(h, delta))


def graest_gap_bound(h: Array, delta: Array) -> Floats:
    """E|Y_i X_a| − |∇_ia| ≤ min(√(∇_ia² + Var[Y_i X_a]), ‖δ_i‖‖h_a‖) − |∇_ia|, for any B in O(n_in n_out B) time."""
    mean, variance, l2 = graest_mean(h, delta), graest_variance(h, delta), np.outer((delta**2).sum(1), (h**2).sum(1))
    return np.asarray(np.sqrt(np.minimum(mean**2 + variance, l2).astype(float)) - np.abs(mean).astype(float))


def graest_probability(h: Array, delta: Array) -> Array:
    """E[f_a g_i], f_a = |X_a|/Σ|X|, g_i = |Y_i|/Σ|Y|: the probability that a draw gives the pair; Σ = 1.

    Not proportional to |∇| nor to E|YX|. Where a sketch is 0 for every unit, the draw is uniform.
    """
    check_samples(h, delta)
    s = _signs(h)
    g, f = (_distribution(sketch) for sketch in (delta @ s, h @ s))
    return np.asarray(g @ f.T / s.shape[1])


def _distribution(sketch: Array) -> Array:
    """|sketch|, one column for each s, scaled to sum 1; a column of zeros becomes uniform."""
    weight = np.add(np.abs(sketch), (sketch == 0).all(0))
    return np.asarray(weight / weight.sum(0))


def _signs(h: Array) -> Array:
    """Every s ∈ {−1, 1}^B as a column, (B, 2^B)."""
    B = h.shape[1]
    if B > MOST:
        raise ValueError(f"{B} samples have 2^{B} sign vectors; use at most {MOST}, or graest_gap_bound")
    return 1 - 2 * np.indices((2,) * B).reshape(B, 2**B)
