import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import DTYPES

from minidst.kernels.radix_sort import by_magnitude
from minidst.kernels.select import STRIDE, collect, k_largest, k_smallest, kth_smallest

FEW = st.sampled_from([-np.inf, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, np.inf])  # so few that most scores are tied
SCORES = st.lists(FEW | st.floats(allow_nan=False, width=32), max_size=40)


@given(scores=SCORES, k=st.integers(-2, 45))
@example(scores=[1.0, 0.0, -0.0, 0.0], k=2)  # −0 and 0 are equal
@example(scores=[3.0, 1, 2, 1, 3, 1, 2], k=2)
@example(scores=[], k=0)
@example(scores=[np.inf, np.inf], k=1)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_k_smallest_and_largest_are_those_of_a_sort_with_ties_to_the_earlier(dtype, scores, k):
    array = np.array(scores, dtype)
    before = array.tobytes()
    for select, oracle in [(k_smallest, naive.k_smallest), (k_largest, naive.k_largest)]:
        found = select(array, k)
        assert found.tolist() == oracle(scores, k)
        assert found.dtype == np.int64  # positions are multiplied into keys i·n_in + j, which pass 2³¹
    assert array.tobytes() == before


@pytest.mark.parametrize("select", [k_smallest, k_largest])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_k_positions_come_back_even_if_some_scores_are_nan(select, k):
    # otherwise fewer connections are dropped than grown, and their number is not conserved
    assert select(np.array([np.nan, 1.0, np.nan]), k).size == k


def drain(scores, start, first_key, threshold, size):
    """Call `collect` until the scan ends, emptying the buffers whenever it stops; also check each stop."""
    keys, kept = np.full(size, -7), np.full(size, -7, scores.dtype)
    found, filled, p = [], 0, start
    while True:
        before = p
        p, filled = collect(scores, p, first_key, threshold, filled, keys, kept)
        found += zip(keys[:filled].tolist(), kept[:filled].tolist(), strict=True)
        assert (keys[filled:] == -7).all()  # nothing is written beyond what is reported
        assert (kept[filled:] == -7).all()
        if p == scores.size:
            return found
        assert p > before or filled > 0
        window = scores[p : p + STRIDE]
        assert filled + (window > threshold).sum() > size  # it stops only when the next window does not fit
        keys[:], kept[:], filled = -7, -7, 0


@given(
    n=st.integers(0, 3 * STRIDE + 2) | st.sampled_from([STRIDE - 1, STRIDE, STRIDE + 1, 2 * STRIDE]),
    start=st.integers(0, STRIDE + 1),
    size=st.integers(STRIDE, 2 * STRIDE),
    threshold=st.integers(-1, 9),
    first_key=st.sampled_from([0, 5, 2**31 - 3, 2**40]),
    seed=st.integers(0, 2**16),
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_collect_lists_every_score_above_the_threshold_once_and_in_order(
    dtype, n, start, size, threshold, first_key, seed
):
    scores = np.random.default_rng(seed).integers(0, 10, n).astype(dtype)
    start = min(start, n)
    found = drain(scores, start, first_key, dtype(threshold), size)
    assert found == [(first_key + p, scores[p]) for p in range(start, n) if scores[p] > threshold]


def test_collect_appends_to_the_buffers():
    keys, kept = np.full(STRIDE + 2, -7), np.zeros(STRIDE + 2)
    keys[:2], kept[:2] = [70, 71], [0.5, 0.25]
    assert collect(np.array([1.0, 0.0, 2.0]), 0, 100, 0.0, 2, keys, kept) == (3, 4)
    assert keys[:5].tolist() == [70, 71, 100, 102, -7]
    assert kept[:4].tolist() == [0.5, 0.25, 1, 2]


@pytest.mark.parametrize(("scores", "threshold", "keys"), [
    (np.ones(STRIDE), 0.0, list(range(STRIDE))),  # the buffers are filled to the last entry
    (np.array([1.0, 2, 1, 1, 2, 1]), 1.0, [1, 4]),  # scores at the threshold take no space
    (np.array([1.0, np.nan, 2.0, np.inf, -np.inf]), 1.0, [2, 3]),  # nan is never taken
], ids=["full", "ties", "nan"])  # fmt: skip
def test_collect_needs_buffers_for_the_scores_strictly_above_the_threshold_alone(scores, threshold, keys):
    found, kept = np.empty(len(keys), np.int64), np.empty(len(keys))
    assert collect(scores, 0, 0, threshold, 0, found, kept) == (scores.size, len(keys))
    assert found.tolist() == keys
    assert kept.tolist() == scores[keys].tolist()


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
