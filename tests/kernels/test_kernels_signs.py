"""Signs of which any four are independent, and sums over a batch that comes in parts."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst.kernels import sketch

pytestmark = pytest.mark.small
checked = settings(deadline=None, max_examples=40)

Q = 3  # p = 7, which leaves 7⁴ = 2401 cubics to enumerate
P = 2**Q - 1
CUBICS = np.array(list(product(range(P), repeat=4)))


def at(q, draw):
    """Numbers mod 2^q − 1, the largest and the smallest among them often."""
    p = 2**q - 1
    return draw(st.one_of(st.integers(0, p - 1), st.sampled_from([0, 1, p - 1, p - 2, p // 2, (p + 1) // 2])))


@given(st.data(), st.sampled_from([3, 5, 7, 13, 17, 19, 31, 61]))
@checked
def test_products_in_two_halves_are_those_of_python_integers(data, q):
    a, b = at(q, data.draw), at(q, data.draw)
    assert sketch.product(a, b, q) == a * b % (2**q - 1)


def test_the_largest_sum_on_the_way_to_a_product_fits_into_64_bits():
    """High halves below 2³⁰, low ones below 2³¹, the middle's excess over 30 bits below 2³²."""
    high, low = 2**30 - 1, 2**31 - 1
    assert 2 * high * low // 2**30 < 2**32
    assert 2 * high**2 + 2**32 + high * 2**31 + low**2 == 2**63 - 2**32 - 2**31 + 3
    p = 2**61 - 1
    assert sketch.product(p - 1, p - 1, 61) == 1
    assert sketch.product(p - 1, (1 << 60) + low, 61) == p - (1 << 60) - low


@given(st.data(), st.sampled_from([3, 5, 7, 61]))
@checked
def test_the_polynomial_is_that_of_python_integers(data, q):
    p, c, x = 2**q - 1, [at(q, data.draw) for _ in range(4)], at(q, data.draw)
    assert sketch.polynomial(np.array(c), x, q) == sum(c[i] * x**i for i in range(4)) % p


@pytest.fixture(scope="module")
def values():
    """h(x) of every cubic over GF(7) at every x: (2401, 7)."""
    return np.array([[sketch.polynomial(c, x, Q) for x in range(P)] for c in CUBICS])


def test_values_at_any_four_points_are_independent_and_uniform_exactly(values):
    """Each of the 7⁴ quadruples of values comes from exactly one of the 7⁴ cubics, for all 35 choices of points."""
    for points in combinations(range(P), 4):
        assert set(Counter(map(tuple, values[:, points].tolist())).values()) == {1}
        assert len(set(map(tuple, values[:, points].tolist()))) == P**4


def test_values_at_five_points_are_not_independent(values):
    """2401 cubics cannot make 7⁵ quintuples: four is what a cubic buys, and the test above is not true by accident."""
    assert len(set(map(tuple, values[:, :5].tolist()))) == P**4 < P**5


def signs_of_all_cubics():
    rows = np.empty((len(CUBICS), P))
    for c, row in zip(CUBICS, rows, strict=True):
        sketch.four_wise(c, Q, row)
    return rows


def test_a_sign_is_the_parity_of_the_value(values):
    np.testing.assert_array_equal(signs_of_all_cubics(), np.where(values % 2 == 0, 1, -1))


def test_a_sign_has_mean_1_over_p_and_up_to_four_of_them_multiply_exactly():
    """Of 0 … 6 four are even and three odd: E[s] = 1/7, and E[s_i s_j s_k s_l] = 1/7⁴, by independence."""
    signs = signs_of_all_cubics().astype(int)
    for n in (1, 2, 3, 4):
        for points in combinations(range(P), n):
            total = sum(prod(row) for row in signs[:, points].tolist())
            assert Fraction(total, len(signs)) == Fraction(1, P**n)


def test_by_hand():
    """h(x) = 1 + 2x + 3x³ mod 7 at x = 0 … 3: 1, 6, 29 = 1, 88 = 4."""
    c, s = np.array([1, 2, 0, 3]), np.empty(4)
    assert [sketch.polynomial(c, x, Q) for x in range(4)] == [1, 6, 1, 4]
    sketch.four_wise(c, Q, s)
    assert s.tolist() == [-1, 1, -1, 1]


@given(st.integers(1, 9), st.integers(0, 2**16), st.sampled_from([np.float32, np.float64]))
@checked
def test_sums_over_parts_of_a_batch_are_those_of_the_whole(cut, seed, dtype):
    rng = np.random.default_rng(seed)
    H, s = rng.integers(-4, 5, (3, 10)).astype(dtype), rng.choice([-1.0, 1.0], 10)
    for kernel, terms in ((sketch.l1, abs(H)), (sketch.squares, H**2), (sketch.signed, s * H)):
        out = np.zeros(3)
        for part in (slice(0, cut), slice(cut, 10)):
            kernel(np.ascontiguousarray(H[:, part]), *([s[part]] if kernel is sketch.signed else []), out)
        np.testing.assert_array_equal(out, terms.sum(axis=1))


def test_the_square_of_a_small_float32_is_not_lost():
    """(10⁻³⁰)² is 0 in float32 and 10⁻⁶⁰ in float64."""
    out = np.zeros(1)
    sketch.squares(np.full((1, 3), 1e-30, np.float32), out)
    np.testing.assert_allclose(out, 3e-60, rtol=1e-6, atol=0)
