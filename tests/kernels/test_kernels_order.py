import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import DTYPES

from minidst.kernels.order import by_magnitude, draw, merge, sort_keys

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


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_two_runs_are_merged_and_every_key_knows_where_it_came_from(kept, born):
    kept, born = (np.array(sorted(run), np.int64) for run in (kept, born))
    keys, source = np.empty(kept.size + born.size, np.int64), np.empty(kept.size + born.size, np.int64)
    merge(kept, born, keys, source)
    assert keys.tolist() == sorted([*kept.tolist(), *born.tolist()])
    both = np.concatenate([kept, born[::-1]])
    np.testing.assert_array_equal(both[source], keys)  # −1 is the first of the born, read from the end


@given(
    st.lists(st.sampled_from([0.0, 1e-300, 0.1, 1.0, 3.0]), min_size=1, max_size=30).filter(any),
    st.lists(st.floats(0, 1, exclude_max=True) | st.sampled_from([0.0, 0.25, 0.5, 1 - 2**-53]), max_size=30),
)
def test_a_draw_is_the_search_from_the_right(weight, uniforms):
    cumulative, u = np.cumsum(weight), np.array(uniforms)
    drawn = np.empty(u.size, np.int32)
    draw(cumulative, u, drawn)
    last = np.searchsorted(cumulative, cumulative[-1])
    expected = np.searchsorted(cumulative, u * cumulative[-1], side="right")
    np.testing.assert_array_equal(drawn, np.minimum(expected, last))
    assert all(weight[i] > 0 for i in drawn)


def test_a_subnormal_total_that_rounding_reaches_is_drawn_within_the_weights():
    drawn = np.empty(1, np.int32)
    draw(np.cumsum([0.0, 5e-324, 0.0]), np.array([0.9]), drawn)  # .9·5e-324 rounds up to 5e-324
    assert drawn.tolist() == [1]
