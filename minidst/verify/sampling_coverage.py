"""Theorem 7, by every sequence of draws in small layers, every weighting and every set of active connections."""

from collections import defaultdict
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from ..theory import sampling_coverage, uniform_coverage
from .theorem import Cases, Theorem

SMALL = list(product(range(3), repeat=2))[1:]
DRAWS = [(f, g, m) for f in SMALL for g in SMALL for m in (1, 2, 3)] + [((1, 4, 3), (3, 1), 4), ((1, 1, 1), (1, 1), 4)]


def cases() -> Cases:
    """E|S| by its definition against the sum over connections, and uniform f, g: their closed form, never below."""
    for f, g, m in DRAWS:
        chance, places = drawn(f, g, m), len(f) * len(g)
        exact_f, exact_g = (np.array([Fraction(w) for w in weights]) for weights in (f, g))
        for mask in product((False, True), repeat=places):
            active = np.array(mask).reshape(len(g), len(f))
            A = {e for e in range(places) if mask[e]}
            size = sum(P * len(D - A) for D, P in chance.items())
            yield 1, abs(sampling_coverage(exact_f, exact_g, m, active) - size)
            if len({*f}) == len({*g}) == 1:
                yield 0, abs(uniform_coverage(Fraction(places), len(A), m) - size)
        yield 0, sampling_coverage(exact_f, exact_g, m) - uniform_coverage(Fraction(places), 0, m)


def drawn(f: tuple[int, ...], g: tuple[int, ...], m: int) -> dict[frozenset[int], Fraction]:
    """The probability of every set of distinct keys i·n_in + a that m draws can give, by enumerating the draws."""
    chance: dict[frozenset[int], Fraction] = defaultdict(Fraction)
    pairs = [(i * len(f) + a, Fraction(g[i] * f[a], sum(f) * sum(g))) for i in range(len(g)) for a in range(len(f))]
    for draws in product(pairs, repeat=m):
        chance[frozenset(key for key, _ in draws)] += prod(p for _, p in draws)
    return chance


THEOREM = Theorem(
    name="sampling_coverage", source="GSE, algorithm 2",
    statement="E|S| = Σ_{e ∉ A} 1 − (1 − f_a g_b)^m for S = distinct(m draws) ∖ A; uniform f, g give the most",
    cases=cases, held="the paper does not state it; S has fewer than γ connections per active one",
)  # fmt: skip
