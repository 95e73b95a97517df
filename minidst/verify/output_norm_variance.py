"""Theorem 4, by every mask of a small layer and every set of positive inputs, in Fractions."""

from fractions import Fraction
from math import comb

import numpy as np

from ..theory import output_norm_variance
from .theorem import Cases, Theorem

SIZES = ((1, 1), (1, 4), (2, 1), (2, 2), (2, 3), (2, 5), (3, 1), (3, 2), (3, 3), (3, 4), (4, 2), (4, 3), (5, 2), (6, 1))
"""(n, m): inputs and outputs."""


def fourth_moments(n: int, m: int) -> tuple[list[int], list[int]]:
    """n(n + 2)·2ⁿ·Σ E[(Σ_i (Σ_j W_ij ξ_j u_j)²)²] over the masks with 0, 1, …, mn connections, and their number.

    W_ij ~ N(0, 1) on the mask, ξ all 2ⁿ vectors of zeros and ones, u uniform on the sphere. Given mask and ξ, row i
    is √(Σ_j I_ij ξ_j u_j²) times a normal number: E g⁴ = 3, E u_j⁴ = 3/(n(n + 2)), E u_j²u_k² = 1/(n(n + 2)).
    Second in the pair: the same over masks whose rows all have equally many connections, by their number.
    """
    masks = ((np.arange(1 << (n * m))[:, None] >> np.arange(n * m)) & 1).reshape(-1, m, n)
    moments = np.zeros(len(masks), np.int64)
    for xi in (np.arange(1 << n)[:, None] >> np.arange(n)) & 1:
        rows = masks * xi
        common = rows @ rows.swapaxes(1, 2)  # |a_i ∩ a_i'|; its diagonal is |a_i|
        size = rows.sum(2)
        pairs = size[:, :, None] * size[:, None, :] + 2 * common
        moments += pairs.sum((1, 2)) + 2 * np.trace(pairs, axis1=1, axis2=2)
    fan_ins = masks.sum(2)
    constant = (fan_ins == fan_ins[:, :1]).all(1)
    any_rows = [int(moments[fan_ins.sum(1) == count].sum()) for count in range(n * m + 1)]
    same_rows = [int(moments[constant & (fan_ins[:, 0] == k)].sum()) for k in range(n + 1)]
    return any_rows, same_rows


def enumerated(n: int, m: int) -> dict[tuple[str, Fraction], Fraction]:
    """{(kind, k): variance} by enumeration: fan_in at k = 1 … n, the others at every k = 1/m, 2/m, …, n."""
    any_rows, same_rows = fourth_moments(n, m)
    unit = Fraction(1, n * (n + 2) * 2**n)
    variance = {}
    for count in range(1, n * m + 1):
        k = Fraction(count, m)
        p = k / n
        square = (2 / k * Fraction(n, m)) ** 2 * unit  # of √(2/k) in each weight, and of n/m in R
        weighted = [p**on * (1 - p) ** (n * m - on) * moment for on, moment in enumerate(any_rows)]
        variance["bernoulli", k] = square * sum(weighted) - 1
        variance["per_layer", k] = square * any_rows[count] / comb(n * m, count) - 1
        if k.denominator == 1:
            variance["fan_in", k] = square * same_rows[int(k)] / comb(n, int(k)) ** m - 1
    return variance


def cases() -> Cases:
    """Every size, kind and k: the closed form and the enumeration are the same Fraction."""
    for n, m in SIZES:
        for (kind, k), variance in enumerated(n, m).items():
            yield 1, abs(output_norm_variance(kind, n, k, m) - variance)  # type: ignore[arg-type]


THEOREM = Theorem(
    name="output_norm_variance", source="SRigL, appendix B, eq. 14, 21 and 25",
    statement="Var(‖z‖²/‖x‖²) of a sparse ReLU layer; fan_in ≤ per_layer ≤ bernoulli, except at n = 2",
    cases=cases, how="exhaustive, symbolic",
    held="eq. 14 and 25 do; eq. 1, 2, 3 and 21 have k/n for n/k; “always smaller” fails at n = 2",
)  # fmt: skip
