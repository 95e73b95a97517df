from itertools import pairwise
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidst.nn import DECAYS, Decay, Steps, Warmup


@pytest.mark.parametrize(
    ("kind", "start", "quarter", "half", "end"),
    [("cosine", 1, (1 + cos(pi / 4)) / 2, 0.5, 0), ("linear", 1, 0.75, 0.5, 0), ("constant", 1, 1, 1, 1)],
)
def test_decays_have_their_values_at_the_ends_and_between(kind, start, quarter, half, end):
    decay = Decay(kind)
    assert [decay(0, 8), decay(2, 8), decay(8, 8)] == [start, quarter, end]
    assert decay(4, 8) == pytest.approx(half, abs=1e-16)


@pytest.mark.parametrize("kind", DECAYS)
@given(st.integers(1, 10**6), st.data())
def test_a_decay_never_rises_and_stays_between_0_and_1(kind, T, data):
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= Decay(kind)(t, T) >= Decay(kind)(t + 1, T) >= 0


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_cosine_and_linear_fall_at_every_step(kind):
    assert all(later < earlier for earlier, later in pairwise(Decay(kind)(t, 100) for t in range(101)))


@pytest.mark.parametrize(("rate", "T", "factors"), [
    (Steps((0.5, 0.75), 0.1), 8, [1] * 4 + [0.1] * 2 + [0.1**2] * 2),  # at a milestone's step and not before
    (Steps(), 100, [1] * 75 + [0.1] * 15 + [0.1**2] * 10),
    (Warmup(4, Decay("linear")), 12, [1 / 4, 2 / 4, 3 / 4, 1, *(1 - n / 8 for n in range(9))]),
    (Warmup(3), 3, [1 / 3, 2 / 3, 1]),  # as long as training: it never decays
])  # fmt: skip
def test_steps_and_warm_up_have_these_factors(rate, T, factors):
    assert [rate(t, T) for t in range(len(factors))] == factors


@given(st.lists(st.floats(0, 1), max_size=4), st.floats(0, 1), st.integers(1, 1000), st.data())
def test_steps_never_rise_whatever_the_order_of_the_milestones(milestones, factor, T, data):
    rate = Steps(tuple(milestones), factor)
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= rate(t, T) >= rate(t + 1, T) >= 0
    assert rate(t, T) == Steps(tuple(reversed(milestones)), factor)(t, T)


@given(st.integers(1, 50), st.integers(1, 200))
def test_a_warm_up_never_jumps_up_by_more_than_its_step(steps, T):
    factors = [Warmup(steps)(t, T) for t in range(T)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert all(b - a <= 1 / steps + 1e-15 for a, b in pairwise([0.0, *factors]))
