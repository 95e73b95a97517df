import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import DTYPES

from minidst.kernels.keys import sort_keys
from minidst.kernels.radix_sort import by_magnitude
from minidst.kernels.select import kth_smallest

KEYS = st.integers(0, 20) | st.integers(0, 2**62)  # so few that some come twice, and so many that six digits do


@given(st.lists(KEYS, max_size=50))
def test_keys_are_sorted_in_place(keys):
    array = np.array(keys, np.int64)
    sort_keys(array)
    assert array.tolist() == sorted(keys)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_weights_are_ordered_by_magnitude_and_equal_ones_as_they_come(dtype, data):
    numbers = st.sampled_from([0.0, -0.0, 1.0, -1.0]) | st.floats(allow_nan=False, width=32)
    theta = data.draw(arrays(dtype, st.integers(0, 40), elements=numbers))
    np.testing.assert_array_equal(by_magnitude(theta), np.argsort(np.abs(theta), kind="stable"))


@given(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, np.inf]) | st.floats(allow_nan=False, width=32), min_size=1))
def test_the_kth_smallest_is_found_by_its_digits(numbers):
    scores = np.array(numbers, np.float32) + np.float32(0)
    found = [np.int32(kth_smallest(scores.view(np.int32), k)).view(np.float32) for k in range(scores.size)]
    assert found == sorted(scores.tolist())
