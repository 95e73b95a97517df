"""E R_T = 1 − (1 − |A|/N) Π_t (1 − k_t/M_t): the share of connections ever active after T updates of random growth.

Update t grows k_t connections, uniform among M_t candidates: the N − |A| absent before the update or, where dropped
connections may return, the N − |A| + k_t absent after the drop. The pruning criterion does not matter. The ratio is
that of Liu et al. 2021 (ITOP), the overlap that of Nowak et al. 2023, arXiv:2306.12230, equation 1; the formulas are
ours; proofs/expected_itop.md.
"""

from collections.abc import Sequence
from math import comb, prod

from .._support.validation import check_interval
from .arrays import Number


def expected_itop(places: Number, active: Number, grown: Sequence[int], *, regrow_pruned: bool) -> Number:
    """E R_T after growing k_1 … k_T = `grown`; N = places of one layer, |A| = active of them at all times."""
    never = prod(1 - k / M for k, M in _candidates(places, active, grown, regrow_pruned))
    return 1 - (places - active) * never / places


def itop_variance(places: Number, active: Number, grown: Sequence[int], *, regrow_pruned: bool) -> Number:
    """Var R_T = (u(u − 1)Π_t c_t + uΠ_t b_t − u²Π_t b_t²)/N², u = N − |A|; b, c: P(1, 2 given ones are not grown)."""
    updates = _candidates(places, active, grown, regrow_pruned)
    one, unvisited = prod((M - k) / M for k, M in updates), places - active
    two = prod((M - k) * (M - k - 1) / (M * max(M - 1, 1)) for k, M in updates)
    return (unvisited * (unvisited - 1) * two + unvisited * one - (unvisited * one) ** 2) / places**2


def expected_jaccard(places: Number, a: Number, b: Number) -> Number:
    """E[|I ∩ J|/|I ∪ J|] = Σ_i i/(a + b − i)·C(a, i)C(N − a, b − i)/C(N, b), I, J random with |I| = a, |J| = b.

    One of the sets may also be fixed. Two empty sets have J = 1, as in minidst.analysis.metrics. The integers have
    min(a, b)·log N digits: beyond some ten thousand places use `jaccard_floor`, which is then as good.
    """
    check_interval("places", places, "[0, ∞)", "they are n_out·n_in")
    check_interval("a", a, f"[0, {places}]", "it is the size of a set of places")
    check_interval("b", b, f"[0, {places}]", "it is the size of a set of places")
    if a + b == 0:
        return 1
    N, p, q = int(places), int(a), int(b)
    total = comb(N, q)
    return sum(comb(p, i) * comb(N - p, q - i) * i / ((a + b - i) * total) for i in range(min(p, q) + 1))


def jaccard_floor(places: Number, a: Number, b: Number) -> Number:
    """ab/(N(a + b) − ab) ≤ E[J]: the Jaccard index of the mean overlap ab/N; d/(2 − d) for a = b = dN."""
    return a * b / (places * (a + b) - a * b)


def _candidates(places: Number, active: Number, grown: Sequence[int], regrow_pruned: bool) -> list[tuple[int, Number]]:
    """(k, M) of every update."""
    check_interval("places", places, "[1, ∞)", "they are n_out·n_in")
    updates = [(k, places - active + (k if regrow_pruned else 0)) for k in grown]
    for k, M in updates:
        if not 0 <= k <= min(M, active):
            raise ValueError(f"{k} of {active} active connections cannot be exchanged for {k} of {M}; use smaller ones")
    return updates
