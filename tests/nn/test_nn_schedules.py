from itertools import pairwise
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole_numbers import checked

from minidst.nn import DECAYS, Decay, Steps, Warmup

pytestmark = pytest.mark.small


@pytest.mark.parametrize(
    ("kind", "start", "quarter", "half", "end"),
    [
        ("cosine", 1, (1 + cos(pi / 4)) / 2, 0.5, 0),
        ("linear", 1, 0.75, 0.5, 0),
        ("constant", 1, 1, 1, 1),
    ],
)
def test_decays_have_their_values_at_the_ends_and_between(kind, start, quarter, half, end):
    decay = Decay(kind)
    assert decay(0, 8) == start
    assert decay(2, 8) == quarter
    assert decay(4, 8) == pytest.approx(half, abs=1e-16)
    assert decay(8, 8) == end


@pytest.mark.parametrize("kind", DECAYS)
@given(st.integers(1, 10**6), st.data())
@checked
def test_a_decay_never_rises_and_stays_between_0_and_1(kind, T, data):
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= Decay(kind)(t, T) >= Decay(kind)(t + 1, T) >= 0


def test_cosine_and_linear_fall_at_every_step():
    for kind in ("cosine", "linear"):
        factors = [Decay(kind)(t, 100) for t in range(101)]
        assert all(later < earlier for earlier, later in pairwise(factors))


def test_milestones_take_effect_at_their_step_and_not_before():
    rate = Steps((0.5, 0.75), 0.1)
    factors = [rate(t, 8) for t in range(8)]
    assert factors == [1, 1, 1, 1, 0.1, 0.1, 0.1**2, 0.1**2]


def test_the_default_steps_fall_tenfold_at_three_quarters_and_at_nine_tenths():
    factors = [Steps()(t, 100) for t in (0, 74, 75, 89, 90, 99)]
    assert factors == [1, 1, 0.1, 0.1, 0.1**2, 0.1**2]


@given(st.lists(st.floats(0, 1), max_size=4), st.floats(0, 1), st.integers(1, 1000), st.data())
@checked
def test_steps_never_rise_whatever_the_order_of_the_milestones(milestones, factor, T, data):
    rate = Steps(tuple(milestones), factor)
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= rate(t, T) >= rate(t + 1, T) >= 0
    assert rate(t, T) == Steps(tuple(reversed(milestones)), factor)(t, T)


def test_a_warm_up_rises_in_equal_steps_to_1_and_hands_the_rest_to_the_next_schedule():
    rate = Warmup(4, Decay("linear"))
    assert [rate(t, 12) for t in range(13)] == [1 / 4, 2 / 4, 3 / 4, 1, *(1 - n / 8 for n in range(9))]


@given(st.integers(1, 50), st.integers(1, 200))
@checked
def test_a_warm_up_never_jumps_up_by_more_than_its_step(steps, T):
    factors = [Warmup(steps)(t, T) for t in range(T)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert all(b - a <= 1 / steps + 1e-15 for a, b in pairwise([0.0, *factors]))


def test_a_warm_up_as_long_as_training_never_decays():
    assert [Warmup(3)(t, 3) for t in range(3)] == [1 / 3, 2 / 3, 1]


def test_an_unknown_decay_is_refused(refused):
    with refused("'cosin'", "cosine, linear, constant"):
        Decay("cosin")


def test_rates_that_would_rise_or_never_fall_are_refused(refused):
    with refused("(75, 90)", "fractions"):
        Steps((75, 90))
    with refused("3.0", "[0, 1]"):
        Steps((0.5,), 3.0)
    with refused("-3", "at least 1"):
        Warmup(-3)
