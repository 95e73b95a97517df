"""The nine products against loops: whole numbers must agree exactly, others within the bound of rounding theory."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, WITHOUT_JIT, Topology, csc, frozen, pointer, rows_and_cols, topologies, whole

from minidst.kernels import condensed, coo, csr
from minidst.kernels import csc as columns

BATCHES = st.integers(1, 40) | st.sampled_from([64, 127, 128, 129, 160, 161, 300])  # around the tiles of 128 and 32
BOTH_DTYPES = pytest.mark.parametrize("dtype", DTYPES)
same = np.testing.assert_array_equal  # nan equals nan, inf equals inf


def topology(fan_ins, n_in, seed=0):
    return Topology((len(fan_ins), n_in), *rows_and_cols(fan_ins, n_in, np.random.default_rng(seed)), seed)


def three_products(kernels, t, values, DY, X):
    return kernels.spmm(t, values, X), kernels.spmm_t(t, values, DY), kernels.sddmm(t, DY, X)


def by_loops(t, values, DY, X):
    W = t.weights(values)
    return naive.spmm(t.shape[0], W, X), naive.spmm_t(t.shape[1], W, DY), naive.sddmm(t.pairs, DY, X)


def check_products(kernels, t, values, DY, X):
    """`values`, DY and X hold whole numbers (or nan and inf), so equality is exact."""
    with np.errstate(invalid="ignore"):  # only raised when the JIT is off
        Y, DX, DW = three_products(kernels, t, values, DY, X)
        both = kernels.backward(t, values, DY, X)
    for got, expected in zip((Y, DX, DW), by_loops(t, values, DY, X), strict=True):
        same(got, expected)
    same(both[0], DW)
    same(both[1], DX)


def numbers(t, B, dtype, draw=whole):
    rng = t.rng
    return draw(rng, t.nnz, dtype=dtype), draw(rng, t.shape[0], B, dtype=dtype), draw(rng, t.shape[1], B, dtype=dtype)


@BOTH_DTYPES
@given(data=st.data())
def test_products_of_whole_numbers_are_exact(kernels, dtype, data):
    t = data.draw(topologies(constant=kernels.constant))
    B = data.draw(BATCHES if not WITHOUT_JIT else st.integers(1, 5))
    check_products(kernels, t, *numbers(t, B, dtype))


@pytest.mark.slow
@BOTH_DTYPES
def test_every_fan_in_at_every_batch(kernels, dtype):
    # tiles hold 128 and 32 float32 samples, or half as many of float64 or without AVX-512, so all borders are met
    ladders = [topology([k] * 2, 17) for k in range(18)] if kernels.constant else [topology(list(range(18)), 17)]
    for t in ladders:
        for B in range(1, 170) if len(ladders) == 1 else (1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 160):
            check_products(kernels, t, *numbers(t, B, dtype))


@pytest.mark.slow
@BOTH_DTYPES
def test_every_fan_out_of_the_transpose(kernels, dtype):
    # column j of the mirrored ladder has j connections; a condensed matrix has whatever fan-outs its rows give it
    upright = topology(list(range(18)), 17)
    order = np.lexsort((upright.rows, upright.cols))
    t = Topology((17, 18), upright.cols[order], upright.rows[order], 0)
    if kernels.constant:
        t = topology([3] * 17, 6)
    for B in range(1, 41):
        values, DY, _ = numbers(t, B, dtype)
        same(kernels.spmm_t(t, values, DY), naive.spmm_t(t.shape[1], t.weights(values), DY))


@BOTH_DTYPES
@pytest.mark.parametrize(
    ("fan_ins", "n_in"),
    [
        ([0, 0, 0], 4),  # nothing at all
        ([0], 1),
        ([1], 1),
        ([4], 4),  # gradients are taken four at a time
        ([9], 9),  # one row
        ([1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1], 1),  # one column
        ([0, 3, 0], 5),  # empty first and last row, empty columns
    ],
)
def test_the_smallest_and_emptiest_matrices_and_batches(kernels, dtype, fan_ins, n_in):
    t = topology(fan_ins, n_in)
    for B in (0, 1, 3):
        check_products(kernels, t, *numbers(t, B, dtype))


@BOTH_DTYPES
@given(data=st.data())
def test_nan_and_inf_go_where_the_connections_lead_and_nowhere_else(kernels, dtype, data):
    # also 0·inf = nan: a stored zero is a connection. The class of a sum (nan, +inf, −inf) has no order to depend on.
    def special(rng, *shape, dtype):
        return rng.choice([np.nan, np.inf, -np.inf, *[0, 1, 2, -1, -2] * 3], shape).astype(dtype)

    t = data.draw(topologies(constant=kernels.constant))
    _, DY, X = numbers(t, data.draw(st.integers(1, 12)), dtype, special)
    check_products(kernels, t, whole(t.rng, t.nnz, dtype=dtype), DY, X)


@pytest.mark.slow
@BOTH_DTYPES
@given(data=st.data())
def test_rounding_stays_within_the_bound_of_any_order_of_summation(kernels, dtype, data):
    # float64 products of the oracle round as well, hence two bounds; DY and X span twelve orders of magnitude
    def spread(rng, *shape, dtype):
        return (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 7, shape)).astype(dtype)

    t = data.draw(topologies(constant=kernels.constant))
    B = data.draw(BATCHES)
    arrays = numbers(t, B, dtype, spread)
    products, exact = three_products(kernels, t, *arrays), by_loops(t, *arrays)
    magnitudes, terms = by_loops(t, *map(np.abs, arrays)), (t.shape[1], t.shape[0], B)
    for got, expected, magnitude, n in zip(products, exact, magnitudes, terms, strict=True):
        assert (np.abs(got - expected) <= 2 * naive.gamma(n + 1, dtype) * magnitude).all()


@BOTH_DTYPES
@given(t=topologies(max_in=30, constant=True))
def test_a_single_sample_gives_whole_numbers_exactly_in_both_row_formats(dtype, t):
    # eight connections at a time, then one: fan-ins on both sides of it
    values, _, x = numbers(t, 1, dtype)
    bias, y = whole(t.rng, t.shape[0], dtype=dtype), np.full(t.shape[0], 77, dtype)
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
    t = topology([fan_in], fan_in)
    for infinite in range(fan_in):
        values, x, y = np.ones(fan_in, dtype), np.ones(fan_in, dtype), np.empty(1, dtype)
        x[infinite] = np.inf
        csr.spmv(frozen(pointer(t.rows, 1)), frozen(t.cols), values, x, np.zeros(1, dtype), y)
        same(y, [np.inf])
        condensed.spmv(fan_in, frozen(t.cols), values, x, np.zeros(1, dtype), y)
        same(y, [np.inf])


@BOTH_DTYPES
@given(t=topologies(), B=st.sampled_from([1, 3, 31, 33, 129]))
def test_a_product_starts_from_its_bias(dtype, t, B):
    values, _, X = numbers(t, B, dtype)
    bias, out = whole(t.rng, t.shape[0], dtype=dtype), np.full((t.shape[0], B), 77, dtype)
    csr.spmm(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, X, bias, 7, out)
    same(out, naive.spmm(t.shape[0], t.weights(values), X) + bias[:, None])


# --- any slice of rows or columns has the bits of the whole, which is why threads cannot change a result

FAN_INS = [0, 9, 4, 17, 1, 0, 8, 12, 3, 0]


@pytest.fixture
def layer():
    """Ten rows of very different fan-in and 19 inputs: a topology, and its indptr and indices."""
    t = topology(FAN_INS, 19, seed=3)
    return t, frozen(np.cumsum([0, *FAN_INS])), frozen(t.cols)


@BOTH_DTYPES
def test_any_slice_of_rows_has_the_bits_of_the_whole(layer, dtype):
    t, indptr, indices = layer
    rng = t.rng
    values, X, DY, bias = (rng.standard_normal(shape).astype(dtype) for shape in (t.nnz, (19, 13), (10, 13), 10))
    Y, DW = np.empty((10, 13), dtype), np.empty(t.nnz, dtype)
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


@BOTH_DTYPES
def test_any_slice_of_columns_has_the_bits_of_the_whole(layer, dtype):
    t, indptr, indices = layer
    values, DY, X = (t.rng.standard_normal(shape).astype(dtype) for shape in (t.nnz, (10, 37), (19, 37)))
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


def test_coo_adds_to_out(layer):
    t, _, cols = layer
    values, X, DY = np.ones(t.nnz), np.ones((19, 2)), np.ones((10, 2))
    for kernel, M, sums in [(coo.spmm, X, FAN_INS), (coo.spmm_t, DY, np.bincount(cols, minlength=19))]:
        out = np.full((len(sums), 2), 100.0)
        kernel(frozen(t.rows), cols, values, M, out)
        same(out, np.tile(100 + np.array(sums)[:, None], 2))
