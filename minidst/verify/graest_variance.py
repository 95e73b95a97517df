"""Theorem 2, by every sign vector of every pair of small integer rows."""

from itertools import product

import numpy as np

from ..theory import graest_magnitude, graest_mean, graest_variance
from .theorem import Cases, Theorem


def cases() -> Cases:
    """Mean, variance and mean magnitude by their definitions; |∇|² ≤ (E|YX|)² ≤ E[(YX)²] and ≤ ‖δ‖²‖h‖².

    Both sides of mean and variance are polynomials with no variable above its square, so agreement on {−1, 0, 1}^B is
    agreement everywhere; none of their terms joins more than four samples, so B = 4 stands for every larger B.
    """
    for B, numbers in ((1, range(-3, 4)), (2, range(-2, 3)), (3, range(-2, 3)), (4, range(-1, 2))):
        h = np.array(list(product(numbers, repeat=B)))
        outcomes = [np.outer(h @ s, h @ s) for s in product((-1, 1), repeat=B)]
        first, second, absolute = (sum(f(YX) for YX in outcomes) for f in (np.positive, np.square, np.abs))
        mean, variance, magnitude = graest_mean(h, h), graest_variance(h, h), graest_magnitude(h, h)
        l2 = np.outer((h * h).sum(1), (h * h).sum(1))
        off = [first - 2**B * mean, 2**B * second - first**2 - 4**B * variance, absolute - 2**B * magnitude]
        # magnitudes are multiples of 2^−B, so float64 is exact
        over = [mean**2 - magnitude**2, magnitude**2 - mean**2 - variance, magnitude**2 - l2]
        yield mean.size * 2**B, np.max([*np.abs(off), *over])


THEOREM = Theorem(
    name="graest_variance", source="GSE, eq. 4 and 5",
    statement="E[YX] = ∇, Var[YX] = ‖δ‖²‖h‖² + ∇² − 2Σδ_b²h_b², |∇| ≤ E|YX| ≤ min(√(∇² + Var), ‖δ‖‖h‖)",
    cases=cases, held="eq. 4 yes; draws are not proportional to the gradient's magnitude in expectation",
)  # fmt: skip
