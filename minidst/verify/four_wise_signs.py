"""Theorem 3, by every cubic over GF(5), GF(7) and GF(11), and by every product mod 7, 31 and 127."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np

from ..kernels import sketch
from ..kernels.arrays import Offset
from ..theory import four_wise_signs, product_bound
from .theorem import Cases, Theorem


def cases() -> Cases:
    """Values at four points, the signs' products, the kernel's signs, and its products with the sums on the way."""
    for p in (5, 7, 11):
        for d in (3, 4):  # d coefficients: each d-tuple of values comes once, for any d points
            table = values(p, d)
            for points in combinations(range(p), d):
                hit = times_hit(table, points, p)
                yield hit.size, np.abs(hit - 1).max()
        yield 0, _sign_error(1 - 2 * (table % 2), p)  # of the cubics
    s = np.empty((7**4, 7))  # the kernel's own signs, of every cubic over GF(7), which is 2³ − 1
    for c, row in zip(np.array(list(product(range(7), repeat=4))), s, strict=True):
        sketch.four_wise(c, 3, row)
    yield s.size, _sign_error(s.astype(int), 7)
    for q in (3, 5, 7):
        p = 2**q - 1
        for a, b in product(range(p), repeat=2):
            yield 1, max(sketch.product(a, b, q) != a * b % p, total(a, b, q) - product_bound(q))


def values(p: int, coefficients: int) -> Offset:
    """h(x) mod p of every polynomial with so many coefficients (rows) at every x in GF(p) (columns)."""
    c = np.array(list(product(range(p), repeat=coefficients)))
    powers = np.array([[x**i % p for x in range(p)] for i in range(coefficients)])
    return np.asarray(c @ powers % p)


def times_hit(table: Offset, points: tuple[int, ...], p: int) -> Offset:
    """How many polynomials take each tuple of values at these points, (p^len(points),)."""
    codes = table[:, points] @ p ** np.arange(len(points))
    return np.bincount(codes, minlength=p ** len(points))


def _sign_error(s: Offset, p: int) -> Fraction:
    """The largest |E[s_b1 ⋯ s_bn] − p^−n| over all sets of up to four points; one row of s per cubic."""
    sets = [points for n in range(5) for points in combinations(range(p), n)]
    mean = {points: Fraction(int(s[:, points].prod(1).sum()), len(s)) for points in sets}
    return max(abs(mean[points] - Fraction(four_wise_signs(len(points), Fraction(p)))) for points in sets)


def total(a: int, b: int, q: int) -> int:
    """The sum that the package's product reduces, in integers that cannot overflow."""
    high, low = 1 << (q - 1) // 2, 1 << (q + 1) // 2
    (a1, a0), (b1, b0) = divmod(a, low), divmod(b, low)
    above, below = divmod(a1 * b0 + a0 * b1, high)
    return 2 * a1 * b1 + above + below * low + a0 * b0


THEOREM = Theorem(
    name="four_wise_signs", source="Alon et al. 1999",
    statement="cubics over GF(p): any 4 values independent, E[n ≤ 4 signs] = p⁻ⁿ; products mod 2⁶¹ − 1 stay below 2⁶³",
    cases=cases, held="yes; parities are biased by 1/p",
)  # fmt: skip
