"""Theorem 9, proofs/cosine_schedule.md."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from minidst.dst import Cosine
from minidst.dst.papers.gradual import Rising, cubic
from minidst.theory import cosine_schedule, gradual_schedule
from minidst.verify import THEOREMS


def test_cosine_schedule():
    cases, deviation = THEOREMS["cosine_schedule"].check()
    assert cases == 22_950
    assert deviation <= THEOREMS["cosine_schedule"].tolerance


def test_cosine_by_hand():
    """α = .4, T_end = 12: cos is 1, ½, 0, −½, −1 at t = 0, 4, 6, 8, 12."""
    assert cosine_schedule(np.array([0, 4, 6, 8, 12]), 12, 0.4) == pytest.approx([0.4, 0.3, 0.2, 0.1, 0], abs=1e-16)
    assert cosine_schedule(5, 10) == pytest.approx(0.5)
    schedule = Cosine(0.4, 4, 0.75)  # 16 steps: T_end = 12, updates at 4 and 8 and, with nothing to exchange, 12
    assert [schedule.fraction(t, 16, 1) for t in (4, 8, 12)] == pytest.approx([0.3, 0.1, 0], abs=1e-16)


def test_gradual_pruning_by_hand_to_nine_tenths_in_ten_updates():
    """.9·(1 − (1 − u/10)³), u = 0 … 10: the cubes are 1, .729, .512, … and every value has four digits."""
    expected = ["0", ".2439", ".4392", ".5913", ".7056", ".7875", ".8424", ".8757", ".8928", ".8991", ".9"]
    s_f = Fraction(9, 10)
    assert [gradual_schedule(Fraction(t), 10, 7, s_f) for t in range(0, 71, 7)] == [Fraction(s) for s in expected]
    schedule = Rising(1.0, every=7, until=1.0, decay=cubic)
    found = [0.9 * schedule.fraction(t, 71, 5) for t in range(7, 71, 7)]
    assert found == pytest.approx([float(s) for s in expected[1:]], abs=1e-15)


@given(st.integers(-50, 50), st.integers(1, 50), st.integers(1, 50), st.fractions(0, 1), st.fractions(0, 1), st.data())
def test_gradual_pruning_goes_from_its_first_to_its_last_sparsity_and_never_back(t_0, n, every, s_i, s_f, data):
    def s(t):
        return gradual_schedule(Fraction(t), n, every, s_f, s_i, t_0)

    end = t_0 + n * every
    a, b = sorted(data.draw(st.lists(st.fractions(t_0, end), min_size=2, max_size=2, unique=True)))
    assert (s(t_0), s(end)) == (s_i, s_f)
    assert s_i == s_f == s(a) or (s(b) - s(a)) * (s_f - s_i) > 0
    assert s((t_0 + Fraction(end)) / 2) == s_f + (s_i - s_f) / 8  # seven eighths are done at half time


def test_the_derivatives_have_one_sign_between_the_ends():
    t, T, alpha, s_i, d = sympy.symbols("t T alpha s_i d", positive=True)
    slope = sympy.diff(alpha / 2 * (1 + sympy.cos(sympy.pi * t / T)), t)
    assert sympy.simplify(slope + alpha * sympy.pi / (2 * T) * sympy.sin(sympy.pi * t / T)) == 0
    zeros = sympy.solveset(sympy.sin(sympy.pi * t / T).subs(T, 1), t, sympy.Interval.open(0, 1))
    assert zeros == sympy.S.EmptySet
    assert slope.subs({t: T / 2}).is_negative
    rise = sympy.diff(s_i + d + (-d) * (1 - t / T) ** 3, t)  # s_f = s_i + d
    assert sympy.simplify(rise - 3 * d / T * (1 - t / T) ** 2) == 0
