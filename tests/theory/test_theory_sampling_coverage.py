"""Theorem 7, proofs/sampling_coverage.md."""

from fractions import Fraction
from itertools import product
from math import ceil, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from strategies import Told

from minidst.dst import GrowthContext, GuidedSample
from minidst.theory import guided_gamma, hit_probability, sampling_coverage, uniform_coverage, uniform_gamma
from minidst.verify import THEOREMS

weights = st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any).map(np.array)


def sampled(f, g, gamma, active, rng):
    """The package's S of a layer with these weights and active connections, as keys."""
    site = GrowthContext(active.shape, np.flatnonzero(active), np.empty((f.size, 0)), np.empty((g.size, 0)))
    return GuidedSample(lambda site, rng: (f.astype(float), g.astype(float)), gamma)(site, 1, rng)


def test_sampling_coverage():
    assert THEOREMS["sampling_coverage"].check() == (3_200, 0)


def test_two_draws_by_hand():
    """f = (1/4, 3/4), one output: input 1 is missed twice with (1/4)²; input 0 is active and does not count."""
    f, g = np.array([Fraction(1), Fraction(3)]), np.array([Fraction(2)])
    assert hit_probability(f, g, 2).tolist() == [[Fraction(7, 16), Fraction(15, 16)]]
    assert sampling_coverage(f, g, 2) == Fraction(22, 16)
    assert sampling_coverage(f, g, 2, np.array([[True, False]])) == Fraction(15, 16)
    assert uniform_coverage(Fraction(4), 1, 2) == 3 * (1 - Fraction(9, 16))


def test_two_draws_of_the_package_are_the_formula_exactly():
    """All (4·3)² pairs of pairs of uniforms handed to GuidedSample."""
    f, g, active = np.array([1, 3]), np.array([2, 1]), np.array([[True, False], [False, False]])
    to_g, to_f = ((np.arange(n) + 0.5) / n for n in (3, 4))
    times = np.zeros(4, int)
    for v1, v2, u1, u2 in product(to_g, to_g, to_f, to_f):
        times[sampled(f, g, 2, active, Told([v1, v2], [u1, u2]))] += 1
    exact = hit_probability(f * Fraction(1), g * Fraction(1), 2)
    assert [Fraction(int(n), 12**2) for n in times] == np.where(active, 0, exact).ravel().tolist()


def test_each_connection_is_drawn_as_often_as_it_should():
    """Binomial, exact tails; false alarm 1e-6 for all twelve together. γ|A| = 4·2 = 8 draws, 2000 samples."""
    rng, trials = np.random.default_rng(32), 2000
    f, g, active = np.array([1, 2, 5]), np.array([1, 1, 2, 4]), np.zeros((4, 3), bool)
    active.flat[[2, 9]] = True
    counts = np.zeros(12, int)
    for _ in range(trials):
        counts[sampled(f, g, 4, active, rng)] += 1
    p = np.where(active, 0, hit_probability(f, g, 8)).ravel()
    assert (binom.ppf(1e-6 / 24, trials, p) <= counts).all()
    assert (counts <= binom.isf(1e-6 / 24, trials, p)).all()


@pytest.mark.parametrize("gamma", [0.5, 1, 3])
def test_the_package_s_samples_have_the_expected_size(gamma):
    """Uneven f and g, 10 % active. The mean |S| of n = 200 samples changes by at most 1/n with any of its nm draws, so
    it is off by t with probability at most 2exp(−2t²n/m) (McDiarmid): 1e-6 at t = √(m ln(2·10⁶)/2n), a few per cent.
    """
    rng, n = np.random.default_rng(7), 200
    f, g, active = rng.gamma(0.5, size=30), rng.gamma(0.5, size=20), rng.random((20, 30)) < 0.1
    m = ceil(gamma * active.sum())
    sizes = [sampled(f, g, gamma, active, rng).size for _ in range(n)]
    t = sqrt(m * log(2e6) / (2 * n))
    expected = sampling_coverage(f, g, m, active)
    assert abs(np.mean(sizes) - expected) < t < 0.25 * expected
    assert expected < 0.9 * m


@given(weights, weights, st.integers(0, 20))
def test_coverage_rises_ever_more_slowly_and_uniform_draws_reach_most(f, g, m):
    f, g = f * Fraction(1), g * Fraction(1)
    now, one_more, two_more = (sampling_coverage(f, g, m + i) for i in range(3))
    assert 0 <= two_more - one_more <= one_more - now <= 1
    assert now <= min(m, int(np.count_nonzero(np.outer(g, f))))
    assert now <= uniform_coverage(Fraction(f.size * g.size), 0, m)


@given(st.integers(2, 10**6), st.floats(0.01, 0.99), st.floats(0.001, 0.99))
def test_the_uniform_gamma_gives_what_was_wanted(places, density, share):
    active = min(max(1, round(density * places)), places - 1)
    wanted = share * (places - active)
    m = uniform_gamma(places, active, wanted) * active
    assert uniform_coverage(places, active, m) == pytest.approx(wanted, rel=1e-6)


@given(weights, weights, st.data())
def test_the_guided_gamma_is_the_smallest_that_gives_what_was_wanted(f, g, data):
    active = np.array(data.draw(st.lists(st.booleans(), min_size=f.size * g.size, max_size=f.size * g.size)))
    active = active.reshape(g.size, f.size)
    reachable = np.count_nonzero(np.outer(g, f)[~active])
    if reachable == 0 or not active.any():
        return
    wanted = data.draw(st.floats(0.01, 0.99)) * reachable
    gamma = guided_gamma(f, g, wanted, active)
    m = round(gamma * active.sum())
    assert sampling_coverage(f, g, m, active) >= wanted > sampling_coverage(f, g, m - 1, active)
    assert gamma == m / active.sum()
    if np.ptp(f) == np.ptp(g) == 0:
        assert m - 1 - 1e-9 <= uniform_gamma(active.size, active.sum(), wanted) * active.sum() <= m + 1e-9


def test_the_guided_gamma_by_hand():
    """f = (1/2, 1/2), the first input active: one draw gives 1/2, two give 3/4, three 7/8."""
    f, g, active = np.ones(2), np.ones(1), np.array([[True, False]])
    assert [guided_gamma(f, g, wanted, active) for wanted in (0.5, 0.51, 0.75, 0.76)] == [1, 2, 2, 3]
    assert guided_gamma(np.ones(3), g, 0.33, np.array([[True, True, False]])) == 1 / 2
