"""One number per unit from its activations over the batch: what guided exploration knows of a layer.

Summed in float64, for a gradient's square can be too small for float32 where the gradient is not.
"""

from math import sqrt

import numpy as np

from .arrays import Float
from .jit import jit


@jit
def l1(H: Float, out: Float) -> None:
    """|h_a|₁ = Σ_b |H[a, b]|   (GraBo)."""
    for a in range(H.shape[0]):
        h = H[a]
        s = 0.0
        for b in range(h.size):
            s += abs(h[b])
        out[a] = s


@jit
def l2(H: Float, out: Float) -> None:
    """‖h_a‖₂ = √(Σ_b H[a, b]²)   (ours, by Cauchy-Schwarz)."""
    for a in range(H.shape[0]):
        h = H[a]
        s = 0.0
        for b in range(h.size):
            s += np.float64(h[b]) * np.float64(h[b])
        out[a] = sqrt(s)


@jit
def signed(H: Float, s: Float, out: Float) -> None:
    """|h_a · s| = |Σ_b s_b H[a, b]|, s_b = ±1: the AMS sketch of Alon, Matias and Szegedy (GraEst)."""
    for a in range(H.shape[0]):
        h = H[a]
        total = 0.0
        for b in range(h.size):
            total += s[b] * h[b]
        out[a] = abs(total)
