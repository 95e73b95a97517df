import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import DTYPES

from minidst.kernels.keys import ends, follow, merge, sort_keys
from minidst.kernels.radix_sort import by_magnitude
from minidst.kernels.select import kth_smallest

pytestmark = pytest.mark.small

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


@given(st.dictionaries(st.integers(0, 40), st.booleans()), st.sets(st.integers(0, 40)))
def test_what_is_kept_and_what_is_born_are_merged_and_every_key_knows_where_it_came_from(kept, born):
    keys, keeps = np.array(sorted(kept), np.int64), np.array([kept[key] for key in sorted(kept)], bool)
    born = np.array(sorted(born), np.int64)
    merged, source = np.empty(keeps.sum() + born.size, np.int64), np.empty(keeps.sum() + born.size, np.int64)
    merge(keys, keeps, born, merged, source)
    assert merged.tolist() == sorted([*keys[keeps].tolist(), *born.tolist()])
    assert merged[source < 0].tolist() == born.tolist()
    np.testing.assert_array_equal(keys[source[source >= 0]], keys[keeps])
    carried = np.empty(merged.size)
    follow(keys + 0.5, source, carried)
    np.testing.assert_array_equal(carried, np.where(source < 0, 0, merged + 0.5))


@given(st.lists(st.integers(0, 40)), st.integers(1, 12))
def test_the_ends_of_increasing_keys_are_quotient_and_remainder(keys, n_in):
    keys = np.array(sorted(keys), np.int64)
    rows, cols = np.empty(keys.size, np.int32), np.empty(keys.size, np.int32)
    ends(keys, n_in, rows, cols)
    np.testing.assert_array_equal([rows, cols], np.divmod(keys, n_in))


@given(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, np.inf]) | st.floats(allow_nan=False, width=32), min_size=1))
def test_the_kth_smallest_is_found_by_its_digits(numbers):
    scores = np.array(numbers, np.float32) + np.float32(0)
    found = [np.int32(kth_smallest(scores.view(np.int32), k)).view(np.float32) for k in range(scores.size)]
    assert found == sorted(scores.tolist())
