"""Theorem 15, by every update of small layers, to the last bit.

A connection is absent before and after, or grown; or it is active and kept, dropped, or dropped and grown again.
"""

from itertools import product

import numpy as np

from ..formats import FORMATS, Condensed
from ..theory import rewiring
from ..theory.arrays import Array
from ..topology import carry, rewire
from .theorem import Cases, Theorem

ABSENT, GROWN, KEPT, DROPPED, REGROWN = range(5)
WEIGHTS = np.array([-0.0, 5e-324, 0.1, -1e308, 2.0**-53, 1 / 3])  # any two differ in their bits
STATE = np.array([1 / 7, -0.0, 1e-300, 3.0, -1e-5, 2.0**60])


def even(fates: Array, *some: int) -> bool:
    """Whether all rows that have connections of these fates have equally many, and at least one row has some."""
    counts = np.isin(fates, some).sum(1)
    return len(set(counts.tolist()) - {0}) == 1


def same(format: str, fates: Array) -> bool:
    """Whether `rewire` and `carry` agree with the closed form, or Condensed raises ValueError for uneven rows."""
    fate = fates.reshape(-1)
    keys, gone = np.flatnonzero(fate >= KEPT), np.flatnonzero(fate >= DROPPED)
    grown, drop = np.flatnonzero((fate == GROWN) | (fate == REGROWN)), np.searchsorted(keys, gone)
    rows, cols = (part.astype(np.int32) for part in np.divmod(keys, fates.shape[1]))
    n_out, n_in = fates.shape
    W = FORMATS[format].from_connections((n_out, n_in), rows, cols, WEIGHTS[keys])
    grown_values = np.arange(1.0, grown.size + 1)
    expected = rewiring(fate.size, keys, WEIGHTS[keys], STATE[keys], drop, grown, grown_values)
    try:
        after, source = rewire(W, drop, grown, grown_values)
    except ValueError:
        return isinstance(W, Condensed) and not even(fates, GROWN, KEPT, REGROWN)
    conserved = after.nnz == W.nnz - drop.size + grown.size
    found = after.keys(), after.values.reshape(-1), carry(STATE[keys], source)
    return conserved and all(a.tobytes() == b.tobytes() for a, b in zip(found, expected, strict=True))


def cases() -> Cases:
    """2×2, all 5⁴ updates, in each format that can hold the layer; 2×3, those that conserve the number, in CSR."""
    for fates in np.array([*product(range(5), repeat=4)]).reshape(-1, 2, 2):
        for format in FORMATS:
            if format != "condensed" or even(fates, KEPT, DROPPED, REGROWN):
                yield 1, not same(format, fates)
    for fates in np.array([*product(range(5), repeat=6)]).reshape(-1, 2, 3):
        if (fates == GROWN).sum() == (fates == DROPPED).sum():
            yield 1, not same("csr", fates)


THEOREM = Theorem(
    name="rewiring", source="RigL, § 3 (3) and (4)",
    statement="A′ = (A ∖ P) ∪ G; survivors keep weight and momentum bit for bit, grown connections start at 0",
    cases=cases, held="yes",
)  # fmt: skip
