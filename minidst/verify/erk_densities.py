"""Theorem 6, by every budget of small networks: the closed form, two variants of the capping loop, integer counts."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import prod

from ..theory import erk_densities
from ..theory.erk_densities import Shapes, raw_weight
from ..topology import KINDS, allocate
from ..topology.allocate import Kind
from .theorem import Cases, Theorem

LAYERS: tuple[tuple[int, ...], ...] = ((1, 2), (2, 3), (4, 1), (3, 4), (2, 2, 1, 2), (2, 1, 3, 2), (1, 1))


def capped(shapes: Shapes, density: Fraction, kind: Kind, all_at_once: bool) -> tuple[list[Fraction], int]:
    """(densities, rounds that capped a layer) of the loop: solve ε for the layers left, cap what passes 1, repeat.

    all_at_once: cap every layer that passes 1, as `topology.allocate` does, or those of the largest ratio alone, as
    RigL's code does.
    """
    sizes, weights = [prod(shape) for shape in shapes], [raw_weight(shape, kind) for shape in shapes]
    ratios = [Fraction(weight, size) for weight, size in zip(weights, sizes, strict=True)]
    left, rounds = list(range(len(shapes))), 0
    while True:
        missing = sum(sizes) - density * sum(sizes)
        epsilon = (sum(sizes[l] for l in left) - missing) / sum(weights[l] for l in left)
        passing = [l for l in left if epsilon * ratios[l] > 1]
        if not passing:
            return [epsilon * ratios[l] if l in left else Fraction(1) for l in range(len(shapes))], rounds
        largest = max(ratios[l] for l in passing)
        left = [l for l in left if l not in passing or not (all_at_once or ratios[l] == largest)]
        rounds += 1


def cases() -> Cases:
    """For every choice of up to three of LAYERS, every kind and every budget.

    The loop ends after at most L − 1 rounds, with the densities of the closed form and the budget spent; `allocate`
    spends it in integer counts, and gives no layer one connection more or less than its share. Deviations are those of
    the budget; a broken bound counts as 1.
    """
    for shapes in (some for count in (1, 2, 3) for some in combinations_with_replacement(LAYERS, count)):
        sizes = [prod(shape) for shape in shapes]
        for kind in KINDS:
            for budget in range(1, sum(sizes) + 1):
                density = Fraction(budget, sum(sizes))
                found = erk_densities(shapes, density, kind).tolist()
                shares = [d * size for d, size in zip(found, sizes, strict=True)]
                yield 1, abs(sum(shares) - budget)
                for all_at_once in (True, False):
                    expected, rounds = capped(shapes, density, kind, all_at_once)
                    yield 0, rounds >= len(shapes) or found != expected
                if min(shares) >= 1:  # below that `allocate` may raise
                    counts = allocate(shapes, budget / sum(sizes), kind)
                    yield 0, abs(sum(counts) - budget)
                    yield 0, any(abs(count - share) >= 1 for count, share in zip(counts, shares, strict=True))


THEOREM = Theorem(
    name="erk_densities", source="SET, ER; RigL, section 3(1), ERK",
    statement="d_l = min(1, ε·r_l) spends any budget, one ε does, and capping finds it in fewer rounds than layers",
    cases=cases, held="its code does; the text scales parameters by 1 − r_l, which is neither",
)  # fmt: skip
