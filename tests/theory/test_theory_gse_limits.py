"""Theorem 8, proofs/gse_limits.md."""

from collections import Counter
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Told

from minidst.dst import GrowthContext, GuidedSample, exchange, gradient, method
from minidst.dst.papers.gse.distributions import uniform
from minidst.theory import gse_limits, uniform_sample
from minidst.verify import THEOREMS
from minidst.verify.gse_limits import Everything, updated


def test_gse_limits():
    assert THEOREMS["gse_limits"].check() == (3_189, 0)


def test_three_absent_connections_by_hand():
    """S is {0, 1}, {0, 2} or {1, 2}; the best of it is 0, 0 or 1."""
    assert gse_limits(3, 2, 1).tolist() == [2, 1, 0]
    assert gse_limits(3, 2, 2).tolist() == [2, 2, 2]


@given(st.integers(1, 60), st.integers(0, 60))
def test_at_one_end_every_connection_is_as_likely_and_at_the_other_the_best_are_certain(absent, k):
    k = min(k, absent)
    assert gse_limits(absent, k, k).tolist() == [comb(absent, k) * k // absent] * absent  # SET: P = k/N′
    assert gse_limits(absent, absent, k).tolist() == [1] * k + [0] * (absent - k)  # RigL


def test_a_tenth_of_a_thousand_absent_connections_in_the_sample():
    """k = 10: the ten best are grown wherever they are in S, the 101st in a twentieth of all S, the 301st never."""
    grown = [count / comb(1000, 100) for count in gse_limits(1000, 100, 10)]
    assert grown[:10] == [0.1] * 10 > grown[10:20]
    assert grown[100] == pytest.approx(0.0457, abs=1e-4)
    assert grown[300] < 1e-7


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
def test_between_them_better_ranks_are_never_less_likely_and_min_k_n_are_grown(absent, n, k):
    n = min(n, absent)
    counts = gse_limits(absent, n, k)
    assert (np.diff(counts) <= 0).all()
    assert counts.sum() == min(k, n) * comb(absent, n)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_package_s_sample_and_growth_over_every_sequence_of_draws(m):
    """2×2 places, key 3 active: all 4^m sequences. S is as counted; where |S| ≤ k, growth is S itself, SET's law."""
    site = GrowthContext((2, 2), np.array([3]), np.array([[1.0], [3]]), np.array([[1.0], [-2]]))
    sampled, grown = Counter(), Counter()
    for outputs, inputs in product(product((0.25, 0.75), repeat=m), repeat=2):
        S = GuidedSample(uniform, m)(site, 1, Told(outputs, inputs))
        sampled[tuple(S.tolist())] += 1
        grown[tuple(gradient(site, S, m).tolist())] += 1
    expected = uniform_sample(4, 1, m)
    assert sampled == {T: expected[n] for n in range(4) for T in combinations(range(3), n) if expected[n]}
    assert grown == sampled


@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 40))
def test_every_absent_connection_is_drawn_but_with_a_probability_that_vanishes(places, active, m):
    """P(S ≠ W ∖ A) ≤ (N − |A|)(1 − 1/N)^m, in whole numbers of sequences."""
    active = min(active, places)
    counts = uniform_sample(places, active, m)
    assert sum(comb(places - active, n) * counts[n] for n in range(counts.size)) == places**m
    assert places**m - counts[-1] <= (places - active) * (places - 1) ** m


def test_rigl_itself_regrows_what_it_drops_and_gse_cannot():
    """θ = (1, 2, ·, ·), |∇| = (5, 0, 1, 0), k = 1: RigL drops input 0 and takes it back at 0, GSE connects input 2."""
    W, nabla = np.array([[1.0, 2, 0, 0]]), [5, 0, 1, 0]
    gse = method("gse-uniform", candidates=GuidedSample(uniform, 2))
    rigl = updated(W, nabla, method("rigl"), 0.5)
    assert (rigl.W.keys().tolist(), rigl.weight.values.tolist()) == ([0, 1], [0, 2])
    for record in (gse, method("rigl", regrow_pruned=False)):
        assert updated(W, nabla, record, 0.5).W.keys().tolist() == [1, 2]


def test_the_whole_of_what_is_absent_has_been_looked_at():
    """So that the check compares S = W ∖ A, and |S| is |W| − |A|, not |W|."""
    layer = updated(np.array([[1.0, 2, 0], [0, 0, 0]]), [0] * 6, method("static"), 0.5)
    done = exchange(layer, method("gse-uniform", candidates=GuidedSample(uniform, 3)), 0.5, Everything(2, 3))
    assert done.considered == 6 - 2
