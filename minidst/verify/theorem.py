"""What there is to say of a theorem, and the check that can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Counted(NamedTuple):
    """What a check found: in how many cases, and how far from the closed form at most (0: exact in all)."""

    cases: int
    deviation: float


@dataclass(frozen=True)
class Theorem:
    """One row of `minidst verify` and of proofs/README.md.

    name: that of the file in proofs/, of the function in theory/ and of the test; source: paper and equation.
    statement: in one line; how: exhaustive, symbolic, adjoint, or Monte-Carlo with its false-alarm probability.
    held: whether the paper's form did.
    check: repeats the numeric part, in a few seconds; tolerance: the largest deviation that it may find.
    """

    name: str
    source: str
    statement: str
    how: str
    held: str
    check: Callable[[], Counted]
    tolerance: float = 0.0
