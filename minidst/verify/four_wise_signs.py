"""Theorem 3, by every cubic over GF(5), GF(7) and GF(11), and by every product mod 7, 31 and 127."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np

from ..kernels import sketch
from ..kernels.arrays import Offset
from ..theory import four_wise_signs, product_bound
from .theorem import Counted, Theorem


def check() -> Counted:
    """Values at four points, the signs' products, the kernel's signs, and its products with the sums on the way."""
    found = [_values(5), _values(7), _values(11), _kernel(), *(_products(q) for q in (3, 5, 7))]
    return Counted(sum(part.cases for part in found), max(part.deviation for part in found))


def values(p: int, coefficients: int) -> Offset:
    """h(x) mod p of every polynomial with so many coefficients (rows) at every x in GF(p) (columns)."""
    c = np.array(list(product(range(p), repeat=coefficients)))
    powers = np.array([[x**i % p for x in range(p)] for i in range(coefficients)])
    table: Offset = c @ powers % p
    return table


def times_hit(table: Offset, points: tuple[int, ...], p: int) -> Offset:
    """How many polynomials take each tuple of values at these points, (p^len(points),)."""
    codes = table[:, points] @ p ** np.arange(len(points))
    return np.bincount(codes, minlength=p ** len(points))


def _values(p: int) -> Counted:
    """d coefficients: each d-tuple of values comes once, for any d points; and up to four signs multiply to p^−n."""
    cases, deviation = 0, Fraction(0)
    for d in (3, 4):
        table = values(p, d)
        for points in combinations(range(p), d):
            hit = times_hit(table, points, p)
            deviation, cases = max(deviation, Fraction(int(np.abs(hit - 1).max()))), cases + hit.size
    return Counted(cases, float(max(deviation, _signs(1 - 2 * (table % 2), p))))


def _signs(s: Offset, p: int) -> Fraction:
    """The largest |E[s_b1 ⋯ s_bn] − p^−n| over all sets of up to four points; one row of s a cubic."""
    off = Fraction(0)
    for n in range(5):
        for points in combinations(range(p), n):
            mean = Fraction(int(s[:, points].prod(1).sum()), len(s))
            off = max(off, abs(mean - four_wise_signs(n, Fraction(p))))
    return off


def _kernel() -> Counted:
    """The package's own signs, of every cubic over GF(7), which is 2³ − 1."""
    s = np.empty((7**4, 7))
    for c, row in zip(np.array(list(product(range(7), repeat=4))), s, strict=True):
        sketch.four_wise(c, 3, row)
    return Counted(s.size, float(_signs(s.astype(int), 7)))


def _products(q: int) -> Counted:
    """Every a·b mod p = 2^q − 1 of the package against Python's, and the largest sum on the way below its bound."""
    p = 2**q - 1
    wrong = sum(sketch.product(a, b, q) != a * b % p for a in range(p) for b in range(p))
    return Counted(p * p, max(wrong, max(total(a, b, q) for a in range(p) for b in range(p)) - product_bound(q), 0))


def total(a: int, b: int, q: int) -> int:
    """The sum that the package's product reduces, in integers that cannot overflow."""
    high, low = 1 << (q - 1) // 2, 1 << (q + 1) // 2
    (a1, a0), (b1, b0) = divmod(a, low), divmod(b, low)
    above, below = divmod(a1 * b0 + a0 * b1, high)
    return 2 * a1 * b1 + above + below * low + a0 * b0


THEOREM = Theorem(
    name="four_wise_signs",
    source="Alon et al. 1999",
    statement="cubics over GF(p): any 4 values independent, E[n ≤ 4 signs] = p⁻ⁿ; products mod 2⁶¹ − 1 stay below 2⁶³",
    how="exhaustive",
    held="yes; parities are biased by 1/p",
    check=check,
)
