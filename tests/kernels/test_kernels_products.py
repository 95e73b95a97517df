"""The nine products against loops: whole numbers must agree exactly, others within the bound of rounding theory."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, WITHOUT_JIT, Topology, frozen, pointer, rows_and_cols, topologies, whole

from minidst.kernels import condensed, csr

BATCHES = st.integers(1, 40) | st.sampled_from([64, 127, 128, 129, 160, 161, 300])  # around the tiles of 128 and 32
same = np.testing.assert_array_equal  # nan equals nan, inf equals inf


def topology(fan_ins, n_in, seed=0):
    return Topology((len(fan_ins), n_in), *rows_and_cols(fan_ins, n_in, np.random.default_rng(seed)), seed)


def check_all_three(kernels, t, values, DY, X):
    """`values`, DY and X hold whole numbers (or nan and inf), so equality is exact."""
    W = t.weights(values)
    with np.errstate(invalid="ignore"):  # only heard when the JIT is off
        Y, DX, DW = kernels.spmm(t, values, X), kernels.spmm_t(t, values, DY), kernels.sddmm(t, DY, X)
        both = kernels.backward(t, values, DY, X)
    same(Y, naive.spmm(t.shape[0], W, X))
    same(DX, naive.spmm_t(t.shape[1], W, DY))
    same(DW, naive.sddmm(t.pairs, DY, X))
    same(both[0], DW)
    same(both[1], DX)


def numbers(t, B, dtype, draw=whole):
    rng = t.rng
    return draw(rng, t.nnz, dtype=dtype), draw(rng, t.shape[0], B, dtype=dtype), draw(rng, t.shape[1], B, dtype=dtype)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_products_of_whole_numbers_are_exact(kernels, dtype, data):
    t = data.draw(topologies(constant=kernels.constant))
    values, DY, X = numbers(t, data.draw(BATCHES if not WITHOUT_JIT else st.integers(1, 5)), dtype)
    check_all_three(kernels, t, values, DY, X)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_fan_in_at_every_batch(kernels, dtype):
    # tiles hold 128 and 32 float32 samples, or half as many of float64 or without AVX-512, so all borders are met
    ladders = [topology([k] * 2, 17) for k in range(18)] if kernels.constant else [topology(list(range(18)), 17)]
    for t in ladders:
        for B in range(1, 170) if len(ladders) == 1 else (1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 160):
            check_all_three(kernels, t, *numbers(t, B, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
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


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("fan_ins", "n_in"),
    [
        ([0, 0, 0], 4),  # nothing at all
        ([0], 1),
        ([1], 1),
        ([9], 9),  # one row
        ([1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1], 1),  # one column
        ([0, 3, 0], 5),  # empty first and last row, empty columns
    ],
)
def test_the_smallest_and_emptiest_matrices(kernels, dtype, fan_ins, n_in):
    t = topology(fan_ins, n_in)
    for B in (1, 3):
        check_all_three(kernels, t, *numbers(t, B, dtype))


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_nan_and_inf_go_where_the_connections_lead_and_nowhere_else(kernels, dtype, data):
    # also 0·inf = nan: a stored zero is a connection. The class of a sum (nan, +inf, −inf) has no order to depend on.
    def special(rng, *shape, dtype):
        return rng.choice([np.nan, np.inf, -np.inf, *[0, 1, 2, -1, -2] * 3], shape).astype(dtype)

    t = data.draw(topologies(constant=kernels.constant))
    _, DY, X = numbers(t, data.draw(st.integers(1, 12)), dtype, special)
    check_all_three(kernels, t, whole(t.rng, t.nnz, dtype=dtype), DY, X)


@pytest.mark.small
@pytest.mark.parametrize("sample", [0, 1])
@pytest.mark.parametrize("fan_in", [1, 4])  # one at a time, and four together
def test_the_gradient_of_an_infinite_delta_is_infinite_in_every_sample(kernels, fan_in, sample):
    t = topology([fan_in], 4)
    DY = np.ones((1, 2), np.float32)
    DY[0, sample] = np.inf
    with np.errstate(invalid="ignore"):
        same(kernels.sddmm(t, DY, np.ones((4, 2), np.float32)), [np.inf] * fan_in)


@pytest.mark.small
@pytest.mark.parametrize("fan_in", [1, 4])
def test_the_gradient_of_an_empty_batch_is_zero(kernels, fan_in):
    t = topology([fan_in], 4)
    same(kernels.sddmm(t, np.empty((1, 0), np.float32), np.empty((4, 0), np.float32)), [0] * fan_in)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_rounding_stays_within_the_bound_of_any_order_of_summation(kernels, dtype, data):
    # float64 products of the oracle round as well, hence two bounds; DY and X span twelve orders of magnitude
    def spread(rng, *shape, dtype):
        return (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 7, shape)).astype(dtype)

    t = data.draw(topologies(constant=kernels.constant))
    B = data.draw(BATCHES)
    values, DY, X = numbers(t, B, dtype, spread)
    W, A = t.weights(values), t.weights(np.abs(values))

    def within(got, exact, magnitude, terms):
        assert (np.abs(got - exact) <= 2 * naive.gamma(terms + 1, dtype) * magnitude).all()

    within(
        kernels.spmm(t, values, X),
        naive.spmm(t.shape[0], W, X),
        naive.spmm(t.shape[0], A, np.abs(X)),
        t.shape[1],
    )
    within(
        kernels.spmm_t(t, values, DY),
        naive.spmm_t(t.shape[1], W, DY),
        naive.spmm_t(t.shape[1], A, np.abs(DY)),
        t.shape[0],
    )
    within(
        kernels.sddmm(t, DY, X),
        naive.sddmm(t.pairs, DY, X),
        naive.sddmm(t.pairs, np.abs(DY), np.abs(X)),
        B,
    )


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_on_all_pairs_is_the_dense_gradient(kernels, dtype):
    t = topology([5] * 3, 5)
    _, DY, X = numbers(t, 7, dtype)
    same(kernels.sddmm(t, DY, X).reshape(3, 5), naive.dense_gradient(DY, X))


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@given(t=topologies(max_in=30, constant=True))
def test_a_single_sample_gives_whole_numbers_exactly_in_both_row_formats(dtype, t):
    # eight connections at a time, then one: fan-ins on both sides of it
    values, _, x = numbers(t, 1, dtype)
    bias = whole(t.rng, t.shape[0], dtype=dtype)
    expected = naive.spmm(t.shape[0], t.weights(values), x)[:, 0] + bias
    y = np.full(t.shape[0], 77, dtype)
    csr.spmv(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, x[:, 0].copy(), bias, y)
    same(y, expected)
    y[:] = 77
    condensed.spmv(t.nnz // t.shape[0], frozen(t.cols), values, x[:, 0].copy(), bias, y)
    same(y, expected)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
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


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@given(t=topologies(), B=st.sampled_from([1, 3, 31, 33, 129]))
def test_a_product_starts_from_its_bias(dtype, t, B):
    values, _, X = numbers(t, B, dtype)
    bias = whole(t.rng, t.shape[0], dtype=dtype)
    out = np.full((t.shape[0], B), 77, dtype)
    csr.spmm(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, X, bias, 7, out)
    same(out, naive.spmm(t.shape[0], t.weights(values), X) + bias[:, None])
