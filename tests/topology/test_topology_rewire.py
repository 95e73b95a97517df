import naive
import numpy as np
import pytest
from builders import peak_bytes, refused
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, MANY

from minidst import COO, CSR, Condensed
from minidst.topology import carry, gnm, rewire


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
def exchanges(draw, dtype):
    """A layer, which of its connections to drop, and which to add, in any order; a dropped one may be added again."""
    number = st.floats(width=np.dtype(dtype).itemsize * 8, allow_nan=False, allow_infinity=False).map(dtype)
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    n = shape[0] * shape[1]
    weights = draw(st.dictionaries(st.integers(0, n - 1), number))
    active = sorted(weights)
    drop = draw(st.permutations(range(len(active))))[: draw(st.integers(0, len(active)))]
    places = draw(st.permutations(sorted(set(range(n)) - set(active) | {active[e] for e in drop})))
    born = {key: draw(number) for key in places[: draw(st.integers(0, len(places)))]}
    return shape, weights, drop, born


@pytest.mark.parametrize("dtype", DTYPES)
@MANY
@given(format=st.sampled_from([COO, CSR]), data=st.data())
def test_rewiring_is_set_difference_and_union_to_the_last_bit(format, dtype, data):
    shape, weights, drop, born = data.draw(exchanges(dtype))
    active = sorted(weights)
    W = matrix(format, shape, weights, dtype)
    before = bits(as_dict(W))
    state = np.arange(1, W.nnz + 1, dtype=dtype)  # one number a connection, none of them 0

    after, source = rewire(W, np.array(drop, np.int64), np.array([*born], np.int64), np.array([*born.values()], dtype))

    expected = naive.rewire(weights, {active[e] for e in drop}, born)
    assert after.keys().tolist() == sorted(expected)
    assert bits(as_dict(after)) == bits({key: dtype(w) for key, w in expected.items()})
    assert (type(after), after.shape, after.dtype) == (format, shape, dtype)
    assert bits(as_dict(W)) == before  # W is a value
    assert not np.shares_memory(after.values, W.values)

    assert source.dtype == np.int64
    assert source.tolist() == [-1 if key in born else active.index(key) for key in sorted(expected)]
    carried = carry(state, source)
    assert carried.dtype == dtype
    assert carried.tolist() == [0 if key in born else active.index(key) + 1 for key in sorted(expected)]


@pytest.mark.parametrize("format", [COO, CSR])
def test_new_connections_are_zero_by_default_and_one_number_serves_all(format):
    W = matrix(format, (2, 3), {1: 5.0}, np.float32)
    for values, expected in [((), 0), ((0.5,), 0.5), ((np.float64(0.25),), 0.25)]:
        after, _ = rewire(W, np.empty(0, np.int64), np.array([4, 0]), *values)
        assert after.dtype == np.float32
        assert as_dict(after) == {0: expected, 1: 5, 4: expected}


def test_state_may_have_any_shape_of_the_right_size_and_is_not_changed():
    # SRigL's moments are (n_out, k) rectangles
    state = np.arange(1.0, 7).reshape(2, 3)
    carried = carry(state, np.array([-1, 5, 0, -1]))
    assert carried.tolist() == [0, 6, 1, 0]
    assert state.tolist() == [[1, 2, 3], [4, 5, 6]]


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


def test_memory_is_proportional_to_the_connections_of_a_huge_layer():
    # 10¹⁰ places, 10⁵ connections, 3·10⁴ exchanged
    rng = np.random.default_rng(0)
    n, nnz = 100_000, 100_000
    keys = gnm(n, n, nnz + 30_000, rng)
    late = np.isin(np.arange(keys.size), rng.permutation(keys.size)[:30_000])
    rows, cols = np.divmod(keys[~late], n)
    W = COO((n, n), rows.astype(np.int32), cols.astype(np.int32), rng.standard_normal(nnz).astype(np.float32))
    drop, born = rng.permutation(nnz)[:30_000], keys[late]
    (after, _), peak = peak_bytes(lambda: rewire(W, drop, born))
    assert after.nnz == nnz
    assert peak < 8 * 8 * nnz  # eight int64 a connection, of which the result itself keeps two and a half


@pytest.mark.parametrize("format", [COO, CSR])
@pytest.mark.parametrize(("drop", "born", "values", "words"), [
    ([], [4], 0.0, ["(1, 1)", "twice"]),  # it is active
    ([0], [0, 4], 0.0, ["(1, 1)", "twice"]),  # the other one is dropped
    ([], [2, 0, 2], 0.0, ["(0, 2)", "twice"]),
    ([0], [1, 1], 0.0, ["(0, 1)", "twice"]),  # dropped once, born twice
    *[([], [3, bad], 0.0, [bad, "2×3", "0 to 5"]) for bad in (-1, 6, 2**40)], ([], [3], np.nan, ["finite"]),
])  # fmt: skip
def test_a_rewiring_that_is_impossible(format, drop, born, values, words):
    W = format.from_dense([[0, 5.0, 0], [0, 6.0, 0]])
    with refused(*words):
        rewire(W, np.array(drop, np.int64), np.array(born), values)
    assert W.to_dense().tolist() == [[0, 5, 0], [0, 6, 0]]


def test_a_rewiring_that_makes_the_fan_ins_of_a_condensed_layer_differ():
    with refused("row 0 has 1", "row 1 has 3"):
        rewire(Condensed.from_dense([[1, 0, 2], [0, 3, 4]]), np.array([0]), np.array([3]))
