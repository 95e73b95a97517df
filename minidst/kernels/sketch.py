"""Sketches: one number per unit from its activations over the batch, from which GSE guesses where gradients are large.

Every kernel but `four_wise` adds to `out`, float64: pass zeros, then one part of a batch after the other. Sums are
taken in float64, or a float32 gradient below 10⁻²³ would vanish when squared.
"""

import numpy as np

from .arrays import Float, Offset
from .jit import jit

EXPONENT = 61  # 2⁶¹ − 1 is prime: more samples than any batch has, and products mod p stay within 64 bits


@jit
def l1(H: Float, out: Float) -> None:
    """|h_a|₁ += Σ_b |H[a, b]|   (GraBo)."""
    for a in range(H.shape[0]):
        h, total = H[a], 0.0
        for b in range(h.size):
            total += abs(h[b])
        out[a] += total


@jit
def squares(H: Float, out: Float) -> None:
    """‖h_a‖₂² += Σ_b H[a, b]²   (ours, by Cauchy-Schwarz)."""
    for a in range(H.shape[0]):
        h, total = H[a], 0.0
        for b in range(h.size):
            x = np.float64(h[b])
            total += x * x
        out[a] += total


@jit
def signed(H: Float, s: Float, out: Float) -> None:
    """h_a · s += Σ_b s_b H[a, b], s_b = ±1: the AMS sketch of Alon, Matias and Szegedy (GraEst)."""
    for a in range(H.shape[0]):
        h, total = H[a], 0.0
        for b in range(h.size):
            total += s[b] * h[b]
        out[a] += total


@jit
def product(a: int, b: int, q: int) -> int:
    """a·b mod p for 0 ≤ a, b < p = 2^q − 1, q odd and at most 61.

    Both are split into halves of h = (q + 1)/2 bits, a₁·2ʰ + a₀ and so on. 2^q ≡ 1, so 2²ʰ ≡ 2, and what passes q bits
    is added at the low end. For q = 61 no sum passes 2⁶³ − 2³² − 2³¹ − 3 (proofs/four_wise_signs.md).
    """
    p, h = (1 << q) - 1, (q + 1) // 2
    half, rest = (1 << h) - 1, (1 << (q - h)) - 1
    a1, a0, b1, b0 = a >> h, a & half, b >> h, b & half
    middle = a1 * b0 + a0 * b1
    total = 2 * a1 * b1 + (middle >> (q - h)) + ((middle & rest) << h) + a0 * b0
    total = (total & p) + (total >> q)
    return total - p if total >= p else total


@jit
def polynomial(c: Offset, x: int, q: int) -> int:
    """h(x) = c₀ + c₁x + c₂x² + c₃x³ mod p for 0 ≤ c, x < p = 2^q − 1, by Horner's rule.

    If p is prime and c uniform, the values at any four different x are independent and uniform on 0 … p − 1, for
    exactly one cubic passes through four given points (Wegman and Carter 1981).
    """
    p, value = (1 << q) - 1, 0
    for power in range(c.size - 1, -1, -1):
        value = product(value, x, q) + c[power]
        if value >= p:
            value -= p
    return value


@jit
def four_wise(c: Offset, q: int, out: Float) -> None:
    """s_b = 1 where h(b) is even, else −1: any four samples' signs are independent, with mean 1/p (p is odd)."""
    for b in range(out.size):
        out[b] = 1 - 2 * (polynomial(c, b, q) & 1)
