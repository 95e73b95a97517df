from fractions import Fraction
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import checked

from minidst.dst import Constant, Cosine, LinearDecay, Schedule
from minidst.nn.optim import constant, cosine, linear

pytestmark = pytest.mark.small


def updates(schedule, T, steps_per_epoch=10):
    """{step: α_t} of all updates in T steps."""
    fractions = {t: schedule.fraction(t, T, steps_per_epoch) for t in range(T + 1)}
    return {t: fraction for t, fraction in fractions.items() if fraction > 0}


def test_cosine_by_hand():
    """α = 0.3, every 2 of 16 steps, until half: T_end = 8, and at 8 itself the cosine is 0."""
    expected = {2: 0.15 * (1 + cos(pi / 4)), 4: 0.15, 6: 0.15 * (1 - cos(pi / 4))}
    found = updates(Cosine(0.3, 2, 0.5), 16)
    assert list(found) == [2, 4, 6]
    assert found == pytest.approx(expected, rel=1e-14)


def test_linear_by_hand():
    assert updates(LinearDecay(0.5, 2, 0.5), 16) == {2: 0.375, 4: 0.25, 6: 0.125}


def test_constant_by_hand():
    assert updates(Constant(0.3, 4, 0.5), 16) == {4: 0.3, 8: 0.3}
    assert updates(Constant(0.3, 4), 16) == {4: 0.3, 8: 0.3, 12: 0.3, 16: 0.3}


def test_an_epochs_pace_follows_the_number_of_steps_in_it():
    """SET rewires after every epoch but the last: a training of 5 epochs has steps 0 to 5·n − 1."""
    for n in (1, 3, 10):
        found = [t for t in range(5 * n) if Constant(0.3, "epoch").fraction(t, 5 * n, n) > 0]
        assert found == [n, 2 * n, 3 * n, 4 * n]


def test_there_is_no_update_beyond_until():
    assert list(updates(Constant(0.3, 10, 0.75), 100)) == [10, 20, 30, 40, 50, 60, 70]
    assert list(updates(Constant(0.3, 25, 0.75), 100)) == [25, 50, 75]  # t = T_end is still one


@given(
    st.sampled_from([cosine, linear, constant]),
    st.floats(0.01, 1),
    st.integers(1, 20) | st.just("epoch"),
    st.integers(1, 64).map(lambda a: a / 64),
    st.integers(1, 100),
    st.integers(1, 10),
)
@checked
def test_updates_come_at_multiples_of_the_pace_never_at_step_0_and_never_grow(decay, alpha, every, until, T, per_epoch):
    schedule = Schedule(alpha, every, until, decay)
    pace = per_epoch if every == "epoch" else every
    found = updates(schedule, T, per_epoch)
    allowed = [t for t in range(pace, T + 1, pace) if t <= Fraction(until) * T]
    if decay is not constant and allowed and allowed[-1] == Fraction(until) * T:
        allowed.pop()  # these decays have reached 0 there
    assert list(found) == allowed
    fractions = list(found.values())
    assert all(0 < fraction <= alpha for fraction in fractions)
    assert fractions == sorted(fractions, reverse=True)
    for t, fraction in found.items():
        assert fraction == pytest.approx(alpha * decay(t / (until * T)), rel=1e-15)


@pytest.mark.parametrize("make", [Cosine, LinearDecay, Constant])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alpha": 0.0}, ["alpha 0.0", "(0, 1]"]),
        ({"alpha": -0.1}, ["alpha -0.1"]),
        ({"alpha": 1.1}, ["alpha 1.1"]),
        ({"alpha": float("nan")}, ["alpha nan"]),
        ({"every": 0}, ["every 0", "at least 1"]),
        ({"every": -5}, ["every -5"]),
        ({"every": 2.5}, ["every 2.5", "whole number"]),
        ({"every": float("nan")}, ["every nan", "whole number"]),
        ({"until": 0.0}, ["until 0.0", "(0, 1]"]),
        ({"until": 1.5}, ["until 1.5"]),
        ({"until": float("nan")}, ["until nan"]),
        ({"first": 0}, ["first 0", "at least 1", "at step 0"]),
        ({"first": -3}, ["first -3"]),
        ({"first": 1.5}, ["first 1.5", "whole number"]),
        ({"first": None}, ["first None", "whole number"]),
    ],
)
def test_numbers_out_of_range_are_refused(make, changes, words, refused):
    with refused(*words):
        make(**{"alpha": 0.3, "every": 100, "until": 0.75, **changes})


def test_an_unknown_pace_is_refused_by_name(refused):
    """A slip of the keyboard should meet the message about 'epoch', not a TypeError about '<'."""
    with refused("epochs", "'epoch'"):
        Schedule(every="epochs")


def test_what_the_helpers_and_the_default_stand_for():
    assert Cosine(0.2, 7) == Schedule(0.2, 7, 0.75, cosine)
    assert LinearDecay(0.2, 7) == Schedule(0.2, 7, 0.75, linear)
    assert Constant(0.2, 7) == Schedule(0.2, 7, 1.0, constant)
    assert Schedule() == Cosine(0.3, 100, 0.75)


def test_a_schedule_reads_as_a_line_of_the_records_page():
    assert str(Cosine(0.3, 100)) == "α 0.3 cosine, every 100 steps, from step 1 until 75%"
    assert str(Constant(0.5, "epoch", first=50)) == "α 0.5 constant, every epoch, from step 50 until 100%"


def test_by_hand_updates_before_the_first_are_left_out_and_the_others_stay_as_they_are():
    """Every 4 of 16 steps until the end; from step 5 on the updates are those at 8, 12 and 16."""
    assert updates(Constant(0.3, 4, first=5), 16) == {8: 0.3, 12: 0.3, 16: 0.3}
    assert list(updates(Constant(0.3, 4, first=8), 16)) == [8, 12, 16]
    assert updates(Constant(0.3, 4, first=17), 16) == {}
    late, always = (Cosine(0.3, 2, 0.5, first=first) for first in (4, 1))
    assert updates(late, 16) == {t: alpha for t, alpha in updates(always, 16).items() if t >= 4}


@given(st.integers(1, 30), st.integers(1, 20), st.integers(1, 100))
@checked
def test_the_first_update_only_ever_takes_away_those_before_it(first, every, T):
    everything = updates(Cosine(0.3, every), T)
    assert updates(Cosine(0.3, every, first=first), T) == {t: a for t, a in everything.items() if t >= first}
    assert 0 not in everything
