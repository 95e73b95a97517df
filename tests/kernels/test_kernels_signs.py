"""Signs from a polynomial mod a Mersenne prime, and sums over a batch that comes in parts.

That any four of the signs are independent, and that no sum overflows, is theorem 3 (tests/theory).
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst.kernels import sketch

pytestmark = pytest.mark.small
checked = settings(deadline=None, max_examples=40)


def at(q, draw):
    """Numbers mod 2^q − 1, the largest and the smallest among them often."""
    p = 2**q - 1
    return draw(st.one_of(st.integers(0, p - 1), st.sampled_from([0, 1, p - 1, p - 2, p // 2, (p + 1) // 2])))


@given(st.data(), st.sampled_from([3, 5, 7, 13, 17, 19, 31, 61]))
@checked
def test_products_in_two_halves_are_those_of_python_integers(data, q):
    a, b = at(q, data.draw), at(q, data.draw)
    assert sketch.product(a, b, q) == a * b % (2**q - 1)


@given(st.data(), st.sampled_from([3, 5, 7, 61]))
@checked
def test_the_polynomial_is_that_of_python_integers(data, q):
    p, c, x = 2**q - 1, [at(q, data.draw) for _ in range(4)], at(q, data.draw)
    assert sketch.polynomial(np.array(c), x, q) == sum(c[i] * x**i for i in range(4)) % p


@given(st.data(), st.sampled_from([3, 5, 61]))
@checked
def test_a_sign_is_the_parity_of_the_value(data, q):
    c, s = np.array([at(q, data.draw) for _ in range(4)]), np.empty(7)
    sketch.four_wise(c, q, s)
    assert s.tolist() == [(-1) ** (sketch.polynomial(c, x, q) % 2) for x in range(7)]


def test_by_hand():
    """h(x) = 1 + 2x + 3x³ mod 7 at x = 0 … 3: 1, 6, 29 = 1, 88 = 4."""
    c, s = np.array([1, 2, 0, 3]), np.empty(4)
    assert [sketch.polynomial(c, x, 3) for x in range(4)] == [1, 6, 1, 4]
    sketch.four_wise(c, 3, s)
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
