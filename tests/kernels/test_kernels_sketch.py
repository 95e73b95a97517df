"""Norms and random signs of a batch that may come in parts, and the polynomial mod a Mersenne prime behind the signs.

That any four of the signs are independent, and that no sum overflows, is theorem 3 (tests/theory).
"""

import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import DTYPES, normal, whole

from minidst.kernels import sketch

FINISH = {sketch.l1: lambda sums: sums, sketch.squares: np.sqrt, sketch.signed: np.abs}


def run(kernel, H, *s, cut=0):
    """The kernel's result over the first `cut` samples and the others, as two parts of one batch."""
    out = np.zeros(len(H))
    with np.errstate(all="ignore"):  # only raised when the JIT is off
        for part in (slice(0, cut), slice(cut, None)):
            kernel(np.ascontiguousarray(H[:, part]), *(signs[part] for signs in s), out)
        return FINISH[kernel](out)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("numbers", [whole, normal])
@given(n=st.integers(0, 6), B=st.integers(0, 40), cut=st.integers(0, 40), seed=st.integers(0, 2**16))
@example(n=2, B=0, cut=0, seed=0)
@example(n=3, B=10, cut=4, seed=0)
def test_norms_and_sketches_are_exact_but_for_rounding(numbers, dtype, n, B, cut, seed):
    rng = np.random.default_rng(seed)
    H, s = numbers(rng, n, B, dtype=dtype), rng.choice(np.array([-1, 1], dtype), B)
    bound = 0 if numbers is whole else 2 * naive.gamma(B + 2, dtype)  # of any order of summation
    np.testing.assert_allclose(run(sketch.l1, H, cut=cut), naive.l1(H), rtol=bound)
    np.testing.assert_allclose(run(sketch.squares, H, cut=cut), naive.l2(H), rtol=bound)
    error = np.abs(run(sketch.signed, H, s, cut=cut) - naive.signed(H, s))
    assert (error <= bound * np.array(naive.l1(H))).all()


@pytest.mark.parametrize("b", [0, 1, 8])
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_show_in_whichever_sample_they_are(special, b):
    H = np.ones((3, 9), np.float32)
    H[1, b] = special
    expected = [9, abs(special), 9]
    np.testing.assert_array_equal(run(sketch.l1, H), expected)
    np.testing.assert_array_equal(run(sketch.signed, H, np.ones(9, np.float32)), expected)
    np.testing.assert_array_equal(run(sketch.squares, H), [3, abs(special), 3])


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e30])
def test_the_norm_is_right_where_the_square_leaves_the_range_of_float32(size):
    H = np.full((2, 9), size, np.float32)
    np.testing.assert_allclose(run(sketch.squares, H), 3 * size, rtol=1e-6)


def residue(q, draw):
    """Numbers mod 2^q − 1, the largest and the smallest among them often."""
    p = 2**q - 1
    return draw(st.one_of(st.integers(0, p - 1), st.sampled_from([0, 1, p - 1, p - 2, p // 2, (p + 1) // 2])))


@given(st.data(), st.sampled_from([3, 5, 7, 13, 17, 19, 31, 61]))
def test_products_in_two_halves_are_those_of_python_integers(data, q):
    a, b = residue(q, data.draw), residue(q, data.draw)
    assert sketch.product(a, b, q) == a * b % (2**q - 1)


@given(st.data(), st.sampled_from([3, 5, 7, 61]))
def test_the_polynomial_is_that_of_python_integers_and_a_sign_its_parity(data, q):
    c, samples = [residue(q, data.draw) for _ in range(4)], [*range(7), residue(q, data.draw)]
    values = [sum(c[i] * x**i for i in range(4)) % (2**q - 1) for x in samples]
    assert [sketch.polynomial(np.array(c), x, q) for x in samples] == values
    signs = np.empty(7)
    sketch.four_wise(np.array(c), q, signs)
    assert signs.tolist() == [(-1) ** (value % 2) for value in values[:7]]
