"""Theorem 9: both schedules at every step of many lengths, against the ones that training uses."""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..dst import Cosine
from ..dst.papers.gradual import Rising, cubic
from ..theory import cosine_schedule, gradual_schedule
from .theorem import Cases, Theorem


def cases() -> Cases:
    """The ends, the order, the symmetry α_t + α_{T−t} = α, and `Cosine` and gradual pruning's `Rising`, T = 1 … 150.

    Deviations are relative to the first or last value; a broken order counts as 1.
    """
    alpha, s_f = 0.3, Fraction(9, 10)
    for T in range(1, 151):
        cosine = cosine_schedule(np.arange(T + 1), T, alpha)
        gradual = [gradual_schedule(Fraction(t), T, 1, s_f) for t in range(T + 1)]
        ordered = (np.diff(cosine) < 0).all() and all(a < b for a, b in pairwise(gradual))
        ends = cosine[0] == alpha and cosine[T] == 0 and gradual[0] == 0 and gradual[T] == s_f
        yield 2 * (T + 1), not (ordered and ends)
        yield 0, abs(cosine + cosine[::-1] - alpha).max() / alpha
        falling, rising = Cosine(alpha, 1, 1.0), Rising(1.0, 1, 1.0, cubic)
        for t in range(1, T + 1):
            yield 0, abs(falling.fraction(t, T, 1) - float(cosine[t])) / alpha
            yield 0, abs(rising.fraction(t, T + 1, 1) - float(gradual[t] / s_f))


THEOREM = Theorem(
    name="cosine_schedule", source="RigL, section 3(2); Zhu and Gupta, eq. 1",
    statement="α_t falls strictly from α to 0 and averages α/2; gradual pruning's s_t rises strictly from s_i to s_f",
    cases=cases, tolerance=2e-15, how="symbolic; every step of 150 lengths, in float64 to 2e-15", held="yes",
)  # fmt: skip
