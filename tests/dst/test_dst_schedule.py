from fractions import Fraction
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidst.dst import Constant, Cosine, LinearDecay, Schedule
from minidst.nn.optim import constant, cosine, linear


def updates(schedule, T, steps_per_epoch=10):
    """{step: α_t} of all updates in T steps."""
    fractions = {t: schedule.fraction(t, T, steps_per_epoch) for t in range(T + 1)}
    return {t: fraction for t, fraction in fractions.items() if fraction > 0}


@pytest.mark.parametrize(
    ("schedule", "T", "expected"),
    [
        # α = 0.3, every 2 of 16 steps, until half: T_end = 8, and at 8 itself the cosine is 0
        (Cosine(0.3, 2, 0.5), 16, {2: 0.15 * (1 + cos(pi / 4)), 4: 0.15, 6: 0.15 * (1 - cos(pi / 4))}),
        (Cosine(0.3, 2, 0.5, first=4), 16, {4: 0.15, 6: 0.15 * (1 - cos(pi / 4))}),
        (LinearDecay(0.5, 2, 0.5), 16, {2: 0.375, 4: 0.25, 6: 0.125}),
        *((Constant(0.3, *options), T, dict.fromkeys(steps, 0.3)) for options, T, steps in [
            ((4, 0.5), 16, [4, 8]), ((4,), 16, [4, 8, 12, 16]), ((4, 1.0, 5), 16, [8, 12, 16]),
            ((4, 1.0, 8), 16, [8, 12, 16]), ((4, 1.0, 17), 16, []), ((30, 0.75), 100, [30, 60]),
            ((25, 0.75), 100, [25, 50, 75]),  # t = T_end is still an update
            (("epoch",), 39, [10, 20, 30]),  # none after the last of four epochs
        ]),
    ],
)  # fmt: skip
def test_updates_by_hand(schedule, T, expected):
    assert updates(schedule, T) == pytest.approx(expected, rel=1e-14)


@given(
    st.sampled_from([cosine, linear, constant]), st.floats(0.01, 1), st.integers(1, 20) | st.just("epoch"),
    st.integers(1, 64).map(lambda a: a / 64), st.just(1) | st.integers(1, 30), st.integers(1, 100), st.integers(1, 10),
)  # fmt: skip
def test_updates_come_at_multiples_of_the_pace_from_the_first_on_and_their_fraction_never_grows(
    decay, alpha, every, until, first, T, per_epoch
):
    schedule = Schedule(alpha, every, until, decay, first)
    pace = per_epoch if every == "epoch" else every
    found = updates(schedule, T, per_epoch)
    allowed = [t for t in range(pace, T + 1, pace) if first <= t <= Fraction(until) * T]
    if decay is not constant and allowed and allowed[-1] == Fraction(until) * T:
        allowed.pop()  # these decays have reached 0 there
    assert list(found) == allowed
    fractions = list(found.values())
    assert all(0 < fraction <= alpha for fraction in fractions)
    assert fractions == sorted(fractions, reverse=True)
    for t, fraction in found.items():
        assert fraction == pytest.approx(alpha * decay(t / (until * T)), rel=1e-15)


def test_what_the_helpers_and_the_default_stand_for():
    for make, until, decay in [(Cosine, 0.75, cosine), (LinearDecay, 0.75, linear), (Constant, 1.0, constant)]:
        assert make(0.2, 7) == Schedule(0.2, 7, until, decay)
        assert make(0.2, 7, 0.5, 9) == Schedule(0.2, 7, 0.5, decay, 9)
    assert Schedule() == Cosine(0.3, 100, 0.75)


def test_a_schedule_reads_as_a_line_of_the_records_page():
    assert str(Cosine(0.3, 100)) == "α 0.3 cosine, every 100 steps, from step 1 until 75%"
    assert str(Constant(0.5, "epoch", first=50)) == "α 0.5 constant, every epoch, from step 50 until 100%"
