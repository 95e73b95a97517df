import pickle

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, whole

from minidst import COO, CSR, Condensed
from minidst.formats import FORMATS


def drawn(data, kind, dtype):
    """(format, topology, matrix with those connections); about one weight in nine is a stored zero."""
    format, topologies = kind
    t = data.draw(topologies)
    return format, t, format.from_connections(t.shape, t.rows, t.cols, whole(t.rng, t.nnz, dtype=dtype))


def facts(W):
    """All that a matrix holds: shape, width, and every connection with the bits of its weight."""
    rows, cols = W.connections()
    return W.shape, W.dtype, rows.tolist(), cols.tolist(), W.values.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_another_format_and_back_keeps_every_connection_and_stored_zeros_too(kind, dtype, data):
    format, _, W = drawn(data, kind, dtype)
    targets = FORMATS.values() if format is Condensed else (COO, CSR)
    for target in targets:
        other = W.to(target)
        assert type(other) is target
        assert facts(other) == facts(other.to(format)) == facts(W)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_scipy_and_pickle_and_back_keep_every_connection_and_stored_zeros_too(kind, dtype, data):
    format, _, W = drawn(data, kind, dtype)
    m = W.to_scipy()
    assert isinstance(m, scipy.sparse.sparray)
    assert (m.shape, m.dtype, m.nnz, m.format) == (W.shape, W.dtype, W.nnz, "coo" if format is COO else "csr")
    np.testing.assert_array_equal(m.toarray(), W.to_dense())
    assert facts(format.from_scipy(m)) == facts(pickle.loads(pickle.dumps(W))) == facts(W)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_dense_and_back_keeps_what_is_not_zero(kind, dtype, data):
    format, t, W = drawn(data, kind, dtype)
    weights = np.where(W.values.reshape(-1) == 0, 9, W.values.reshape(-1)).astype(dtype)
    dense = np.zeros(t.shape, dtype)
    for (i, j), w in t.weights(weights).items():
        dense[i, j] = w
    W = format.from_dense(dense)
    assert (W.shape, W.dtype, W.nnz, W.density) == (t.shape, dtype, t.nnz, t.nnz / dense.size)
    np.testing.assert_array_equal(W.to_dense(), dense)
    assert W.keys().tolist() == np.flatnonzero(dense).tolist()
    assert facts(W) == facts(format.from_connections(t.shape, t.rows, t.cols, weights))


def test_connections_are_numbered_row_by_row_in_every_format(W):
    assert [a.tolist() for a in W.connections()] == [[0, 0, 1, 1, 2, 2], [0, 3, 1, 2, 0, 1]]
    assert W.keys().tolist() == [0, 3, 5, 6, 8, 9]
    assert (W.nnz, W.density) == (6, 0.5)  # the stored zero is a connection


def test_keys_do_not_wrap_in_a_layer_with_more_than_2_31_places(format):
    W = format.from_connections((2, 2**31 - 1), np.array([0, 1]), np.array([5, 2**31 - 2]), np.ones(2))
    assert W.keys().tolist() == [5, 2 * (2**31 - 1) - 1]


def test_integers_and_booleans_become_float64_and_float32_stays(format):
    for dtype, becomes in [(np.int8, np.float64), (bool, np.float64), (np.float32, np.float32)]:
        dense = np.eye(3, dtype=dtype)
        for W in (format.from_dense(dense), format.from_scipy(scipy.sparse.csr_array(dense))):
            assert W.dtype == becomes
            np.testing.assert_array_equal(W.to_dense(), np.eye(3))


def test_from_dense_takes_a_list_and_drops_minus_zero():
    W = CSR.from_dense([[1, -0.0], [0, 2]])
    assert [a.tolist() for a in W.connections()] == [[0, 1], [0, 1]]


@pytest.mark.parametrize("container", ["array", "matrix"])
@pytest.mark.parametrize("kind", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_every_kind_of_scipy_matrix_is_read(format, kind, container):
    dense = np.array([[1.0, 0, 2], [3, 4, 0], [0, 5, 6]])
    m = getattr(scipy.sparse, f"{kind}_{container}")(scipy.sparse.coo_array(dense))
    np.testing.assert_array_equal(format.from_scipy(m).to_dense(), dense)


def test_scipys_repeated_and_unsorted_entries_are_summed_and_sorted_and_the_source_is_left_alone(format):
    data, rows, cols = np.array([1.0, 2, 4, 8]), np.array([1, 0, 1, 0]), np.array([0, 2, 0, 1])
    m = scipy.sparse.coo_array((data, (rows, cols)), shape=(2, 3))
    csr = scipy.sparse.csr_array((np.array([2.0, 8, 1, 4]), np.array([2, 1, 0, 0]), np.array([0, 2, 4])), shape=(2, 3))
    for source in (m, csr):
        before = source.copy()
        source_format = COO if format is Condensed else format  # fan-ins are 2 and 1 once summed
        np.testing.assert_array_equal(source_format.from_scipy(source).to_dense(), [[0, 8, 2], [5, 0, 0]])
        assert source.data.tolist() == before.data.tolist()
    assert csr.indices.tolist() == [2, 1, 0, 0]


def test_what_goes_to_scipy_is_a_copy_that_may_be_changed(W):
    before = facts(W)
    m = W.to_scipy()
    arrays = (m.data, m.row, m.col) if m.format == "coo" else (m.data, m.indices, m.indptr)
    for array in arrays:
        array[:] = 0
    assert facts(W) == before


def test_what_came_from_dense_or_scipy_does_not_follow_its_source(format):
    dense = np.eye(3)
    m = scipy.sparse.csr_array(dense)
    for W, source in [(format.from_dense(dense), dense), (format.from_scipy(m), m.data)]:
        source[:] = 7
        np.testing.assert_array_equal(W.to_dense(), np.eye(3))
