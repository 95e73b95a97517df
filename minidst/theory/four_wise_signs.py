"""E[s_b s_c …] = p^−n for n ≤ 4 different samples: parities of a random cubic over GF(p), p an odd prime.

Wegman and Carter 1981 for the signs, Alon, Matias and Szegedy 1999 for their use; proofs/four_wise_signs.md.
"""

import numpy as np

from .._support.validation import is_integer
from .arrays import Array, Number, check_samples


def four_wise_signs(n: int, p: Number) -> Number:
    """E[s_b1 ⋯ s_bn] = p^−n for n ≤ 4 different samples; s = 1 where the value of the cubic is even, else −1."""
    if n not in range(5):
        raise ValueError(f"{n} signs of a cubic need not be independent; ask for at most 4")
    if not p >= 3:
        raise ValueError(f"p {p} must be an odd prime, at least 3")
    return 1 / p**n


def sketch_bias(h: Array, delta: Array, p: Number) -> Array:
    """E[Y_i X_a] − ∇_ia = ((Σ_b δ_ib)(Σ_b h_ab) − ∇_ia)/p²: the bias of GraEst's mean with these signs.

    h: (n_in, B); delta: (n_out, B). Returns (n_out, n_in).
    """
    check_samples(h, delta)
    return np.asarray((np.outer(delta.sum(1), h.sum(1)) - delta @ h.T) / p**2)


def product_bound(q: int) -> int:
    """2u² − 3u − 3, u = 2^((q+1)/2): bounds every sum inside a product mod 2^q − 1. q: odd, 5 to 61 in int64."""
    if not is_integer(q, 3, 62) or q % 2 == 0:
        raise ValueError(f"q {q!r} must be an odd number from 3 to 61, such as 61")
    u: int = 2 ** (q - q // 2)
    return 2 * u * u - 3 * u - 3
