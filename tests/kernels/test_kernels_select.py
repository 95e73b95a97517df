import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import DTYPES

from minidst.kernels.keys import keep_absent
from minidst.kernels.select import STRIDE, collect, k_largest, k_smallest

pytestmark = pytest.mark.small

FEW = st.sampled_from([-np.inf, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, np.inf])  # so few that most scores are tied
SCORES = st.lists(FEW | st.floats(allow_nan=False, width=32), max_size=40)


@given(scores=SCORES, k=st.integers(-2, 45))
@example(scores=[1.0, 0.0, -0.0, 0.0], k=2)  # −0 and 0 are equal
@example(scores=[], k=0)
@example(scores=[np.inf, np.inf], k=1)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_k_smallest_and_largest_are_those_of_a_sort_with_ties_to_the_earlier(dtype, scores, k):
    array = np.array(scores, dtype)
    assert k_smallest(array, k).tolist() == naive.k_smallest(scores, k)
    assert k_largest(array, k).tolist() == naive.k_largest(scores, k)


def test_between_equal_scores_the_earlier_position_wins():
    scores = np.array([3.0, 1, 2, 1, 3, 1, 2])
    assert k_smallest(scores, 2).tolist() == [1, 3]
    assert k_smallest(scores, 4).tolist() == [1, 2, 3, 5]
    assert k_largest(scores, 3).tolist() == [0, 2, 4]


@pytest.mark.parametrize("select", [k_smallest, k_largest])
def test_positions_are_int64_whatever_k_is(select):
    # they index connections and are multiplied into keys i·n_in + j, which pass 2³¹
    for k in (0, 2, 3, 9):
        assert select(np.array([3.0, 1.0, 2.0]), k).dtype == np.int64


@pytest.mark.parametrize("select", [k_smallest, k_largest])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_k_positions_come_back_even_if_some_scores_are_nan(select, k):
    # otherwise fewer connections are dropped than grown, and their number is not conserved
    assert select(np.array([np.nan, 1.0, np.nan]), k).size == k


@given(scores=SCORES, k=st.integers(0, 45))
def test_scores_are_not_changed(scores, k):
    array = np.array(scores)
    before = array.tobytes()
    k_smallest(array, k)
    k_largest(array, k)
    assert array.tobytes() == before


def drain(scores, start, first_key, threshold, room):
    """Call `collect` until the scan ends, emptying the buffers whenever it stops; also check each stop."""
    keys, kept = np.full(room, -7), np.full(room, -7, scores.dtype)
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
        assert filled + (window > threshold).sum() > room  # it stops only when the next window does not fit
        keys[:], kept[:], filled = -7, -7, 0


@given(
    n=st.integers(0, 3 * STRIDE + 2) | st.sampled_from([STRIDE - 1, STRIDE, STRIDE + 1, 2 * STRIDE]),
    start=st.integers(0, STRIDE + 1),
    room=st.integers(STRIDE, 2 * STRIDE),
    threshold=st.integers(-1, 9),
    first_key=st.sampled_from([0, 5, 2**31 - 3, 2**40]),
    seed=st.integers(0, 2**16),
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_collect_lists_every_score_above_the_threshold_once_and_in_order(
    dtype, n, start, room, threshold, first_key, seed
):
    scores = np.random.default_rng(seed).integers(0, 10, n).astype(dtype)
    start = min(start, n)
    found = drain(scores, start, first_key, dtype(threshold), room)
    assert found == [(first_key + p, scores[p]) for p in range(start, n) if scores[p] > threshold]


def test_collect_appends_after_what_the_buffers_hold():
    keys, kept = np.full(STRIDE + 2, -7), np.zeros(STRIDE + 2)
    keys[:2], kept[:2] = [70, 71], [0.5, 0.25]
    assert collect(np.array([1.0, 0.0, 2.0]), 0, 100, 0.0, 2, keys, kept) == (3, 4)
    assert keys[:5].tolist() == [70, 71, 100, 102, -7]
    assert kept[:4].tolist() == [0.5, 0.25, 1, 2]


def test_collect_fills_its_buffers_to_the_last_place():
    keys, kept = np.empty(STRIDE, np.int64), np.empty(STRIDE)
    assert collect(np.ones(STRIDE), 0, 0, 0.0, 0, keys, kept) == (STRIDE, STRIDE)
    assert keys.tolist() == list(range(STRIDE))


def test_scores_at_the_threshold_need_no_room():
    keys, kept = np.empty(2, np.int64), np.empty(2)
    assert collect(np.array([1.0, 2, 1, 1, 2, 1]), 0, 0, 1.0, 0, keys, kept) == (6, 2)
    assert keys.tolist() == [1, 4]


def test_collect_takes_scores_strictly_above_the_threshold_and_never_nan():
    keys, kept = np.empty(STRIDE, np.int64), np.empty(STRIDE)
    scores = np.array([1.0, np.nan, 2.0, np.inf, -np.inf])
    assert collect(scores, 0, 0, 1.0, 0, keys, kept) == (5, 2)
    assert keys[:2].tolist() == [2, 3]


@given(st.lists(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_absent_keys_are_kept_in_place_each_once(keys, taken):
    sorted_keys = np.array(sorted(keys), np.int64)
    count = keep_absent(sorted_keys, np.array(sorted(taken), np.int64))
    assert sorted_keys[:count].tolist() == sorted(set(keys) - taken)
