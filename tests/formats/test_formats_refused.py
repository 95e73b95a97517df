"""Every ValueError that a format's docstring promises: one line, both numbers, before anything is computed."""

import numpy as np
import pytest
import scipy.sparse
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from strategies import topologies, whole

from minidst import COO, CSR, Condensed

pytestmark = pytest.mark.small

V2 = np.ones(2)


def coo(rows=(0, 1), cols=(0, 1), values=V2, shape=(2, 3)):
    return COO(shape, np.array(rows), np.array(cols), values)


def csr(indptr=(0, 1, 2), indices=(0, 1), values=V2, shape=(2, 3)):
    return CSR(shape, np.array(indptr), np.array(indices), values)


def condensed(indices=((0, 1), (1, 2)), values=np.ones((2, 2)), shape=(2, 3)):  # noqa: B008 - never written
    return Condensed(shape, np.array(indices), values)


MAKERS = {COO: coo, CSR: csr, Condensed: condensed}


def right(format):
    return np.ones((2, 2)) if format is Condensed else np.ones(2)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (-2, 3), (2**31, 3), (2, 2**31), (2,), (2, 3, 1), (), (2.9, 3)])
def test_a_shape_that_is_none(format, shape):
    with refused("shape", shape, 2**31 - 1):
        MAKERS[format](shape=shape)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.complex128, bool, ">f4"])
def test_values_of_another_type(format, dtype):
    with refused(np.dtype(dtype), "float32 or float64"):
        MAKERS[format](values=right(format).astype(dtype))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(format, bad):
    values = right(format)
    values.reshape(-1)[1] = bad
    with refused("values[1]", bad, "finite"):
        MAKERS[format](values=values)


def test_values_of_the_wrong_dimension(format):
    with refused("values have", "dimensions"):
        MAKERS[format](values=right(format)[..., None])


@pytest.mark.parametrize("bad", [[0.0, 1.0], [True, False], ["0", "1"]])
def test_indices_that_are_not_integers(format, bad):
    indices = np.array([bad] * 2 if format is Condensed else bad)
    with refused(indices.dtype, "integers"):
        MAKERS[format](**{"cols" if format is COO else "indices": indices})


def test_rows_that_are_not_integers():
    with refused("rows", "float64"):
        coo(rows=[0.0, 1.0])


@pytest.mark.parametrize("indptr", [[0.0, 1.0, 2.0], [0, 1.7, 2], [0, np.nan, 2]])
def test_an_indptr_that_is_not_of_integers(indptr):
    with refused("indptr", "float64"):
        csr(indptr=indptr)


@pytest.mark.parametrize(("bad", "allowed"), [(-1, "0 to 2"), (3, "0 to 2"), (2**31, "0 to 2"), (2**32, "0 to 2")])
def test_an_input_out_of_range(format, bad, allowed):
    indices = [[0, 1], [1, bad]] if format is Condensed else [0, bad]
    with refused(bad, allowed):
        MAKERS[format](**{"cols" if format is COO else "indices": indices})


@pytest.mark.parametrize("bad", [-1, 2, 2**32])
def test_an_output_out_of_range(bad):
    with refused("rows", bad, "0 to 1"):
        coo(rows=[0, bad])


@pytest.mark.parametrize("bad", [-1, 5])
def test_an_output_out_of_range_in_a_list_of_connections(format, bad):
    with refused(bad, "0 to 1"):
        format.from_connections((2, 3), np.array([0, bad], np.int32), np.array([0, 1], np.int32), np.ones(2))


def test_connections_listed_out_of_order(format):
    # silently, output 0 would get the connection of output 1
    with refused("(1, 0)", "(0, 1)", "sort"):
        format.from_connections((2, 3), np.array([1, 0], np.int32), np.array([0, 1], np.int32), np.ones(2))


def test_ends_and_values_of_different_number():
    for make in (lambda: coo(rows=[0, 1, 1]), lambda: coo(cols=[0, 1, 2]), lambda: csr(indices=[0, 1, 2])):
        with refused("(3,)", "(2,)"):
            make()
    with refused("(2, 1)", "(2, 2)"):
        condensed(indices=[[0], [1]])


@pytest.mark.parametrize(
    ("rows", "cols", "words"),
    [
        ([1, 0], [0, 1], ["0 (1, 0)", "1 (0, 1)"]),
        ([0, 0], [2, 1], ["0 (0, 2)", "1 (0, 1)"]),
        ([1, 1], [2, 2], ["0 (1, 2)", "1 (1, 2)"]),
    ],
)
def test_coo_out_of_order_or_twice(rows, cols, words):
    with refused(*words, "out of order or equal"):
        coo(rows=rows, cols=cols)


@pytest.mark.parametrize(
    ("indptr", "indices", "words"),
    [
        ([0, 2, 2], [1, 0], ["0 (0, 1)", "1 (0, 0)"]),
        ([0, 0, 2], [1, 1], ["0 (1, 1)", "1 (1, 1)"]),
        ([0, 1, 3], [2, 1, 0], ["1 (1, 1)", "2 (1, 0)"]),
    ],
)
def test_csr_out_of_order_or_twice(indptr, indices, words):
    with refused(*words, "out of order or equal"):
        csr(indptr, indices, np.ones(len(indices)))


@pytest.mark.parametrize(
    ("indices", "words"),
    [([[1, 0], [0, 1]], ["0 (0, 1)", "1 (0, 0)"]), ([[0, 1], [2, 2]], ["2 (1, 2)", "3 (1, 2)"])],
)
def test_condensed_out_of_order_or_twice(indices, words):
    with refused(*words, "out of order or equal"):
        condensed(indices)


@given(data=st.data())
def test_any_two_neighbours_swapped_are_found_unless_a_row_begins_between_them(format, data):
    t = data.draw(topologies(constant=format is Condensed).filter(lambda t: t.nnz >= 2))
    W = format.from_connections(t.shape, t.rows, t.cols, whole(t.rng, t.nnz))
    e = data.draw(st.integers(0, t.nnz - 2))
    name = "cols" if format is COO else "indices"
    ends = getattr(W, name).copy()
    flat = ends.reshape(-1)
    flat[[e, e + 1]] = flat[[e + 1, e]]
    fields = {"rows": W.rows} if format is COO else {"indptr": W.indptr} if format is CSR else {}
    pairs = list(zip(t.rows.tolist(), flat.tolist(), strict=True))
    if pairs == sorted(set(pairs)):  # inputs of two rows changed hands: another matrix, and in order
        assert format(t.shape, **fields, **{name: ends}, values=W.values).connections()[1].tolist() == flat.tolist()
    else:
        with refused("out of order or equal"):
            format(t.shape, **fields, **{name: ends}, values=W.values)


def test_an_indptr_of_the_wrong_length():
    with refused("(2,)", "2 rows need (3,)"):
        csr(indptr=[0, 2])


@pytest.mark.parametrize("indptr", [[1, 1, 2], [0, 1, 1], [0, 1, 3], [0, 3, 2], [-1, 1, 2]])
def test_an_indptr_that_does_not_rise_from_zero_to_the_number_of_values(indptr):
    with refused("from 0 to 2", f"from {indptr[0]} to {indptr[-1]}"):
        csr(indptr=indptr)


def test_a_fan_in_that_is_not_constant():
    with refused("row 0 has 1", "row 1 has 2"):
        Condensed.from_dense([[0, 1, 0], [1, 1, 0], [1, 0, 0]])


@pytest.mark.parametrize(("shape", "k"), [((2, 3), 0), ((2, 3), 4), ((3, 3), 2)])
def test_a_condensed_rectangle_of_the_wrong_size(shape, k):
    with refused((2, k), f"({shape[0]}, k)", "1 ≤ k ≤ 3"):
        condensed(np.tile(np.arange(k), (2, 1)), np.ones((2, k)), shape)


def test_a_condensed_matrix_without_connections():
    with refused("2×3", "no fan-in", "CSR"):
        Condensed.from_dense(np.zeros((2, 3)))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_a_dense_array_without_rows_or_columns(format, shape):
    with refused(shape, "from 1"):
        format.from_dense(np.empty(shape))


@pytest.mark.parametrize("ndim", [0, 1, 3])
def test_a_dense_array_that_is_no_matrix(format, ndim):
    with refused("2-D", f"{ndim} dimensions"):
        format.from_dense(np.ones((2,) * ndim))


def test_a_dense_array_that_is_not_finite(format):
    with refused("nan", "finite"):
        format.from_dense([[1.0, np.nan], [1.0, 1.0]])


@pytest.mark.parametrize("dtype", [np.complex128, np.float16, object])
def test_a_dense_array_of_another_type(format, dtype):
    with refused(np.dtype(dtype), "float32 or float64"):
        format.from_dense(np.ones((2, 2), dtype))


@pytest.mark.parametrize("given", [np.eye(2), [[1.0]], None])
def test_what_is_not_from_scipy(format, given):
    with refused(type(given).__name__, "from_dense"):
        format.from_scipy(given)


def test_a_scipy_array_that_is_no_matrix(format):
    with refused("(3,)"):
        format.from_scipy(scipy.sparse.coo_array(np.array([1.0, 0, 2])))
