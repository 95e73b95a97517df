"""The record of a theorem, and the result of its check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Cases = Iterator[tuple[int, Any]]
"""(number of cases, largest deviation from the closed form among them), for one part of a check after the other."""


class Counted(NamedTuple):
    """The result of a check: the number of cases, and the largest deviation from the closed form (0 if exact)."""

    cases: int
    deviation: float


@dataclass(frozen=True)
class Theorem:
    """One row of `minidst verify` and of proofs/README.md.

    name: shared by the file in proofs/, the function in theory/ and the test; source: paper and equation.
    statement: in one line; held: whether the paper's form holds.
    cases: yields the cases of the numeric check, in a few seconds; tolerance: the largest deviation allowed.
    how: exhaustive, symbolic, adjoint, or Monte-Carlo with its false-alarm probability.
    """

    name: str
    source: str
    statement: str
    held: str
    cases: Callable[[], Cases]
    tolerance: float = 0.0
    how: str = "exhaustive"

    def check(self) -> Counted:
        """Repeat the numeric check. The deviation is NaN if it is NaN in any part."""
        counts, deviations = zip(*self.cases(), strict=True)
        return Counted(sum(counts), float(np.max([0.0, *map(float, deviations)])))
