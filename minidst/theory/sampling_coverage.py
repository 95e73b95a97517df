"""E|S| = Σ_{e ∉ A} 1 − (1 − p_e)^m, p_e = f_a g_i: distinct absent connections among m draws of a ~ f, i ~ g.

f: (n_in,) and g: (n_out,), weights up to a factor, not all 0; active: (n_out, n_in), True for the connections of A.
Heddes et al. 2024, arXiv:2401.06898, algorithm 2 (S); the formulas are ours; proofs/sampling_coverage.md.
"""

from math import log1p

import numpy as np

from .._support.validation import check_integer, check_interval, quoted
from .arrays import Array, Number


def hit_probability(f: Array, g: Array, m: int) -> Array:
    """P(e is drawn) = 1 − (1 − f_a g_i)^m, (n_out, n_in)."""
    check_integer("m", m, 0, why="it counts draws")
    for name, weights in (("f", f), ("g", g)):
        if np.ndim(weights) != 1 or np.min(weights) < 0 or not np.sum(weights) > 0:
            raise ValueError(f"{name} {quoted(weights)} must be weights of units, none below 0 and not all 0")
    return np.asarray(1 - (1 - np.outer(g, f) / (g.sum() * f.sum())) ** m)


def sampling_coverage(f: Array, g: Array, m: int, active: Array | None = None) -> Number:
    """E|S|, S = distinct(m draws) ∖ A; without `active`, A = ∅. At most m, and at most |W ∖ A|."""
    hit = hit_probability(f, g, m)
    return hit.sum() if active is None else hit[~active].sum()


def uniform_coverage(places: Number, active: int, m: int) -> Number:
    """E|S| = (N − |A|)(1 − (1 − 1/N)^m) under uniform f and g; N = n_in·n_out. With A = ∅ no other f, g give more."""
    return (places - active) * (1 - (1 - 1 / places) ** m)


def uniform_gamma(places: int, active: int, wanted: float) -> float:
    """γ with E|S| = wanted from m = γ|A| uniform draws: log(1 − wanted/(N − |A|)) / (|A| log(1 − 1/N))."""
    check_integer("active", active, 1, places, "γ is relative to them")
    _check_reachable(wanted, places - active)
    return log1p(-wanted / (places - active)) / (active * log1p(-1 / places))


def guided_gamma(f: Array, g: Array, wanted: float, active: Array) -> float:
    """The smallest γ = m/|A|, m ≥ 1 an integer, with E|S| ≥ wanted; by bisection, since E|S| rises with m."""
    if np.shape(active) != (g.size, f.size) or not np.any(active):
        raise ValueError(f"active {quoted(active)} must be ({g.size}, {f.size}), True for at least one connection")
    _check_reachable(wanted, int(np.count_nonzero(np.outer(g, f)[~active])))

    def enough(m: int) -> bool:
        return bool(sampling_coverage(f, g, m, active) >= wanted)

    m, too_few = f.size, 0
    while not enough(m):
        m += m
    for bit in reversed(range(m.bit_length())):
        if not enough(too_few | 1 << bit):
            too_few |= 1 << bit
    return (too_few + 1) / int(np.count_nonzero(active))


def _check_reachable(wanted: float, reachable: int) -> None:
    check_interval("wanted", wanted, "(0, ∞)", "it is a number of connections")
    if wanted >= reachable:
        raise ValueError(
            f"|S| = {wanted} cannot be reached: {reachable} absent connections can be drawn; ask for fewer"
        )
