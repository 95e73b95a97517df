import naive
import numpy as np
import pytest
import scipy.sparse
from builders import six_connections
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, frozen, normal, whole

from minidst import CSR
from minidst.formats.check import operand
from minidst.formats.csc import panel

DY, X = np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(4, 2)


def products(W, DY, X):
    return W @ X, W.T @ DY, W.grad(DY, X)


def dense_products(W, dense, DY, X):
    return dense @ X, dense.T @ DY, (DY @ X.T)[W.connections()]


def check_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def drawn(data, kind, dtype, B=None, numbers=whole):
    """A matrix of this kind, the same as a dense array, DY and X."""
    format, topologies = kind
    t = data.draw(topologies)
    rng = t.rng
    columns = B if B is not None else data.draw(st.integers(1, 12))
    values = numbers(rng, t.nnz, dtype=dtype)
    W = format.from_connections(t.shape, t.rows, t.cols, values)
    dense = np.zeros(t.shape, dtype)
    dense[t.rows, t.cols] = values
    return W, dense, numbers(rng, t.shape[0], columns, dtype=dtype), numbers(rng, t.shape[1], columns, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("numbers", [whole, normal])
@given(data=st.data())
def test_products_agree_with_dense_numpy(kind, numbers, dtype, data):
    """So ⟨DY, W X⟩ = ⟨Wᵀ DY, X⟩ = ⟨W.grad(DY, X), values⟩: exactly for whole numbers, else but for rounding."""
    W, dense, DY, X = drawn(data, kind, dtype, numbers=numbers)
    found = products(W, DY, X)
    sizes = dense_products(W, np.abs(dense), np.abs(DY), np.abs(X))
    bound = 0 if numbers is whole else 2 * naive.gamma(sum(W.shape) + X.shape[1], dtype)
    for product, expected, size in zip(found, dense_products(W, dense, DY, X), sizes, strict=True):
        assert product.dtype == dtype
        assert product.shape == expected.shape
        assert (np.abs(product - expected) <= bound * size).all()


@given(data=st.data())
def test_a_vector_is_a_batch_of_one(kind, data):
    W, dense, DY, X = drawn(data, kind, np.float64, B=1)
    dy, x = DY[:, 0], X[:, 0]
    check_equal(products(W, dy, x), (dense @ x, dense.T @ dy, W.grad(DY, X)))


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "every second column": lambda M: np.repeat(M, 2, axis=1)[:, ::2],
    "backwards in memory": lambda M: M[::-1, ::-1].copy()[::-1, ::-1],
    "a transpose": lambda M: M.T.copy().T,
    "a window": lambda M: np.pad(M, 3)[3:-3, 3:-3],
    "one column broadcast": lambda M: np.broadcast_to(M[:, :1], M.shape),
}


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), lambda M: frozen(M.copy())], ids=[*LAYOUTS, "read-only"])
def test_operands_may_have_any_memory_layout(W, layout):
    rng = np.random.default_rng(0)
    DY, X = layout(whole(rng, 3, 5)), layout(whole(rng, 4, 5))
    assert not X.flags.carray
    check_equal(products(W, DY, X), products(W, DY.copy(), X.copy()))
    check_equal(products(W, DY[:, 2], X[:, 2]), products(W, DY[:, 2].copy(), X[:, 2].copy()))


def test_operands_reach_the_kernels_contiguous_and_uncopied_where_they_are():
    # the inner loops run over the samples of one unit, which must lie side by side in memory to be fast
    X = np.arange(12.0).reshape(4, 3)
    assert operand("X", X, 4, X.dtype) is X
    for layout in LAYOUTS.values():
        assert operand("X", layout(X), 4, X.dtype).flags.c_contiguous
    column = operand("X", X[:, 1], 4, X.dtype)
    assert (column.shape, column.flags.c_contiguous) == ((4,), True)


@pytest.mark.parametrize(("given_as", "dtype"), [("f4", np.float64), ("i8", np.float64), ("i1", np.float32)])
def test_a_narrower_operand_is_widened_without_loss(format, given_as, dtype):
    W = six_connections(format, dtype)
    found = products(W, DY.astype(given_as), X.astype(given_as))
    check_equal(found, products(W, DY.astype(dtype), X.astype(dtype)))
    assert [product.dtype for product in found] == [dtype] * 3


def test_products_follow_values_that_are_written_in_place(W):
    # the CSC view reaches them through its permutation, so it need not be built again
    W.T @ np.ones(3)
    W.values[...] *= 2
    W.values.reshape(-1)[3] = 7
    dense = W.to_dense()
    assert dense[1, 2] == 7
    check_equal((W @ X, W.T @ DY), (dense @ X, dense.T @ DY))


def test_products_leave_their_operands_alone_and_their_results_are_new(W):
    before = [a.tobytes() for a in (X, DY, W.values)]
    first, again = products(W, DY, X), products(W, DY, X)
    assert [a.tobytes() for a in (X, DY, W.values)] == before
    check_equal(first, again)
    for a, b in zip(first, again, strict=True):
        assert a.flags.c_contiguous
        assert not np.shares_memory(a, b)


def test_nan_in_one_sample_reaches_its_own_outputs_only(W):
    X = np.zeros((4, 3))
    X[2, 1] = np.nan  # input 2 has one connection, to output 1, whose stored weight is 0
    with np.errstate(invalid="ignore"):
        Y = W @ X
    assert np.isnan(Y).tolist() == [[False] * 3, [False, True, False], [False] * 3]


def test_an_empty_batch_gives_an_empty_product_and_a_zero_gradient(W):
    Y, DX, DW = products(W, np.empty((3, 0)), np.empty((4, 0)))
    assert (Y.shape, DX.shape, DW.tolist()) == ((3, 0), (4, 0), [0] * 6)


def test_a_wide_layer_is_visited_in_panels_and_a_narrow_one_as_a_whole():
    # 4096 inputs at 10 %: sixteen visits of 25 connections; where out does not fit into the cache either, two
    X, small, large = (np.empty((n, 128), np.float32) for n in (4096, 64, 2048))
    assert [panel(X, 0.1), panel(X, 0.1, small), panel(X, 0.1, large), panel(small, 0.1)] == [256, 256, 2048, 64]
    assert panel(X, 0.001) == 4096  # four connections a row are not worth a second visit


@pytest.mark.slow
@pytest.mark.parametrize("n_in", [700, 2100])
def test_panels_do_not_change_a_product(n_in):
    matrix = scipy.sparse.random(90, n_in, 0.2, "csr", random_state=1)
    W, rng = CSR.from_scipy(matrix), np.random.default_rng(0)
    X, DY = whole(rng, n_in, 130), whole(rng, 90, 130)
    W.values[:] = whole(rng, W.nnz)
    dense = W.to_dense()
    Y, DX, DW = dense_products(W, dense, DY, X)
    check_equal((*products(W, DY, X), *W.backward(DY, X)), (Y, DX, DW, DW, DX))
