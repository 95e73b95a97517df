"""Theorem 14, proofs/expected_itop.md."""

from fractions import Fraction
from math import comb, cos, log, pi, sqrt

import numpy as np
import pytest
from builders import ready
from hypothesis import given
from hypothesis import strategies as st

from minidst import CSR, Network, method
from minidst.analysis.metrics import Explored
from minidst.dst import prune, update_topology
from minidst.nn import SparseLinear
from minidst.theory import expected_itop, expected_jaccard, itop_variance, jaccard_floor
from minidst.verify import THEOREMS


def test_expected_itop():
    assert THEOREMS["expected_itop"].check() == (5_683, 0)


def test_two_of_four_places_by_hand():
    """One of two is exchanged. If it may not return, the newcomer is new; if it may, two of three candidates are."""
    four = Fraction(4)
    assert expected_itop(four, 2, [1], regrow_pruned=False) == Fraction(3, 4)
    assert expected_itop(four, 2, [1], regrow_pruned=True) == Fraction(2, 4) + Fraction(2, 3) / 4
    assert itop_variance(four, 2, [1], regrow_pruned=False) == 0
    assert itop_variance(four, 2, [1], regrow_pruned=True) == Fraction(2, 9) / 16  # a coin of 2/3, in units of 1/4
    assert expected_itop(four, 2, [1, 1], regrow_pruned=False) == Fraction(3, 4) + Fraction(1, 2) / 4
    assert expected_itop(four, 2, [], regrow_pruned=False) == Fraction(2, 4)
    assert expected_itop(four, 2, [2], regrow_pruned=False) == 1  # all at once: k = |A| = M
    assert expected_itop(4, 3, [3], regrow_pruned=True) == 1 - 1 / 4 * (1 - 3 / 4)


@pytest.mark.parametrize("regrow", [False, True])
@pytest.mark.parametrize("criterion", [prune.magnitude, prune.random])
def test_set_s_growth_explores_as_much_as_expected_whatever_is_pruned(criterion, regrow):
    """Ten updates that exchange 3 of 12 in 8·8 places, n = 100 runs. Bernstein: with R within [0, 1] and variance v,
    P(|mean − E R| ≥ t) ≤ 2exp(−nt²/(2v + 2t/3)), which is 10⁻⁶ at t = (c + √(c² + 18cv))/3 with c = ln(2·10⁶)/n.
    """
    record = method("set", prune=criterion, regrow_pruned=regrow)
    rng, ratios, n = np.random.default_rng(3), [], 100
    for _ in range(n):
        W = np.zeros(64)
        W[rng.permutation(64)[:12]] = rng.standard_normal(12)
        net = Network([ready(SparseLinear(CSR.from_dense(W.reshape(8, 8))), np.zeros((8, 1)), np.zeros((8, 1)))])
        explored = Explored(net)
        for _ in range(10):
            assert update_topology(net, record, 0.25, rng).grown == 3
            explored.add(net)
        ratios.append(explored.ratio)
    expected, v = (form(64, 12, [3] * 10, regrow_pruned=regrow) for form in (expected_itop, itop_variance))
    c = log(2e6) / n
    t = (c + sqrt(c * c + 18 * c * v)) / 3
    assert n * t * t / (2 * v + 2 * t / 3) == pytest.approx(log(2e6))
    assert abs(np.mean(ratios) - expected) < t


def test_the_bounds_that_a_paper_reads_off_its_figure():
    """where-to-prune, appendix E: density 0.1, ρ = 0.5 on a cosine, batch 128 of 50 000 for 100 epochs; R is 0.7 with
    updates every 800 steps and 0.2 every 6400. Whether its cosine ends at three quarters or at the end, so do ours.
    """
    places, active, steps = 10**6, 10**5, 391 * 100
    for every, low, high in ((800, 0.65, 0.8), (6400, 0.15, 0.25)):
        for last in (0.75 * steps, steps):
            grown = [int(active / 4 * (1 + cos(pi * t / last))) for t in range(every, int(last) + 1, every)]
            for regrow in (False, True):
                assert low < expected_itop(places, active, grown, regrow_pruned=regrow) < high


def test_the_overlap_of_two_pairs_out_of_four_by_hand():
    """Of six pairs one is the same (J = 1), four share one (1/3), one shares none: 7/18; at the mean overlap 1/3."""
    assert expected_jaccard(4, Fraction(2), 2) == Fraction(1 + Fraction(4, 3), 6) == Fraction(7, 18)
    assert jaccard_floor(4, Fraction(2), 2) == Fraction(1, 3)
    assert expected_jaccard(5, 0, 0) == 1
    assert expected_jaccard(5, 1, 0) == expected_jaccard(5, 0, 1) == 0


@given(st.integers(1, 60), st.data())
def test_the_overlap_is_symmetric_and_between_its_floor_and_the_floor_s_error(places, data):
    """f(i) = i/(a + b − i) has f″ = 2(a + b)/(a + b − i)³ ≤ 2(a + b)/max(a, b)³: E f − f(E i) ≤ f″Var(i)/2."""
    a, b = data.draw(st.integers(1, places)), data.draw(st.integers(0, places))
    mean, floor = expected_jaccard(places, Fraction(a), b), jaccard_floor(Fraction(places), a, b)
    assert mean == expected_jaccard(places, b, Fraction(a))
    variance = Fraction(a * b * (places - a) * (places - b), places**2 * max(places - 1, 1))
    assert floor <= mean <= floor + Fraction(a + b, max(a, b) ** 3) * variance
    assert expected_jaccard(places, a, b) == pytest.approx(float(mean), rel=1e-12)


def test_of_many_places_the_floor_is_all_there_is():
    """Density 0.1 of 2000: binomials of 500 bits and more, and d/(2 − d) = 0.0526 to a part in a thousand."""
    assert comb(2000, 200) > 2**900
    assert expected_jaccard(2000, 200, 200) == pytest.approx(0.1 / 1.9, rel=5e-3)
    assert jaccard_floor(2000, 200, 200) == pytest.approx(0.1 / 1.9, rel=1e-12)
