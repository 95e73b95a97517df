"""What products through a format (tests/formats) cannot reach: any slice, and how a bias and a tail are added."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, Topology, csc, frozen, pointer, rows_and_cols, topologies, whole

from minidst.kernels import condensed, coo, csr
from minidst.kernels import csc as columns
from minidst.kernels.simd.tiles import tiles


def in_tiles(kernel, arguments, M):
    """Run a kernel over all samples of the matrix whose rows it gathers."""
    for first, end, size in tiles(M):
        kernel(*arguments, M, first, end, 0, size)


BOTH_DTYPES = pytest.mark.parametrize("dtype", DTYPES)
same = np.testing.assert_array_equal  # nan equals nan, inf equals inf


@BOTH_DTYPES
@given(t=topologies(max_in=30, constant=True))
def test_a_single_sample_gives_whole_numbers_exactly_in_both_row_formats(dtype, t):
    # eight connections at a time, then one: fan-ins on both sides of it
    rng, y = t.rng, np.full(t.shape[0], 77, dtype)
    values, x, bias = (whole(rng, *shape, dtype=dtype) for shape in [(t.nnz,), (t.shape[1], 1), t.shape[:1]])
    expected = naive.spmm(t.shape[0], t.weights(values), x)[:, 0] + bias
    csr.spmv(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, x[:, 0].copy(), bias, y)
    same(y, expected)
    y[:] = 77
    condensed.spmv(t.nnz // t.shape[0], frozen(t.cols), values, x[:, 0].copy(), bias, y)
    same(y, expected)


@BOTH_DTYPES
@pytest.mark.parametrize("fan_in", [7, 12, 15, 23])
def test_an_infinite_input_counts_once_in_a_single_sample(dtype, fan_in):
    """Also where the rest of a row looks back at it."""
    cols, weights, bias = np.arange(fan_in, dtype=np.int32), np.ones(fan_in, dtype), np.zeros(1, dtype)
    for infinite in range(fan_in):
        x, y = np.ones(fan_in, dtype), np.empty((2, 1), dtype)
        x[infinite] = np.inf
        csr.spmv(frozen(np.array([0, fan_in])), frozen(cols), weights, x, bias, y[0])
        condensed.spmv(fan_in, cols, weights, x, bias, y[1])
        same(y, [[np.inf]] * 2)


@BOTH_DTYPES
@given(t=topologies(), B=st.sampled_from([1, 3, 31, 33, 129]))
def test_a_product_starts_from_its_bias(dtype, t, B):
    rng, out = t.rng, np.full((t.shape[0], B), 77, dtype)
    values, X, bias = (whole(rng, *shape, dtype=dtype) for shape in [(t.nnz,), (t.shape[1], B), t.shape[:1]])
    in_tiles(csr.spmm, (frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, bias, out, 7), X)
    same(out, naive.spmm(t.shape[0], t.weights(values), X) + bias[:, None])


# --- any slice of rows or columns has the bits of the whole, which is why threads cannot change a result

FAN_INS = [0, 9, 4, 17, 1, 0, 8, 12, 3, 0]


@pytest.fixture
def layer():
    """Ten rows of very different fan-in and 19 inputs: a topology, and its indptr and indices."""
    t = Topology((10, 19), *rows_and_cols(FAN_INS, 19, np.random.default_rng(3)), 3)
    return t, frozen(np.cumsum([0, *FAN_INS])), frozen(t.cols)


@BOTH_DTYPES
def test_any_slice_of_rows_has_the_bits_of_the_whole(layer, dtype):
    t, indptr, indices = layer
    rng = t.rng
    values, X, DY, bias = (rng.standard_normal(shape).astype(dtype) for shape in (t.nnz, (19, 13), (10, 13), 10))
    Y, DW = np.empty((10, 13), dtype), np.empty(t.nnz, dtype)
    in_tiles(csr.spmm, (indptr, indices, values, bias, Y, 5), X)
    in_tiles(csr.sddmm, (indptr, indices, DY, DW), X)
    for r0 in range(11):
        for r1 in range(r0, 11):
            part, dw = np.empty((r1 - r0, 13), dtype), np.zeros(t.nnz, dtype)
            in_tiles(csr.spmm, (indptr[r0 : r1 + 1], indices, values, bias[r0:r1], part, 5), X)
            in_tiles(csr.sddmm, (indptr[r0 : r1 + 1], indices, DY[r0:r1], dw), X)
            e0, e1 = indptr[r0], indptr[r1]
            assert part.tobytes() == Y[r0:r1].tobytes()
            assert dw[e0:e1].tobytes() == DW[e0:e1].tobytes()
            assert not dw[:e0].any()  # and nothing outside the slice is written
            assert not dw[e1:].any()


@BOTH_DTYPES
def test_any_slice_of_columns_has_the_bits_of_the_whole(layer, dtype):
    t, indptr, indices = layer
    values, DY, X = (t.rng.standard_normal(shape).astype(dtype) for shape in (t.nnz, (10, 37), (19, 37)))
    colptr, rows, first = csc(t.shape, t.rows, t.cols)
    DW, DX = np.empty(t.nnz, dtype), np.empty((19, 37), dtype)
    in_tiles(columns.backward, (colptr, rows, first, values, X, 4, DW, DX), DY)
    for j0 in range(20):
        here = np.empty(10, np.int64)
        columns.seek(indptr, indices, j0, here)
        assert here.tolist() == [first[i] + sum(t.cols[t.rows == i] < j0) for i in range(10)]
        for j1 in range(j0, 20):
            dw, part = np.zeros(t.nnz, dtype), np.empty((j1 - j0, 37), dtype)
            in_tiles(columns.backward, (colptr[j0 : j1 + 1], rows, here, values, X[j0:j1], 4, dw, part), DY)
            inside = (t.cols >= j0) & (t.cols < j1)
            assert part.tobytes() == DX[j0:j1].tobytes()
            assert dw[inside].tobytes() == DW[inside].tobytes()
            assert not dw[~inside].any()  # and nothing outside the slice is written


def test_coo_adds_to_out_and_leaves_rows_without_connections_alone(layer):
    t, _, cols = layer
    values, X, DY, bias = np.ones(t.nnz), np.ones((19, 2)), np.ones((10, 2)), np.full(10, 100.0)
    Y, DX = np.full((10, 2), 7.0), np.full((19, 2), 100.0)
    in_tiles(coo.spmm, (frozen(t.rows), cols, values, bias, Y), X)
    same(Y, np.tile(np.where(FAN_INS, 100 + np.array(FAN_INS), 7)[:, None], 2))
    in_tiles(coo.spmm_t, (frozen(t.rows), cols, values, DX), DY)
    same(DX, np.tile(100 + np.bincount(cols, minlength=19)[:, None], 2))
