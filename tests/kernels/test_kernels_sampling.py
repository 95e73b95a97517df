import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minidst.kernels.sampling import draw, fill_hints


def draw_with(cumulative, u, hints):
    """The indices drawn for the uniforms `u`, with so many hints."""
    drawn, table = np.empty(u.size, np.int32), np.empty(hints + 1, np.int32)
    fill_hints(cumulative, table)
    draw(cumulative, table, u, drawn)
    return drawn


@given(
    st.lists(st.sampled_from([0.0, 1e-300, 1e-17, 0.1, 1.0, 3.0]), min_size=1, max_size=30).filter(any),
    st.lists(st.floats(0, 1, exclude_max=True) | st.sampled_from([0.0, 0.25, 0.5, 1 - 2**-53]), max_size=30),
    st.integers(1, 500),
)
def test_a_draw_is_the_search_from_the_right(weight, uniforms, hints):
    cumulative, u = np.cumsum(weight), np.array(uniforms)
    drawn = draw_with(cumulative, u, hints)
    last = np.searchsorted(cumulative, cumulative[-1])
    expected = np.searchsorted(cumulative, u * cumulative[-1], side="right")
    np.testing.assert_array_equal(drawn, np.minimum(expected, last))
    assert all(weight[i] > 0 for i in drawn)


def test_a_subnormal_total_that_rounding_reaches_is_drawn_within_the_weights():
    for hints in (1, 2, 12, 48):  # .9·5e-324 rounds up to 5e-324
        assert draw_with(np.cumsum([0.0, 5e-324, 0.0]), np.array([0.9]), hints).tolist() == [1]
