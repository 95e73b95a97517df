"""Criteria: a score for every connection, of which the lowest are pruned, and how many of them."""

from fractions import Fraction
from math import ceil, floor, inf

import numpy as np
import pytest
from builders import rng
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import DTYPES
from strategies_dst import fractions, seeds

from minidst.dst.prune import CRITERIA, ROUNDS, how_many
from minidst.kernels.select import k_smallest

magnitude, per_sign, mest, snip, sensitivity, reciprocal_sensitivity, random = CRITERIA.values()

# The hand-worked case: 16 places, of which the ten with θ ≠ 0 are active.
THETA = np.array([-0.9, -0.7, -0.5, -0.3, -0.1, 0, 0, 0, 0.1, 0.3, 0.5, 0.7, 0.9, 0, 0, 0])
NABLA = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 5, 5, 5, 0.9, 0.1, 0.8, 0.2, 0.7, 5, 5, 5])


def test_criteria_and_roundings_have_their_names():
    assert list(CRITERIA) == [
        "magnitude", "per_sign", "mest", "snip", "sensitivity", "reciprocal_sensitivity", "random",
    ]  # fmt: skip
    assert [criterion.__name__ for criterion in CRITERIA.values()] == list(CRITERIA)
    assert dict(ROUNDS) == {"floor": floor, "ceil": ceil, "nearest": round}


@pytest.mark.parametrize(
    ("criterion", "kept"),
    [
        (magnitude, {0, 1, 2, 10, 11, 12}), (mest, {0, 1, 3, 8, 10, 12}), (snip, {1, 2, 3, 10, 11, 12}),
        (sensitivity, {1, 3, 4, 8, 10, 12}), (reciprocal_sensitivity, {0, 1, 2, 9, 11, 12}),
        (per_sign, {0, 1, 2, 10, 11, 12}),
    ],
)  # fmt: skip
def test_the_hand_worked_case_keeps_these_six_of_ten(criterion, kept):
    active = np.flatnonzero(THETA)
    theta, nabla = THETA[active], NABLA[active]
    k = how_many(criterion, theta, 0.4, "floor")
    assert k == 4
    for sign in (1, -1):  # the sign of a gradient says nothing about its connection
        dropped = active[k_smallest(criterion(theta, sign * nabla), k)]
        assert set(active) - set(dropped) == kept


@given(seeds, st.integers(1, 12), st.integers(0, 3))
def test_scores_are_their_formulas_and_division_by_zero_is_defined(seed, n, lam):
    draw = rng(seed)
    theta, nabla = (draw.integers(-4, 5, n).astype(float) for _ in range(2))
    plain = [criterion(theta, nabla).tolist() for criterion in (magnitude, snip, sensitivity, reciprocal_sensitivity)]
    weighted = mest(theta, nabla, lam=float(lam)).tolist()
    for *scores, worth, t, g in zip(*plain, weighted, np.abs(theta), np.abs(nabla), strict=True):
        assert scores == [t, t * g, g / t if t else (inf if g else 0), t / g if g else (inf if t else 0)]
        assert worth == t + lam * g


@pytest.mark.parametrize("criterion", [sensitivity, reciprocal_sensitivity])
def test_a_quotient_too_large_for_its_type_is_infinite_without_a_warning(criterion):
    """A weight can shrink to 1e-39, or a gradient: their quotient passes float32's 3.4e38."""
    large, tiny = np.array([1.0], np.float32), np.array([1e-39], np.float32)
    theta, nabla = (tiny, large) if criterion is sensitivity else (large, tiny)
    assert criterion(theta, nabla)[0] == np.inf


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_criterion_scores_every_connection_from_0_up_and_changes_nothing(criterion, dtype):
    theta, nabla = np.array([-1, 0, 2, -3, 0], dtype), np.array([1, -1, 0, 2, 0], dtype)
    before = theta.copy(), nabla.copy()
    scores = criterion(theta, nabla, rng())
    assert scores.shape == (5,)
    assert (scores >= 0).all()
    np.testing.assert_array_equal((theta, nabla), before)
    assert criterion(theta[:0], nabla[:0], rng()).shape == (0,)


def test_random_scores_come_from_the_generator_alone():
    np.testing.assert_array_equal(random(np.zeros(4), None, rng(5)), rng(5).random(4))


@given(seeds, st.integers(0, 40), fractions)
def test_per_sign_drops_exactly_the_same_fraction_of_either_sign_and_the_smallest_of_it(seed, n, zeta):
    theta = rng(seed).integers(-5, 6, n) * rng(seed).choice([-1.0, 1.0], n)  # many ties, and zeros of either sign
    k = how_many(per_sign, theta, zeta, "floor")
    dropped = np.zeros(n, bool)
    dropped[k_smallest(per_sign(theta), k)] = True
    for sign in (theta >= 0, theta < 0):
        assert dropped[sign].sum() == floor(Fraction(zeta) * int(sign.sum()))
        if (dropped & sign).any() and (~dropped & sign).any():
            assert np.abs(theta[dropped & sign]).max() <= np.abs(theta[~dropped & sign]).min()


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 100).map(lambda percent: percent / 100))
@example(100, 300, 0.29)  # 0.29·100 is 28.999…96 in floats and 0.29·300 is 87
def test_per_sign_drops_every_score_up_to_zeta_whatever_zetas_last_bit(positive, negative, zeta):
    theta = np.concatenate([np.arange(1.0, positive + 1), -np.arange(1.0, negative + 1)])
    assert how_many(per_sign, theta, zeta, "floor") == (per_sign(theta) <= zeta).sum()


@pytest.mark.parametrize(("rounding", "of"), [("floor", floor), ("ceil", ceil), ("nearest", round)])
@given(st.integers(0, 30), st.integers(0, 30), fractions)
@example(10, 0, 0.25)  # halves go to the even number, as Python rounds
def test_k_is_rounded_as_the_record_says_and_by_per_sign_for_each_sign(rounding, of, positive, negative, fraction):
    theta = np.concatenate([np.ones(positive), -np.ones(negative)])
    for criterion in (magnitude, snip, mest, per_sign):
        parts = (positive, negative) if criterion is per_sign else (theta.size,)
        k = how_many(criterion, theta, fraction, rounding)
        assert k == sum(of(Fraction(fraction) * n) for n in parts)
        assert 0 <= k <= theta.size
        assert type(k) is int
