"""Condensed with ablated rows: outputs that no connection leads to cost nothing and are exactly 0."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst import COO, CSR, Condensed, threads
from minidst.topology import rewire

small = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
DTYPES = [np.float32, np.float64]


@st.composite
def ablated(draw, dtype, most_out=8, most_in=20):
    """(W, the same as a dense array, rng); whole numbers, so that sums are exact in any order."""
    n_out, n_in = draw(st.integers(1, most_out)), draw(st.integers(1, most_in))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = np.sort(rng.permutation(n_out)[: draw(st.integers(1, n_out))])
    k = draw(st.integers(1, n_in))
    indices = np.array([np.sort(rng.permutation(n_in)[:k]) for _ in rows])
    values = rng.integers(-4, 5, indices.shape).astype(dtype)
    dense = np.zeros((n_out, n_in), dtype)
    dense[rows[:, None], indices] = values
    return Condensed((n_out, n_in), indices, values, rows), dense, rng


def example():
    """Outputs 0 and 2 of four are ablated."""
    return Condensed((4, 3), np.array([[0, 2], [1, 2]]), np.array([[1.0, -2], [3, 0]]), np.array([1, 3]))


@small
def test_by_hand():
    """W = 0 0  0      X = 1      W X = 0      Wᵀ(1 1 1 1) = 1      the connections:  (1,0) (1,2) (3,1) (3,2)
    1 0 −2          2          −5                     3
    0 0  0          3           0                    −2
    0 3  0                      6
    """
    W = example()
    np.testing.assert_array_equal(W.to_dense(), [[0, 0, 0], [1, 0, -2], [0, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(W @ np.array([1.0, 2, 3]), [0, -5, 0, 6])
    np.testing.assert_array_equal(W.T @ np.ones(4), [1, 3, -2])
    np.testing.assert_array_equal(W.grad(np.array([5.0, 1, 7, 2]), np.array([1.0, 2, 3])), [1, 3, 4, 6])
    np.testing.assert_array_equal(W.keys(), [3, 5, 10, 11])
    assert (W.nnz, W.fan_in, W.active.tolist()) == (4, 2, [1, 3])


@small
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data(), B=st.integers(1, 9))
@checked
def test_products_are_those_of_the_dense_array(dtype, data, B):
    W, dense, rng = data.draw(ablated(dtype))
    X, DY = (rng.integers(-4, 5, (n, B)).astype(dtype) for n in reversed(W.shape))
    np.testing.assert_array_equal(W @ X, dense @ X)
    np.testing.assert_array_equal(W.T @ DY, dense.T @ DY)
    np.testing.assert_array_equal(W.grad(DY, X), (DY @ X.T)[W.connections()])
    assert (W @ X).dtype == (W.T @ DY).dtype == W.grad(DY, X).dtype == dtype


@small
@pytest.mark.parametrize("format", [COO, CSR])
@given(data=st.data())
@checked
def test_other_formats_and_scipy_hold_the_same_connections_and_give_them_back(format, data):
    W, dense, _ = data.draw(ablated(np.float64))
    other = W.to(format)
    back = other.to(Condensed)
    np.testing.assert_array_equal(other.to_dense(), dense)
    for found in (back, Condensed.from_scipy(W.to_scipy()), pickle.loads(pickle.dumps(W))):
        np.testing.assert_array_equal(found.active, W.active)
        np.testing.assert_array_equal(found.indices, W.indices)
        np.testing.assert_array_equal(found.values, W.values)


@small
def test_rows_are_all_outputs_if_not_given_and_read_only():
    W = Condensed((2, 3), np.array([[2], [0]]), np.ones((2, 1)))
    assert W.active.tolist() == [0, 1]
    assert W.active.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        W.active[0] = 1


@small
def test_an_ablated_row_costs_no_byte():
    indices, values = np.zeros((3, 1), np.int32), np.ones((3, 1))
    assert Condensed((3, 5), indices, values).index_bytes() == 3 * 4 + 3 * 4
    assert Condensed((10**6, 5), indices, values, np.array([7, 8, 10**5])).index_bytes() == 3 * 4 + 3 * 4


@small
def test_rewiring_can_ablate_a_row_and_bring_one_in():
    W, source = rewire(example(), np.array([0, 1]), np.array([0, 1]))  # row 1 goes, row 0 comes
    assert W.active.tolist() == [0, 3]
    np.testing.assert_array_equal(W.to_dense(), [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 3, 0]])
    assert source.tolist() == [-1, -1, 2, 3]


@small
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([1], "1 active rows of this matrix need (1, k)"),
        ([0, 1, 2], "3 active rows of this matrix need (3, k)"),
        ([1, 4], "rows run from 1 to 4; this shape allows 0 to 3"),
        ([-1, 2], "rows run from -1 to 2"),
        ([3, 1], "out of order or equal"),
        ([1, 1], "out of order or equal"),
        ([1.0, 3.0], "rows are float64"),
        ([[1, 3]], "active rows"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        Condensed((4, 3), np.array([[0, 2], [1, 2]]), np.ones((2, 2)), np.array(rows))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@small
def test_uneven_rows_and_no_rows_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"row 0 has 1 connections and row 2 has 2; .* use CSR"):
        Condensed.from_dense([[1.0, 0], [0, 0], [1, 1]])
    with pytest.raises(ValueError, match="without connections has no fan-in; use CSR"):
        Condensed.from_dense(np.zeros((2, 2)))


def test_results_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(600)[:401])
    indices = np.array([np.sort(rng.permutation(300)[:37]) for _ in rows])
    W = Condensed((600, 300), indices, rng.standard_normal(indices.shape), rows)
    X, DY = rng.standard_normal((300, 100)), rng.standard_normal((600, 100))
    before = threads()
    try:
        found = []
        for n in (1, 3):
            threads(n)
            found.append([(W @ X).tobytes(), (W.T @ DY).tobytes(), W.grad(DY, X).tobytes()])
    finally:
        threads(before)
    assert found[0] == found[1]
