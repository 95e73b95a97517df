import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minidst.kernels.keys import ends, follow, keep_absent, merge, sort_keys


@given(st.dictionaries(st.integers(0, 40), st.booleans()), st.sets(st.integers(0, 40)))
def test_kept_and_new_keys_are_merged_and_the_source_of_each_is_known(kept, born):
    keys, keeps = np.array(sorted(kept), np.int64), np.array([kept[key] for key in sorted(kept)], bool)
    born = np.array(sorted(born), np.int64)
    merged, source = np.empty((2, keeps.sum() + born.size), np.int64)
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
    rows, cols = np.empty((2, keys.size), np.int32)
    ends(keys, n_in, rows, cols)
    np.testing.assert_array_equal([rows, cols], np.divmod(keys, n_in))


@given(st.lists(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_absent_keys_are_kept_in_place_each_once(keys, taken):
    sorted_keys = np.array(sorted(keys), np.int64)
    count = keep_absent(sorted_keys, np.array(sorted(taken), np.int64))
    assert sorted_keys[:count].tolist() == sorted(set(keys) - taken)


KEYS = st.integers(0, 20) | st.integers(0, 2**62)  # so few that some come twice, and so many that six digits do


@given(st.lists(KEYS, max_size=50))
def test_keys_are_sorted_in_place(keys):
    array = np.array(keys, np.int64)
    sort_keys(array)
    assert array.tolist() == sorted(keys)
