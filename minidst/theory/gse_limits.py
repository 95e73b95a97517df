"""GSE between SET and RigL: for how many of all uniform samples S the connection of r-th largest |∇| is grown.

|S| = k: all absent ones equally likely, SET's growth. S = W ∖ A: the k largest, RigL's. Counts are exact integers.
Anonymous 2022, "Memory efficient dynamic sparse training", section 3, claims the ends; proofs/gse_limits.md.
"""

from math import comb

import numpy as np

from .._support.validation import check_integer
from .arrays import Array


def gse_limits(absent: int, n: int, k: int) -> Array:
    """Σ_{i<k} C(r, i)·C(absent − 1 − r, n − 1 − i) of the C(absent, n) sets S of n absent connections, (absent,).

    Entry r counts the S in which a connection is among the k best, if r absent ones are better than it: of larger
    |∇|, or of equal |∇| and a smaller key. absent = |W ∖ A|.
    """
    for name, count in (("absent", absent), ("n", n), ("k", k)):
        check_integer(name, count, 0, 1_000_000, "it counts connections, and the results are exact")
    better_in_S = range(min(k, n))
    counts = [sum(comb(r, i) * comb(absent - 1 - r, n - 1 - i) for i in better_in_S) for r in range(absent)]
    return np.array(counts, object)


def uniform_sample(places: int, active: int, m: int) -> Array:
    """Δⁿxᵐ at x = |A|: how many of the N^m sequences of m uniform draws give S = T, any set of n absent ones.

    Δ is the forward difference. Entry n of (N − |A| + 1,). T does not enter: S is uniform among sets of its size.
    """
    check_integer("places", places, 1, 1_000_000, "they are counted exactly, one by one")
    check_integer("active", active, 0, places, "they are some of the places")
    check_integer("m", m, 0)
    row, counts = np.array([x**m for x in range(active, places + 1)], object), []
    while row.size:
        counts.append(row[0])
        row = np.diff(row)
    return np.array(counts, object)
