"""A format is a value: what is fixed, what may be written, what is copied, and how large it is."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from builders import refused, six_connections
from strategies import DTYPES

from minidst import COO, CSR, Condensed


def index_arrays(W):
    return [getattr(W, name) for name in ("rows", "cols", "indptr", "indices") if hasattr(W, name)]


def arguments(format):
    """Arguments of the constructor for a 2×3 matrix, its index arrays of the types the docstring names."""
    ends = {
        COO: {"rows": np.array([0, 1], np.int32), "cols": np.array([2, 0], np.int32)},
        CSR: {"indptr": np.array([0, 1, 2]), "indices": np.array([2, 0], np.int32)},
        Condensed: {"indices": np.array([[2], [0]], np.int32)},
    }[format]
    return {"shape": (2, 3), **ends, "values": np.array([[1.5], [2.5]] if format is Condensed else [1.5, 2.5])}


def test_index_arrays_are_read_only_and_of_the_documented_types(W):
    for array in index_arrays(W):
        assert array.dtype == (np.int64 if array is getattr(W, "indptr", None) else np.int32)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_attributes_cannot_be_replaced(W):
    with pytest.raises(dataclasses.FrozenInstanceError):
        W.values = np.zeros(6)


def test_the_topology_does_not_change_with_the_arrays_it_was_made_from(format):
    given = arguments(format)
    W = format(**given)
    before = W.keys().tolist()
    for name in set(given) - {"shape", "values"}:
        given[name][...] = 0
    assert W.keys().tolist() == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_that_are_right_already_are_not_copied(format, dtype):
    given = arguments(format)
    given["values"] = given["values"].astype(dtype)
    W = format(**given)
    assert np.shares_memory(W.values, given["values"])
    W.values[...] = 9
    assert (given["values"] == 9).all()


def test_values_may_be_written_even_if_the_given_array_is_read_only(format):
    given = arguments(format)
    given["values"].flags.writeable = False  # as np.load(mmap_mode="r") and np.frombuffer give them
    W = format(**given)
    W.values[...] = 9
    assert (W.values == 9).all()
    assert given["values"].ravel().tolist() == [1.5, 2.5]


def test_wide_indices_and_strided_values_are_taken_over_as_the_documented_types(format):
    given = arguments(format)
    for name in set(given) - {"shape"}:
        given[name] = np.repeat(given[name], 2, axis=0)[::2]  # not contiguous
        if name != "values":
            given[name] = given[name].astype(np.uint64)
    W = format(**given)
    assert W.to_dense().tolist() == [[0, 0, 1.5], [2.5, 0, 0]]
    assert all(array.flags.c_contiguous for array in [*index_arrays(W), W.values])
    assert all(array.dtype in (np.int32, np.int64) for array in index_arrays(W))


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda W: pickle.loads(pickle.dumps(W))])
@pytest.mark.parametrize("used", [False, True])
def test_a_copied_or_pickled_matrix_is_the_same_matrix(format, twin_of, used):
    W = six_connections(format, np.float32)
    if used:
        W.T @ np.ones(3, np.float32)
    twin = twin_of(W)
    assert type(twin) is format
    assert (twin.shape, twin.keys().tolist(), twin.values.tobytes()) == (W.shape, W.keys().tolist(), W.values.tobytes())
    np.testing.assert_array_equal(twin.T @ np.ones((3, 2), np.float32), W.T @ np.ones((3, 2), np.float32))
    assert not any(array.flags.writeable for array in index_arrays(twin))
    if twin_of is not copy.copy:
        twin.values[...] = 9
        assert (W.values != 9).all()  # the copy has values of its own


def test_replacing_a_field_checks_again(W):
    assert (dataclasses.replace(W, values=W.values + 1).to_dense() != 0).sum() == 6
    with refused("finite"):
        dataclasses.replace(W, values=W.values * np.nan)


def test_a_matrix_equals_itself_and_nothing_else(format):
    # an elementwise == of arrays has no single truth, so formats compare by identity and can be keys of a dict
    W, other = six_connections(format), six_connections(format)
    assert (W == W, other == W) == (True, False)
    assert {W: 1, other: 2}[W] == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_index_bytes_are_the_documented_ones_and_grow_at_the_first_use_of_w_t(format, dtype):
    W = six_connections(format, dtype)
    bare = {COO: 8 * 6, CSR: 4 * 6 + 8 * (3 + 1), Condensed: 4 * 6 + 4 * 3}[format]
    assert W.index_bytes() == bare
    W @ np.ones((4, 2), dtype)
    W.grad(np.ones((3, 2), dtype), np.ones((4, 2), dtype))
    W.to_scipy(), W.to_dense(), W.to(CSR), W.keys(), W.T
    assert W.index_bytes() == bare
    by_columns = 4 * 6 + 8 * (4 + 1)  # CSR has row pointers already, and COO does without the view
    for _ in range(2):
        W.T @ np.ones((3, 2), dtype)
        assert W.index_bytes() == bare + {COO: 0, CSR: by_columns, Condensed: by_columns + 8 * (3 + 1)}[format]


def test_the_view_by_columns_lists_every_connection_column_by_column_and_is_read_only(W):
    view = W.columns
    for array in (view.indptr, view.cols, view.colptr, view.rows):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert view.indptr.tolist() == [0, 2, 4, 6]
    assert view.colptr.tolist() == [0, 2, 4, 5, 6]
    assert view.rows.tolist() == [0, 2, 1, 2, 1, 0]
