"""Theorem 2, proofs/graest_variance.md."""

from fractions import Fraction
from itertools import product
from math import sqrt

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from strategies import Told, columns

from minidst.dst import GrowthContext
from minidst.dst.papers.gse.distributions import graest
from minidst.theory import (
    graest_gap_bound,
    graest_magnitude,
    graest_magnitude_gap,
    graest_mean,
    graest_probability,
    graest_variance,
)
from minidst.verify import THEOREMS


def exact(*rows):
    return np.array([[Fraction(x) for x in row] for row in rows], object)


def test_graest_variance():
    assert THEOREMS["graest_variance"].check() == (232_574, 0)


def test_two_inputs_by_hand_of_which_the_one_without_gradient_is_drawn_more_often():
    """X = (7, 1) and Y = 1 for s = (1, 1); X = (−1, 1) and Y = 7 for s = (1, −1): ∇ = (0, 4), E|YX| = (7, 4)."""
    h, delta = exact([3, 4], [1, 0]), exact([4, -3])
    assert graest_mean(h, delta).tolist() == [[0, 4]]
    assert graest_variance(h, delta).tolist() == [[49, 9]]
    assert graest_magnitude(h, delta).tolist() == [[7, 4]]
    assert graest_magnitude_gap(h, delta).tolist() == [[7, 0]]
    assert graest_gap_bound(h, delta).tolist() == [[7, 1]]  # √49 − 0 and min(√25, 5) − 4
    first, second = (Fraction(7, 8), Fraction(1, 8)), (Fraction(1, 2), Fraction(1, 2))  # f for either s
    assert graest_probability(h, delta).tolist() == [[(a + b) / 2 for a, b in zip(first, second, strict=True)]]


def test_the_package_draws_with_the_expected_probability():
    """All 2³ sign vectors handed to the package's sketch: the mean of its normalised f_a·g_b, exactly."""
    h, delta = np.array([[1.0, -2, 0], [3, 1, 1]]), np.array([[1.0, 1, 1], [0, 2, -1], [2, 0, 0]])
    site, total = GrowthContext((3, 2), np.empty(0, np.int64), h, delta), 0
    for uniforms in product((0.25, 0.75), repeat=3):
        f, g = (exact(weights)[0] for weights in graest(site, Told(uniforms)))
        total += np.outer(g / g.sum(), f / f.sum())
    assert (total / 8 == graest_probability(exact(*h), exact(*delta))).all()
    assert total.sum() == 8


def test_one_sample_is_drawn_in_proportion_to_its_gradient_and_a_sketch_of_zeros_uniformly():
    h, delta = exact([1], [-3]), exact([2], [0], [5])
    nabla = np.abs(graest_mean(h, delta))
    assert (graest_probability(h, delta) == nabla / nabla.sum()).all()
    g = [(Fraction(1, 3) + Fraction(1, 2)) / 2, (Fraction(2, 3) + Fraction(1, 2)) / 2]  # s = (1, 1), and s = (1, −1)
    assert graest_probability(exact([0, 0], [0, 0]), exact([1, 1], [2, 2])).tolist() == [[p / 2, p / 2] for p in g]


@given(st.lists(st.integers(-9, 9), min_size=4, max_size=4))
def test_two_samples_have_a_closed_form(four):
    """E|YX| = max(|x₁y₁ + x₂y₂|, |x₁y₂ + x₂y₁|): YX is their sum or their difference, each half of the time."""
    x1, x2, y1, y2 = four
    largest = max(abs(x1 * y1 + x2 * y2), abs(x1 * y2 + x2 * y1))
    assert graest_magnitude(exact([x1, x2]), exact([y1, y2])).item() == largest


@given(st.integers(1, 5).flatmap(lambda B: st.lists(st.integers(-3, 3), min_size=2 * B, max_size=2 * B)))
def test_the_gap_is_zero_just_where_the_product_never_changes_sign(numbers):
    x, y = np.reshape(numbers, (2, -1))
    signs = {np.sign((x @ s) * (y @ s)) for s in product((-1, 1), repeat=x.size)}
    assert (graest_magnitude_gap(exact(x), exact(y)).item() == 0) == (not {-1, 1} <= signs)


@given(columns(max_B=6))
def test_the_gap_is_within_its_bounds_up_to_rounding(layer):
    h, delta = layer
    gap, bound = graest_magnitude_gap(h, delta), graest_gap_bound(h, delta)
    rounding = 1e-12 * np.outer(np.abs(delta).sum(1), np.abs(h).sum(1))
    assert gap.shape == bound.shape == (len(delta), len(h))
    assert (gap >= -rounding).all()
    assert (gap <= bound + rounding).all()


def test_both_bounds_are_attained():
    """h = δ = (1, 1): (YX) is 4 or 0, and ‖δ‖‖h‖ = 2 is E|YX|; h = (1, 0), δ = (0, 1): YX = ±1, and √Var is E|YX|."""
    same, apart = (exact([1, 1]), exact([1, 1])), (exact([1, 0]), exact([0, 1]))
    assert graest_gap_bound(*same).item() == graest_magnitude_gap(*same).item() == 0
    assert graest_gap_bound(*apart).item() == graest_magnitude_gap(*apart).item() == 1
    loose = (exact([1, 1, 0]), exact([0, 1, 1]))  # ∇² + Var = 1 + 3, ‖δ‖‖h‖ = 2
    assert graest_gap_bound(*loose).item() == pytest.approx(min(sqrt(4), 2) - 1)


def test_the_mean_needs_two_signs_independent_and_the_variance_four():
    """s₄ = s₁s₂s₃: any three are independent. With h = (1, 1, 0, 0) and δ = (0, 0, 1, 1) the variance is 8, not 4."""
    x, y = np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])
    YX = np.array([(x @ s) * (y @ s) for s in ((a, b, c, a * b * c) for a, b, c in product((-1, 1), repeat=3))])
    assert YX.mean() == graest_mean(exact(x), exact(y)).item() == 0
    assert YX.var() == 8
    assert graest_variance(exact(x), exact(y)).item() == 4


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=6))
def test_the_magnitude_counts_the_ways_to_split_numbers_into_equal_halves(x):
    """E|X + sc| = E|X| + c·P(X = 0) for whole x and 0 < c ≤ 1, and counting those ways is #P-complete."""
    c, zeros = Fraction(1, 2), [0] * len(x)
    balanced = sum(np.dot(x, s) == 0 for s in product((-1, 1), repeat=len(x)))
    alone = graest_magnitude(exact([*x, 0]), exact([*zeros, 1])).item()  # Y = ±1 on a sample where x is 0
    nudged = graest_magnitude(exact([*x, c, 0]), exact([*zeros, 0, 1])).item()
    assert nudged - alone == c * Fraction(balanced, 2 ** len(x))


def test_sixteen_samples_are_enumerated_and_seventeen_are_not():
    assert graest_magnitude(np.ones((1, 16)), np.ones((1, 16))).item() == 16  # E X² = ‖h‖²
    with refused(17, "2^17", "graest_gap_bound"):
        graest_magnitude(np.ones((1, 17)), np.ones((1, 17)))
