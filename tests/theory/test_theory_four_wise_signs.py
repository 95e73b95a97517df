"""Theorem 3, proofs/four_wise_signs.md."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidst.kernels import sketch
from minidst.theory import four_wise_signs, graest_mean, product_bound, sketch_bias
from minidst.verify import THEOREMS
from minidst.verify.four_wise_signs import times_hit, total, values


def test_four_wise_signs():
    assert THEOREMS["four_wise_signs"].check() == (5_185_506, 0)


@pytest.mark.parametrize("p", [5, 7])
def test_a_parabola_buys_three_and_a_cubic_four_and_neither_one_more(p):
    """At one point more, p^d polynomials hit p^d of p^(d+1) tuples; and some product of signs has another mean."""
    for d in (3, 4):
        table = values(p, d)
        points = list(combinations(range(p), d + 1))
        assert all(sorted(set(times_hit(table, some, p))) == [0, 1] for some in points)
        signs = 1 - 2 * (table % 2)
        means = {Fraction(int(signs[:, some].prod(1).sum()), p**d) for some in points}
        assert means != {Fraction(1, p ** (d + 1))}


def test_the_signs_of_three_even_values_and_two_odd_ones_by_hand():
    """Of 0 … 4 three are even: E[s] = 3/5 − 2/5; of 0 … 6 four are: 4/7 − 3/7, and two signs multiply to 1/49."""
    assert four_wise_signs(1, Fraction(5)) == Fraction(3, 5) - Fraction(2, 5)
    assert four_wise_signs(2, Fraction(7)) == Fraction(1, 49)
    assert four_wise_signs(0, 7) == 1
    assert four_wise_signs(4, 2**61 - 1) == pytest.approx(2.0**-244, rel=1e-15)


def test_what_the_sketch_is_off_by_over_all_cubics_exactly():
    """E[(hs)(δs)] over the 7⁴ cubics, three samples at x = 0, 1, 2."""
    h, delta = np.array([[3, 1, -2], [0, 2, 5]]), np.array([[1, 4, 1], [-1, 0, 2], [2, 2, 2]])
    s = 1 - 2 * (values(7, 4)[:, :3] % 2)
    first = (delta @ s.T) @ (h @ s.T).T
    bias = sketch_bias(h.astype(object), delta.astype(object), Fraction(7))
    assert bias.shape == (3, 2)
    for ia in np.ndindex(3, 2):
        assert Fraction(int(first[ia]), 7**4) == graest_mean(h, delta)[ia] + bias[ia]
    assert bias[0, 0] == Fraction(6 * 2 - 5, 49)  # Σδ = 6, Σh = 2, ∇ = 3 + 4 − 2


@pytest.mark.parametrize("q", range(5, 63, 2))
def test_the_bound_of_the_sum_is_the_sum_of_the_bounds_of_its_terms(q):
    """Halves of (q − 1)/2 and (q + 1)/2 bits, all ones; the middle's excess and its rest at their largest."""
    high, low = 2 ** ((q - 1) // 2) - 1, 2 ** ((q + 1) // 2) - 1
    excess = 2 * high * low // 2 ** ((q - 1) // 2)
    assert product_bound(q) == 2 * high**2 + excess + high * 2 ** ((q + 1) // 2) + low**2


def test_with_61_bits_the_sum_fits_and_with_63_it_would_not():
    assert product_bound(61) == 2**63 - 2**32 - 2**31 - 3 < 2**63
    p = 2**63 - 1
    assert total(p - 1, p - 1, 63) >= 2**63


P = 2**61 - 1
parts = st.sampled_from([0, 1, 2**30 - 2, 2**30 - 1])
extreme = st.builds(lambda a, b: min(a << 31 | b, P - 1), parts, parts | st.sampled_from([2**31 - 2, 2**31 - 1]))
residues = st.integers(0, P - 1) | extreme


@given(residues, residues)
def test_a_product_of_61_bits_is_python_s_and_its_sum_below_the_bound(a, b):
    assert total(a, b, 61) <= product_bound(61)
    assert total(a, b, 61) % P == sketch.product(a, b, 61) == a * b % P
