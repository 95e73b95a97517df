"""What kernels promise beyond their product: any slice of rows, and what happens to `out`."""

import numpy as np
import pytest
from strategies import DTYPES, Topology, csc, frozen, rows_and_cols

from minidst.kernels import coo, csr
from minidst.kernels import csc as columns

FAN_INS = [0, 9, 4, 17, 1, 0, 8, 12, 3, 0]


@pytest.fixture
def layer():
    """Ten rows of very different fan-in, 19 inputs, and normal numbers for 13 samples."""
    t = Topology((len(FAN_INS), 19), *rows_and_cols(FAN_INS, 19, np.random.default_rng(3)), 3)
    return t, frozen(np.cumsum([0, *FAN_INS])), frozen(t.cols)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_slice_of_rows_has_the_bits_of_the_whole(layer, dtype):
    # the whole reason that threads cannot change a result
    t, indptr, indices = layer
    rng = t.rng
    values = rng.standard_normal(t.nnz).astype(dtype)
    X, DY = rng.standard_normal((19, 13)).astype(dtype), rng.standard_normal((10, 13)).astype(dtype)
    Y, DW = np.empty((10, 13), dtype), np.empty(t.nnz, dtype)
    bias = rng.standard_normal(10).astype(dtype)
    csr.spmm(indptr, indices, values, X, bias, 5, Y)
    csr.sddmm(indptr, indices, DY, X, DW)
    for r0 in range(11):
        for r1 in range(r0, 11):
            part, dw = np.empty((r1 - r0, 13), dtype), np.zeros(t.nnz, dtype)
            csr.spmm(indptr[r0 : r1 + 1], indices, values, X, bias[r0:r1], 5, part)
            csr.sddmm(indptr[r0 : r1 + 1], indices, DY[r0:r1], X, dw)
            e0, e1 = indptr[r0], indptr[r1]
            assert part.tobytes() == Y[r0:r1].tobytes()
            assert dw[e0:e1].tobytes() == DW[e0:e1].tobytes()
            assert not dw[:e0].any()  # and nothing outside the slice is written
            assert not dw[e1:].any()


@pytest.mark.small
def test_coo_adds_to_out_as_its_docstring_says(layer):
    t, _, cols = layer
    values, X = np.ones(t.nnz), np.ones((19, 2))
    out = np.full((10, 2), 100.0)
    coo.spmm(frozen(t.rows), cols, values, X, out)
    np.testing.assert_array_equal(out[:, 0], 100 + np.array(FAN_INS))
    out = np.full((19, 2), 100.0)
    coo.spmm_t(t.rows, cols, values, np.ones((10, 2)), out)
    np.testing.assert_array_equal(out[:, 1], 100 + np.bincount(cols, minlength=19))


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_slice_of_columns_has_the_bits_of_the_whole(layer, dtype):
    t, indptr, indices = layer
    values, DY = t.rng.standard_normal(t.nnz).astype(dtype), t.rng.standard_normal((10, 37)).astype(dtype)
    X = t.rng.standard_normal((19, 37)).astype(dtype)
    colptr, rows, first = csc(t.shape, t.rows, t.cols)
    DW, DX = np.empty(t.nnz, dtype), np.empty((19, 37), dtype)
    columns.backward(colptr, rows, first.copy(), values, DY, X, 4, DW, DX)
    for j0 in range(20):
        here = np.empty(10, np.int64)
        columns.seek(indptr, indices, j0, here)
        assert here.tolist() == [first[i] + sum(t.cols[t.rows == i] < j0) for i in range(10)]
        for j1 in range(j0, 20):
            dw, part = np.zeros(t.nnz, dtype), np.empty((j1 - j0, 37), dtype)
            columns.backward(colptr[j0 : j1 + 1], rows, here.copy(), values, DY, X[j0:j1], 4, dw, part)
            inside = (t.cols >= j0) & (t.cols < j1)
            assert part.tobytes() == DX[j0:j1].tobytes()
            assert dw[inside].tobytes() == DW[inside].tobytes()
            assert not dw[~inside].any()  # and nothing outside the slice is written


@pytest.mark.small
def test_kernels_leave_their_inputs_alone(layer):
    t, indptr, indices = layer
    values, X, DY = t.rng.standard_normal(t.nnz), t.rng.standard_normal((19, 3)), t.rng.standard_normal((10, 3))
    before = [a.tobytes() for a in (values, X, DY)]
    csr.spmm(indptr, indices, values, X, np.zeros(10), 19, np.empty((10, 3)))
    csr.sddmm(indptr, indices, DY, X, np.empty(t.nnz))
    assert [a.tobytes() for a in (values, X, DY)] == before
