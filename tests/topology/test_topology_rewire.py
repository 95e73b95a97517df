import tracemalloc

import naive
import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DTYPES

from minidst import COO, CSR, Condensed
from minidst.topology import carry, gnm, rewire

pytestmark = pytest.mark.small

FORMATS = pytest.mark.parametrize("format", [COO, CSR])
NONE = np.empty(0, np.int64)


def matrix(format, shape, weights, dtype=np.float64):
    """The matrix of {key: weight}."""
    keys = np.array(sorted(weights), np.int64)
    rows, cols = np.divmod(keys, shape[1])
    values = np.array([weights[key] for key in keys.tolist()], dtype)
    return format.from_connections(shape, rows.astype(np.int32), cols.astype(np.int32), values)


def as_dict(W):
    return dict(zip(W.keys().tolist(), W.values.reshape(-1), strict=True))


def bits(weights):
    """{key: bits of the weight}: −0 is not 0, and equal is equal to the last bit."""
    return {key: np.asarray(w).tobytes() for key, w in weights.items()}


@st.composite
def exchanges(draw, dtype, conserve=False):
    """A layer, which of its connections to drop, and what to bear, in any order; a dropped one may be born again."""
    number = st.floats(width=np.dtype(dtype).itemsize * 8, allow_nan=False, allow_infinity=False).map(dtype)
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    n = shape[0] * shape[1]
    weights = draw(st.dictionaries(st.integers(0, n - 1), number))
    active = sorted(weights)
    drop = draw(st.permutations(range(len(active))))[: draw(st.integers(0, len(active)))]
    places = draw(st.permutations(sorted(set(range(n)) - set(active) | {active[e] for e in drop})))
    born = {key: draw(number) for key in places[: len(drop) if conserve else draw(st.integers(0, len(places)))]}
    return shape, weights, drop, born


@FORMATS
@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=100)
@given(data=st.data())
def test_rewiring_is_set_difference_and_union_to_the_last_bit(format, dtype, data):
    shape, weights, drop, born = data.draw(exchanges(dtype))
    active = sorted(weights)
    W = matrix(format, shape, weights, dtype)
    before = bits(as_dict(W))
    state = np.arange(1, W.nnz + 1, dtype=dtype)  # one number a connection, none of them 0

    after, source = rewire(W, np.array(drop, np.int64), np.array([*born], np.int64), np.array([*born.values()], dtype))

    expected = naive.rewire(weights, {active[e] for e in drop}, born)
    assert bits(as_dict(after)) == bits({key: dtype(w) for key, w in expected.items()})
    assert (type(after), after.shape, after.dtype) == (format, shape, dtype)
    assert bits(as_dict(W)) == before  # W is a value
    assert not np.shares_memory(after.values, W.values)

    assert source.dtype == np.int64
    assert source.tolist() == [-1 if key in born else active.index(key) for key in sorted(expected)]
    carried = carry(state, source)
    assert carried.dtype == dtype
    assert carried.tolist() == [0 if key in born else active.index(key) + 1 for key in sorted(expected)]


@FORMATS
@given(data=st.data())
def test_as_many_born_as_dropped_conserves_the_number_of_connections(format, data):
    shape, weights, drop, born = data.draw(exchanges(np.float64, conserve=True))
    after, source = rewire(matrix(format, shape, weights), np.array(drop, int), np.array([*born], int))
    assert after.nnz == source.size == len(weights)
    assert (source < 0).sum() == len(born)
    assert (np.diff(after.keys()) > 0).all()  # no duplicates


@FORMATS
@given(data=st.data())
def test_dropping_what_was_born_and_bearing_what_was_dropped_restores_the_layer(format, data):
    shape, weights, drop, born = data.draw(exchanges(np.float64))
    W = matrix(format, shape, weights)
    after, source = rewire(W, np.array(drop, int), np.array([*born], int), 1.0)
    gone = np.array(drop, int)
    back, _ = rewire(after, np.flatnonzero(source < 0), W.keys()[gone], W.values[gone])
    assert bits(as_dict(back)) == bits(as_dict(W))


@FORMATS
def test_a_connection_dropped_and_born_at_once_starts_anew(format):
    W = matrix(format, (2, 3), {0: 1.0, 4: 2.0, 5: 3.0})
    after, source = rewire(W, np.array([1]), np.array([4]), 9.0)
    assert as_dict(after) == {0: 1.0, 4: 9.0, 5: 3.0}
    assert source.tolist() == [0, -1, 2]
    assert carry(np.array([10.0, 20.0, 30.0]), source).tolist() == [10, 0, 30]


@FORMATS
def test_newborns_are_zero_unless_told_otherwise_and_one_number_serves_all(format):
    W = matrix(format, (2, 3), {1: 5.0}, np.float32)
    for values, expected in [((), 0), ((0.5,), 0.5), ((np.float64(0.25),), 0.25)]:
        after, _ = rewire(W, NONE, np.array([4, 0]), *values)
        assert after.dtype == np.float32
        assert as_dict(after) == {0: expected, 1: 5, 4: expected}


@FORMATS
def test_all_may_go_and_none_come(format):
    W = matrix(format, (2, 3), {1: 5.0, 4: 6.0})
    after, source = rewire(W, np.array([1, 0]), NONE)
    assert (after.nnz, source.size) == (0, 0)
    unchanged, source = rewire(W, NONE, NONE)
    assert (as_dict(unchanged), source.tolist()) == (as_dict(W), [0, 1])


@FORMATS
def test_an_empty_layer_may_grow_and_its_state_with_it(format):
    W = format.from_dense(np.zeros((2, 3)))
    after, source = rewire(W, NONE, np.array([4, 1]), np.array([8.0, 7.0]))
    assert as_dict(after) == {1: 7, 4: 8}
    assert source.tolist() == [-1, -1]
    assert carry(np.empty(0), source).tolist() == [0, 0]


def test_state_may_have_any_shape_of_the_right_size_and_is_not_changed():
    # SRigL's moments are (n_out, k) rectangles
    state = np.arange(1.0, 7).reshape(2, 3)
    carried = carry(state, np.array([-1, 5, 0, -1]))
    assert carried.tolist() == [0, 6, 1, 0]
    assert state.tolist() == [[1, 2, 3], [4, 5, 6]]


@settings(max_examples=40)
@given(data=st.data())
def test_a_condensed_layer_is_rewired_too_as_long_as_every_row_gets_what_it_gives(data):
    n_out, n_in, k = 3, 6, 3
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    per_row = [rng.permutation(n_in) for _ in range(n_out)]
    weights = {i * n_in + int(j): float(rng.normal()) for i in range(n_out) for j in per_row[i][:k]}
    W = matrix(Condensed, (n_out, n_in), weights)
    swaps = data.draw(st.lists(st.integers(0, k), min_size=n_out, max_size=n_out))
    gone = {i * n_in + int(j) for i in range(n_out) for j in per_row[i][: swaps[i]]}
    come = {i * n_in + int(j): 0.5 for i in range(n_out) for j in per_row[i][k : k + swaps[i]]}
    after, _ = rewire(W, np.flatnonzero(np.isin(W.keys(), [*gone])), np.array([*come], int), 0.5)
    assert (type(after), after.fan_in) == (Condensed, k)
    assert bits(as_dict(after)) == bits(naive.rewire(weights, gone, come))


def test_a_condensed_layer_refuses_rows_that_differ():
    W = Condensed.from_dense([[1, 0, 2], [0, 3, 4]])
    with refused("row 0 has 1", "row 1 has 3"):
        rewire(W, np.array([0]), np.array([3]))


@FORMATS
def test_a_connection_born_active_or_twice_is_refused_by_its_ends(format):
    W = matrix(format, (2, 3), {1: 5.0, 4: 6.0})
    with refused("(1, 1)", "twice"):
        rewire(W, NONE, np.array([4]))
    with refused("(1, 1)", "twice"):
        rewire(W, np.array([0]), np.array([0, 4]))  # the other one is dropped
    with refused("(0, 2)", "twice"):
        rewire(W, NONE, np.array([2, 0, 2]))
    with refused("(0, 1)", "twice"):
        rewire(W, np.array([0]), np.array([1, 1]))  # dropped once, born twice
    assert as_dict(W) == {1: 5, 4: 6}


@FORMATS
@pytest.mark.parametrize("bad", [-1, 6, 2**40])
def test_a_connection_born_outside_the_layer_is_refused_by_its_key(format, bad):
    W = matrix(format, (2, 3), {1: 5.0, 4: 6.0})
    with refused(bad, "2×3", "0 to 5"):
        rewire(W, NONE, np.array([3, bad]))


@FORMATS
def test_a_newborn_weight_must_be_finite(format):
    with refused("finite"):
        rewire(matrix(format, (2, 3), {1: 5.0}), NONE, np.array([3]), np.nan)


def test_memory_is_proportional_to_the_connections_of_a_huge_layer():
    # 10¹⁰ places, 10⁵ connections, 3·10⁴ exchanged
    rng = np.random.default_rng(0)
    n, nnz = 100_000, 100_000
    keys = gnm(n, n, nnz + 30_000, rng)
    late = np.isin(np.arange(keys.size), rng.permutation(keys.size)[:30_000])
    rows, cols = np.divmod(keys[~late], n)
    W = COO((n, n), rows.astype(np.int32), cols.astype(np.int32), rng.standard_normal(nnz).astype(np.float32))
    drop, born = rng.permutation(nnz)[:30_000], keys[late]
    tracemalloc.start()
    try:
        after, _ = rewire(W, drop, born)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after.nnz == nnz
    assert peak < 8 * 8 * nnz  # eight int64 a connection, of which the result itself keeps two and a half
