"""Theorem 14, by the Markov chain of all masks under three ways to prune, and by all pairs of subsets."""

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import chain, combinations, product
from math import comb

import numpy as np

from ..analysis.metrics import jaccard
from ..theory import expected_itop, expected_jaccard, itop_variance, jaccard_floor
from .theorem import Cases, Theorem

Mask = tuple[int, ...]
"""Active connections, the most recently grown last."""

PRUNERS: dict[str, Callable[[Mask, int], Mask]] = {
    "oldest": lambda A, k: A[:k],
    "newest": lambda A, k: A[len(A) - k :],
    "smallest key": lambda A, k: tuple(sorted(A)[:k]),
}
"""Three ways to choose the k that are dropped, which may depend on everything that has happened so far."""

GROWN = [(1, 1, 1, 1), (2, 1, 2), (2, 2, 0), (1, 2)]


def cases() -> Cases:
    """Mean and variance of the ratio, mean of the overlap and its floor, in fractions."""
    for places, active in ((3, 2), (4, 2), (5, 2), (5, 3), (6, 3)):
        for grown, regrow, prune in product(GROWN, (False, True), PRUNERS.values()):
            if max(grown) <= places - active or regrow:
                mean, variance = moments(places, active, grown, regrow, prune)
                form = expected_itop(Fraction(places), active, grown, regrow_pruned=regrow)
                spread = itop_variance(Fraction(places), active, grown, regrow_pruned=regrow)
                yield 2, max(abs(form - mean), abs(spread - variance))
    for places in range(7):
        subsets = list(chain.from_iterable(combinations(range(places), size) for size in range(places + 1)))
        overlap: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        for I, J in product(subsets, subsets):
            found = jaccard(np.array(I, np.int64), np.array(J, np.int64))
            overlap[len(I), len(J)] += Fraction(found).limit_denominator(2 * places + 1)  # exact: |I ∪ J| ≤ places
        for (a, b), total in overlap.items():
            mean = total / (comb(places, a) * comb(places, b))
            yield comb(places, a) * comb(places, b), abs(expected_jaccard(places, Fraction(a), b) - mean)
            if a + b:
                yield 0, jaccard_floor(Fraction(places), a, b) - mean


def moments(
    places: int, active: int, grown: tuple[int, ...], regrow: bool, prune: Callable[[Mask, int], Mask]
) -> tuple[Fraction, Fraction]:
    """Mean and variance of |ever active|/N, by following every mask and every history with its probability."""
    start = tuple(range(active))
    states = {(start, frozenset(start)): Fraction(1)}
    for k in grown:
        after: dict[tuple[Mask, frozenset[int]], Fraction] = defaultdict(Fraction)
        for (A, visited), chance in states.items():
            P = prune(A, k)
            kept = tuple(e for e in A if e not in P)
            candidates = sorted(set(range(places)) - set(kept if regrow else A))
            for G in combinations(candidates, k):
                after[kept + G, visited | set(G)] += chance / comb(len(candidates), k)
        states = after
    ratios = [(Fraction(len(visited), places), chance) for (_, visited), chance in states.items()]
    mean = sum((chance * R for R, chance in ratios), Fraction(0))
    return mean, sum((chance * R**2 for R, chance in ratios), -(mean**2))


THEOREM = Theorem(
    name="expected_itop", source="ITOP; where-to-prune, eq. 1",
    statement="random growth: E R_T = 1 − (1 − A/N)Π(1 − k_t/M_t), whatever is pruned; E J by the hypergeometric law",
    cases=cases, held="yes: the pruning criterion cannot matter",
)  # fmt: skip
