import naive
import numpy as np
import pytest
import scipy.sparse
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, topologies, whole

from minidst import COO, CSR, Condensed
from minidst.formats.check import operand
from minidst.formats.csc import panel


def drawn(data, format, dtype, B=None, numbers=whole):
    """A matrix of `format`, the same as a dense array, DY and X."""
    t = data.draw(topologies(constant=format is Condensed))
    rng = t.rng
    columns = B if B is not None else data.draw(st.integers(1, 12))
    values = numbers(rng, t.nnz, dtype=dtype)
    W = format.from_connections(t.shape, t.rows, t.cols, values)
    dense = np.zeros(t.shape, dtype)
    dense[t.rows, t.cols] = values
    return W, dense, numbers(rng, t.shape[0], columns, dtype=dtype), numbers(rng, t.shape[1], columns, dtype=dtype)


@pytest.mark.small
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_products_agree_with_dense_numpy(format, dtype, data):
    W, dense, DY, X = drawn(data, format, dtype)
    Y, DX, DW = W @ X, W.T @ DY, W.grad(DY, X)
    np.testing.assert_array_equal(Y, dense @ X)
    np.testing.assert_array_equal(DX, dense.T @ DY)
    np.testing.assert_array_equal(DW, (DY @ X.T)[W.connections()])
    assert Y.dtype == DX.dtype == DW.dtype == dtype
    assert DW.shape == (W.nnz,)


@pytest.mark.small
@given(data=st.data())
def test_a_vector_is_a_batch_of_one(format, data):
    W, dense, DY, X = drawn(data, format, np.float64, B=1)
    y, dx = W @ X[:, 0], W.T @ DY[:, 0]
    assert (y.shape, dx.shape) == ((W.shape[0],), (W.shape[1],))
    np.testing.assert_array_equal(y, dense @ X[:, 0])
    np.testing.assert_array_equal(dx, dense.T @ DY[:, 0])
    np.testing.assert_array_equal(W.grad(DY[:, 0], X[:, 0]), W.grad(DY, X))


@pytest.mark.small
@given(data=st.data())
def test_the_two_products_are_adjoint(format, data):
    # ⟨DY, W X⟩ = ⟨Wᵀ DY, X⟩, and both are ⟨W.grad(DY, X), values⟩ because the product is linear in the weights
    def normal(rng, *shape, dtype):
        return rng.standard_normal(shape).astype(dtype)

    W, dense, DY, X = drawn(data, format, np.float64, numbers=normal)
    forward, backward, by_weight = (
        (DY * (W @ X)).sum(),
        ((W.T @ DY) * X).sum(),
        W.grad(DY, X) @ W.values.reshape(-1),
    )
    terms = W.nnz * X.shape[1]
    bound = 2 * naive.gamma(terms + 3, np.float64) * (np.abs(DY) * (np.abs(dense) @ np.abs(X))).sum()
    assert abs(forward - backward) <= bound
    assert abs(forward - by_weight) <= bound


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "every second column": lambda M: np.repeat(M, 2, axis=1)[:, ::2],
    "backwards in memory": lambda M: M[::-1, ::-1].copy()[::-1, ::-1],
    "a transpose": lambda M: M.T.copy().T,
    "a window": lambda M: np.pad(M, 3)[3:-3, 3:-3],
}


@pytest.mark.small
@pytest.mark.parametrize("layout", LAYOUTS)
def test_operands_may_lie_in_memory_as_they_like(format, layout, example):
    W, rng = example(format), np.random.default_rng(0)
    DY, X = whole(rng, 3, 5), whole(rng, 4, 5)
    place = LAYOUTS[layout]
    assert not place(X).flags.c_contiguous
    np.testing.assert_array_equal(W @ place(X), W @ X)
    np.testing.assert_array_equal(W.T @ place(DY), W.T @ DY)
    np.testing.assert_array_equal(W.grad(place(DY), place(X)), W.grad(DY, X))
    np.testing.assert_array_equal(W @ place(X)[:, 2], W @ X[:, 2])


@pytest.mark.small
def test_operands_reach_the_kernels_contiguous_and_uncopied_where_they_are():
    # the inner loops run over the samples of one unit, which must be neighbours in memory to be fast
    X = np.arange(12.0).reshape(4, 3)
    assert operand("X", X, 4, X.dtype) is X
    for place in LAYOUTS.values():
        assert operand("X", place(X), 4, X.dtype).flags.c_contiguous
    column = operand("X", X[:, 1], 4, X.dtype)
    assert (column.shape, column.flags.c_contiguous) == ((4,), True)


@pytest.mark.small
def test_one_broadcast_column_serves_as_a_batch(format, example):
    W, x = example(format), np.arange(4.0)
    np.testing.assert_array_equal(W @ np.broadcast_to(x[:, None], (4, 3)), np.repeat((W @ x)[:, None], 3, axis=1))


def test_read_only_operands_are_read(format, example):
    W, X, DY = example(format), np.arange(8.0).reshape(4, 2), np.arange(6.0).reshape(3, 2)
    expected = [(W @ X).tolist(), W.grad(DY, X).tolist(), (W.T @ DY).tolist()]
    X.flags.writeable = DY.flags.writeable = False
    assert [(W @ X).tolist(), W.grad(DY, X).tolist(), (W.T @ DY).tolist()] == expected


@pytest.mark.small
@pytest.mark.parametrize(("given_as", "dtype"), [("f4", np.float64), ("i8", np.float64), ("i1", np.float32)])
def test_a_narrower_operand_is_widened_without_loss(format, example, given_as, dtype):
    W, X, DY = example(format, dtype), np.arange(8).reshape(4, 2), np.arange(6).reshape(3, 2)
    for got, expected in [
        (W @ X.astype(given_as), W @ X.astype(dtype)),
        (W.T @ DY.astype(given_as), W.T @ DY.astype(dtype)),
        (W.grad(DY.astype(given_as), X.astype(given_as)), W.grad(DY.astype(dtype), X.astype(dtype))),
    ]:
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, expected)


@pytest.mark.small
def test_products_follow_values_that_are_written_in_place(format, example):
    # the CSC view reaches them through its permutation, so it need not be built again
    W = example(format)
    W.T @ np.ones(3)
    W.values[...] *= 2
    W.values.reshape(-1)[3] = 7
    dense = W.to_dense()
    assert dense[1, 2] == 7
    X, DY = np.arange(8.0).reshape(4, 2), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(W @ X, dense @ X)
    np.testing.assert_array_equal(W.T @ DY, dense.T @ DY)


@pytest.mark.small
def test_products_leave_their_operands_alone_and_their_results_are_new(format, example):
    W, X, DY = example(format), np.arange(8.0).reshape(4, 2), np.arange(6.0).reshape(3, 2)
    before = [a.tobytes() for a in (X, DY, W.values)]
    first = W @ X, W.T @ DY, W.grad(DY, X)
    again = W @ X, W.T @ DY, W.grad(DY, X)
    assert [a.tobytes() for a in (X, DY, W.values)] == before
    for a, b in zip(first, again, strict=True):
        assert a.flags.c_contiguous
        assert not np.shares_memory(a, b)
        np.testing.assert_array_equal(a, b)


@pytest.mark.small
def test_nan_in_one_sample_reaches_its_own_outputs_only(format, example):
    X = np.zeros((4, 3))
    X[2, 1] = np.nan  # input 2 has one connection, to output 1, whose stored weight is 0
    with np.errstate(invalid="ignore"):
        Y = example(format) @ X
    assert np.isnan(Y).tolist() == [[False] * 3, [False, True, False], [False] * 3]


@pytest.mark.small
@pytest.mark.parametrize("format", [COO, CSR])
def test_a_matrix_without_connections_multiplies_to_zero(format):
    W = format.from_dense(np.zeros((3, 4)))
    assert (W @ np.ones((4, 2))).tolist() == [[0, 0]] * 3
    assert (W.T @ np.ones((3, 2))).tolist() == [[0, 0]] * 4
    assert W.grad(np.ones((3, 2)), np.ones((4, 2))).tolist() == []


@pytest.mark.small
def test_an_empty_batch_gives_an_empty_product_and_a_zero_gradient(format, example):
    W, DY, X = example(format), np.empty((3, 0)), np.empty((4, 0))
    assert (W @ X).shape == (3, 0)
    assert (W.T @ DY).shape == (4, 0)
    assert W.grad(DY, X).tolist() == [0] * 6


@pytest.mark.small
def test_operands_that_do_not_fit_are_refused_with_both_numbers(format, example):
    W = example(format)  # 3×4
    X, DY = np.ones((4, 2)), np.ones((3, 2))
    for bad in (np.ones((3, 2)), np.ones((2, 4)), np.ones(3), np.ones((4, 2, 1)), np.float64(1)):
        with refused("X has shape", bad.shape, "(4, B)"):
            W @ bad
        with refused("X has shape", bad.shape, "(4, B)"):
            W.grad(DY, bad)
    for bad in (np.ones((4, 2)), np.ones((2, 3)), np.ones(4), np.ones((3, 2, 1)), np.float64(1)):
        with refused("DY has shape", bad.shape, "(3, B)"):
            W.T @ bad
        with refused("DY has shape", bad.shape, "(3, B)"):
            W.grad(bad, X)
    with refused("DY holds 2 samples", "X 5"):
        W.grad(DY, np.ones((4, 5)))


@pytest.mark.small
@pytest.mark.parametrize("bad", [np.float64, np.int32, np.complex64])
def test_an_operand_that_would_lose_digits_is_refused_with_both_dtypes(format, example, bad):
    W = example(format, np.float32)
    X, DY = np.ones((4, 2), bad), np.ones((3, 2), bad)
    for product in (lambda: W @ X, lambda: W.T @ DY, lambda: W.grad(DY, X)):
        with refused(np.dtype(bad), "float32"):
            product()


def test_a_wide_layer_is_visited_in_panels_and_a_narrow_one_as_a_whole():
    # 4096 inputs at 10 %: sixteen visits of 25 connections; where out does not fit into the cache either, two
    X, small, large = (np.empty((n, 128), np.float32) for n in (4096, 64, 2048))
    assert [panel(X, 0.1), panel(X, 0.1, small), panel(X, 0.1, large), panel(small, 0.1)] == [256, 256, 2048, 64]
    assert panel(X, 0.001) == 4096  # four connections a row are not worth a second visit


@pytest.mark.parametrize("n_in", [700, 2100])
def test_panels_do_not_change_a_product(n_in):
    matrix = scipy.sparse.random(90, n_in, 0.2, "csr", random_state=1)
    W, rng = CSR.from_scipy(matrix), np.random.default_rng(0)
    X, DY = whole(rng, n_in, 130), whole(rng, 90, 130)
    W.values[:] = whole(rng, W.nnz)
    dense = W.to_dense()
    np.testing.assert_array_equal(W @ X, dense @ X)
    DW, DX = W.backward(DY, X)
    np.testing.assert_array_equal(DX, dense.T @ DY)
    np.testing.assert_array_equal(DW, (DY @ X.T)[W.connections()])
    np.testing.assert_array_equal(W.T @ DY, DX)
