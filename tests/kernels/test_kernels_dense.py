"""One pass over a dense array: batches as columns, and sums over samples. Steps of SGD and Adam: tests/nn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, whole

from minidst.kernels.dense import as_columns, over_samples

BOTH_DTYPES = pytest.mark.parametrize("dtype", DTYPES)
same = np.testing.assert_array_equal  # nan equals nan, inf equals inf


@pytest.mark.parametrize("order", ["C", "F"])
@given(n=st.integers(1, 40), features=st.integers(1, 40), data=st.data())
def test_a_batch_has_one_column_per_chosen_sample(order, n, features, data):
    samples = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=40)), np.int64)
    x = np.asarray(np.random.default_rng(n).standard_normal((n, features)), order=order)
    for dtype in DTYPES:
        X = as_columns(x, samples, dtype)
        same(X, x[samples].T.astype(dtype))
        assert X.flags.c_contiguous
        assert X.size == 0 or X.strides[0] % 32 or X.ctypes.data % 64 == 0


@BOTH_DTYPES
@pytest.mark.parametrize("order", ["C", "F"])
@given(n=st.integers(0, 9), B=st.integers(0, 128), seed=st.integers(0, 99))
def test_a_sum_over_up_to_128_samples_has_the_bits_of_numpys(dtype, order, n, B, seed):
    H = np.random.default_rng(seed).standard_normal((n, B)).astype(dtype)
    same(over_samples(np.asarray(H, order=order)), H.sum(axis=1))


@BOTH_DTYPES
@given(n=st.integers(1, 9), B=st.integers(1, 400), seed=st.integers(0, 99))
def test_a_sum_over_samples_is_exact_where_numbers_are_whole(dtype, n, B, seed):
    H = whole(np.random.default_rng(seed), n, B, dtype=dtype)
    same(over_samples(H), np.array([sum(row) for row in H.tolist()], dtype))


def test_a_sum_over_samples_does_not_hide_what_is_not_finite():
    H = np.zeros((3, 20), np.float32)
    H[0, 3], H[1, 17], H[2, 0], H[2, 19] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):  # only raised when the JIT is off
        same(over_samples(H), np.array([np.nan, np.inf, np.nan], np.float32))
