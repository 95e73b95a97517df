"""Theorem 1, by every pair of small integer rows: h and δ in {−2 … 2}^B, B = 1, 2, 3."""

from itertools import product

import numpy as np

from ..theory import grabo_attained, grabo_bound, l2_bound
from .theorem import Counted, Theorem


def check() -> Counted:
    """|∇| ≤ l2 ≤ GraBo ≤ B·l2 for every pair, and |∇| = GraBo just where `grabo_attained` says."""
    cases, excess = 0, 0.0
    for B in (1, 2, 3):
        h = np.array(list(product(range(-2, 3), repeat=B)))
        nabla, grabo, l2 = np.abs(h @ h.T), grabo_bound(h, h), l2_bound(h, h)
        squared = np.rint(l2 * l2).astype(int)  # integers below 2⁵³: compared exactly
        excess = max(excess, *(float(over.max()) for over in (nabla**2 - squared, squared - grabo**2)))
        excess = max(excess, float((grabo**2 - B**2 * squared).max()))
        excess = max(excess, float(((nabla == grabo) != grabo_attained(h, h)).sum()))
        cases += nabla.size
    return Counted(cases, excess)


THEOREM = Theorem(
    name="grabo_bound",
    source="GSE, eq. 2 and 3",
    statement="|∇| ≤ ‖h‖₂‖δ‖₂ ≤ |h|₁|δ|₁; the ends are equal where h and δ meet in one sample alone, or one is 0",
    how="exhaustive",
    held="yes; ours is up to B times tighter",
    check=check,
)
