"""Every ValueError that a format's docstring names: one line, both numbers, before anything is computed."""

from functools import partial

import numpy as np
import pytest
import scipy.sparse
from builders import refused, six_connections
from hypothesis import given
from hypothesis import strategies as st
from strategies import topologies, whole

from minidst import COO, CSR, Condensed

V2, ENDS = np.ones(2), np.array([0, 1], np.int32)


def coo(rows=(0, 1), cols=(0, 1), values=V2, shape=(2, 3)):
    return COO(shape, np.array(rows), np.array(cols), values)


def csr(indptr=(0, 1, 2), indices=(0, 1), values=V2, shape=(2, 3)):
    return CSR(shape, np.array(indptr), np.array(indices), values)


def condensed(indices=((0, 1), (1, 2)), values=np.ones((2, 2)), shape=(2, 3), rows=None):  # noqa: B008 - never written
    return Condensed(shape, np.array(indices), values, None if rows is None else np.array(rows))


def make(format, **changes):
    return {COO: coo, CSR: csr, Condensed: condensed}[format](**changes)


def with_values(change):
    """A call that makes a matrix of a format with changed values, all ones before."""
    return lambda format: make(format, values=change(np.ones((2, 2) if format is Condensed else 2)))


def with_inputs(flat, rectangle):
    def call(format):
        return make(format, **{"cols" if format is COO else "indices": rectangle if format is Condensed else flat})

    return call


def second_is(bad):
    def change(values):
        values.reshape(-1)[1] = bad
        return values

    return change


def connected(shape, rows, values=V2):
    return lambda format: format.from_connections(shape, np.array(rows, np.int32), ENDS, values)


SHAPES = [(0, 3), (2, 0), (-2, 3), (2**31, 3), (2, 2**31), (2,), (2, 3, 1), (), (2.9, 3)]
BAD_X = [np.ones((3, 2)), np.ones((2, 4)), np.ones(3), np.ones((4, 2, 1)), np.float64(1)]  # of a 3×4 matrix
BAD_DY = [np.ones((4, 2)), np.ones((2, 3)), np.ones(4), np.ones((3, 2, 1)), np.float64(1)]
X, DY = np.ones((4, 2)), np.ones((3, 2))

IN_EVERY_FORMAT = [
    *[(lambda format, s=s: make(format, shape=s), ["shape", s, 2**31 - 1]) for s in SHAPES],
    *[(with_values(lambda values, dtype=dtype: values.astype(dtype)), [np.dtype(dtype), "float32 or float64"])
        for dtype in [np.int64, np.float16, np.complex128, bool, ">f4"]],
    *[(with_values(second_is(bad)), ["values[1]", bad, "finite"]) for bad in [np.nan, np.inf, -np.inf]],
    (with_values(lambda values: values[..., None]), ["values have", "dimensions"]),
    *[(with_inputs(bad, [bad] * 2), [np.array(bad).dtype, "integers"])
        for bad in [[0.0, 1.0], [True, False], ["0", "1"]]],
    *[(with_inputs([0, bad], [[0, 1], [1, bad]]), [bad, "0 to 2"]) for bad in [-1, 3, 2**31, 2**32]],
    *[(connected((2, 3), [0, bad]), [bad, "0 to 1"]) for bad in [-1, 5]],
    (connected((2, 3), [1, 0]), ["(1, 0)", "(0, 1)", "sort"]),  # silently, output 0 would get output 1's connection
    *[(lambda format, s=s: format.from_dense(np.empty(s)), [s, "from 1"]) for s in [(0, 3), (3, 0)]],
    *[(lambda format, n=n: format.from_dense(np.ones((2,) * n)), ["2-D", f"{n} dimensions"]) for n in [0, 1, 3]],
    (lambda format: format.from_dense([[1.0, np.nan], [1.0, 1.0]]), ["nan", "finite"]),
    *[(lambda format, d=d: format.from_dense(np.ones((2, 2), d)), [np.dtype(d), "float32 or float64"])
        for d in [np.complex128, np.float16, object]],
    *[(lambda format, given=given: format.from_scipy(given), [type(given).__name__, "from_dense"])
        for given in [np.eye(2), [[1.0]], None]],
    (lambda format: format.from_scipy(scipy.sparse.coo_array(np.array([1.0, 0, 2]))), ["(3,)"]),
    *[(lambda f, bad=bad: six_connections(f) @ bad, ["X has shape", bad.shape, "(4, B)"]) for bad in BAD_X],
    *[(lambda f, bad=bad: six_connections(f).grad(DY, bad), ["X has shape", bad.shape, "(4, B)"]) for bad in BAD_X],
    *[(lambda f, bad=bad: six_connections(f).T @ bad, ["DY has shape", bad.shape, "(3, B)"]) for bad in BAD_DY],
    *[(lambda f, bad=bad: six_connections(f).grad(bad, X), ["DY has shape", bad.shape, "(3, B)"]) for bad in BAD_DY],
    (lambda format: six_connections(format).grad(DY, np.ones((4, 5))), ["DY holds 2 samples", "X 5"]),
    *[(lambda format, d=d, call=call: call(six_connections(format, np.float32), d), [np.dtype(d), "float32"])
        for d in [np.float64, np.int32, np.complex64]
        for call in [lambda W, d: W @ X.astype(d), lambda W, d: W.T @ DY.astype(d),
        lambda W, d: W.grad(DY.astype(d), X.astype(d))]],
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), IN_EVERY_FORMAT)
def test_arguments_that_no_format_takes(format, call, words):
    with refused(*words):
        call(format)


ORDER = "out of order or equal"
FOUR_ROWS = partial(condensed, shape=(4, 3), indices=[[0, 2], [1, 2]])

IN_ONE_FORMAT = [
    (partial(coo, rows=[0.0, 1.0]), ["rows", "float64"]),
    *[(partial(coo, rows=[0, bad]), ["rows", bad, "0 to 1"]) for bad in [-1, 2, 2**32]],
    (partial(coo, rows=[0, 1, 1]), ["(3,)", "(2,)"]), (partial(coo, cols=[0, 1, 2]), ["(3,)", "(2,)"]),
    (partial(coo, [1, 0], [0, 1]), ["0 (1, 0)", "1 (0, 1)", ORDER]),
    (partial(coo, [0, 0], [2, 1]), ["0 (0, 2)", "1 (0, 1)", ORDER]),
    (partial(coo, [1, 1], [2, 2]), ["0 (1, 2)", "1 (1, 2)", ORDER]),
    *[(partial(csr, indptr), ["indptr", "float64"]) for indptr in [[0.0, 1.0, 2.0], [0, 1.7, 2], [0, np.nan, 2]]],
    (partial(csr, [0, 2]), ["(2,)", "2 rows need (3,)"]),
    *[(partial(csr, indptr), ["from 0 to 2", f"from {indptr[0]} to {indptr[-1]}"])
        for indptr in [[1, 1, 2], [0, 1, 1], [0, 1, 3], [0, 3, 2], [-1, 1, 2]]],
    (partial(csr, indices=[0, 1, 2]), ["(3,)", "(2,)"]),
    (partial(csr, [0, 2, 2], [1, 0]), ["0 (0, 1)", "1 (0, 0)", ORDER]),
    (partial(csr, [0, 0, 2], [1, 1]), ["0 (1, 1)", "1 (1, 1)", ORDER]),
    (partial(csr, [0, 1, 3], [2, 1, 0], np.ones(3)), ["1 (1, 1)", "2 (1, 0)", ORDER]),
    (partial(condensed, [[0], [1]]), ["(2, 1)", "(2, 2)"]),
    (partial(condensed, [[1, 0], [0, 1]]), ["0 (0, 1)", "1 (0, 0)", ORDER]),
    (partial(condensed, [[0, 1], [2, 2]]), ["2 (1, 2)", "3 (1, 2)", ORDER]),
    *[(partial(condensed, [list(range(k))] * 2, np.ones((2, k)), (n, 3)), [(2, k), f"({n}, k)", "1 ≤ k ≤ 3"])
        for n, k in [(2, 0), (2, 4), (3, 2)]],
    (partial(FOUR_ROWS, rows=[1]), ["1 active rows of this matrix need (1, k)"]),
    (partial(FOUR_ROWS, rows=[0, 1, 2]), ["3 active rows of this matrix need (3, k)"]),
    (partial(FOUR_ROWS, rows=[1, 4]), ["rows run from 1 to 4; this shape allows 0 to 3"]),
    (partial(FOUR_ROWS, rows=[-1, 2]), ["rows run from -1 to 2"]), (partial(FOUR_ROWS, rows=[3, 1]), [ORDER]),
    (partial(FOUR_ROWS, rows=[1, 1]), [ORDER]), (partial(FOUR_ROWS, rows=[1.0, 3.0]), ["rows are float64"]),
    (partial(FOUR_ROWS, rows=[[1, 3]]), ["active rows"]),
    (partial(Condensed.from_dense, [[0, 1, 0], [1, 1, 0], [1, 0, 0]]), ["row 0 has 1", "row 1 has 2"]),
    (partial(Condensed.from_dense, [[1.0, 0], [0, 0], [1, 1]]), ["row 0 has 1 connections and row 2 has 2", "use CSR"]),
    (partial(CSR.from_dense([[1, 2], [3, 0]]).to, Condensed), ["row 1 has 1", "row 0 has 2", "CSR"]),
    (partial(Condensed.from_dense, np.zeros((2, 3))), ["2×3", "without connections has no fan-in; use CSR"]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), IN_ONE_FORMAT)
def test_arguments_that_one_format_does_not_take(call, words):
    with refused(*words):
        call()


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
        with refused(ORDER):
            format(t.shape, **fields, **{name: ends}, values=W.values)
