import naive
import numpy as np
import pytest
import scipy.sparse
from builders import rng, six_connections
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, WITHOUT_JIT, Topology, frozen, rows_and_cols, whole

from minidst import CSR, Condensed
from minidst.formats.check import operand
from minidst.kernels import memory
from minidst.kernels.packing import panel
from minidst.kernels.simd.tiles import MOST, REGISTER_BYTES

DY, X = np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(4, 2)


BATCHES = st.integers(1, 40) | st.sampled_from([64, 127, 128, 129, 160, 161, 300])  # around full tiles and registers
NEVER = 10**9
PANELS = (1, NEVER), (3, 0), (1000, NEVER)  # rows at a time, more than there are in the last; loads worth packing


@pytest.fixture(scope="module", autouse=True)
def garbage():
    """Products write all of their `out`, so it may hold anything before."""

    def filled(shape, dtype):
        out = memory.aligned(shape, dtype)
        out.fill(77)
        return out

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("minidst.formats.sparse.aligned", filled)
        yield


def topology(fan_ins, n_in):
    return Topology((len(fan_ins), n_in), *rows_and_cols(fan_ins, n_in, rng()), 0)


def products(W, DY, X):
    return W @ X, W.T @ DY, W.grad(DY, X)


def in_panels(W, DY, X):
    """Y, DX and DW, and DW and DX in one pass: the same bits whatever the height of a panel, packed or not."""
    found = []
    for height, packs in PANELS:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("minidst.kernels.packing.WORTH_PACKING", packs)
            patched.setattr("minidst.formats.csr.LONG", packs)  # few samples go two rows at a time
            for module in ("csr", "csc"):
                patched.setattr(f"minidst.formats.{module}.panel", lambda *_, height=height: height)
            found.append((*products(W, DY, X), *W.backward(DY, X)))
    assert all(len(set(map(bits, each))) == 1 for each in zip(*found, strict=True))
    return found[0]


def bits(product):
    """But for the sign and payload of a nan, which are the processor's choice."""
    return np.where(np.isnan(product), np.nan, product).tobytes()


def by_loops(t, values, DY, X):
    W, DW = t.weights(values), naive.sddmm(t.pairs, DY, X)
    DX = naive.spmm_t(t.shape[1], W, DY)
    return naive.spmm(t.shape[0], W, X), DX, DW, DW, DX


def dense_products(W, dense, DY, X):
    return dense @ X, dense.T @ DY, (DY @ X.T)[W.connections()]


def check_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)  # nan equals nan, inf equals inf


def spread(rng, *shape, dtype):
    """Numbers over twelve orders of magnitude."""
    return (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 7, shape)).astype(dtype)


def special(rng, *shape, dtype):
    return rng.choice([np.nan, np.inf, -np.inf, *[0, 1, 2, -1, -2] * 3], shape).astype(dtype)


def check_products(format, t, B, dtype, numbers=whole):
    """Exactly, of whole numbers, nan and inf; else within the bound of any order of summation."""
    rng = t.rng
    values = (whole if numbers is special else numbers)(rng, t.nnz, dtype=dtype)
    DY, X = (numbers(rng, n, B, dtype=dtype) for n in t.shape)
    with np.errstate(invalid="ignore"):  # only raised when the JIT is off
        found = in_panels(format.from_connections(t.shape, t.rows, t.cols, values), DY, X)
    expected = by_loops(t, values, DY, X)
    assert [(product.dtype, product.shape) for product in found] == [(dtype, exact.shape) for exact in expected]
    if numbers is spread:  # float64 products of the oracle round as well, hence two bounds
        terms, sizes = (t.shape[1], t.shape[0], B, B, t.shape[0]), by_loops(t, *map(np.abs, (values, DY, X)))
        for product, exact, n, size in zip(found, expected, terms, sizes, strict=True):
            assert (np.abs(product - exact) <= 2 * naive.gamma(n + 1, dtype) * size).all()
    else:
        check_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("numbers", [whole, special, pytest.param(spread, marks=pytest.mark.slow)])
@given(data=st.data())
def test_products_are_those_of_loops(kind, numbers, dtype, data):
    """So ⟨DY, W X⟩ = ⟨Wᵀ DY, X⟩ = ⟨W.grad(DY, X), values⟩; and nan and inf go where the connections lead.

    Also 0·inf = nan: a stored zero is a connection. The class of a sum (nan, +inf, −inf) has no order to depend on.
    """
    format, topologies = kind
    B = data.draw(st.integers(1, 5) if WITHOUT_JIT else BATCHES)
    check_products(format, data.draw(topologies), B, dtype, numbers)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_fan_in_and_fan_out_at_every_batch(format, dtype):
    # a tile holds 128 float32 samples and a register 16, or half as many of float64 or without AVX-512
    ladder = topology(list(range(18)), 17)
    order = np.lexsort((ladder.rows, ladder.cols))
    mirrored = Topology((17, 18), ladder.cols[order], ladder.rows[order], 0)  # column j has j connections
    cases = [(ladder, range(1, 170)), (mirrored, range(1, 41))]
    if format is Condensed:  # whose fan-outs are whatever its rows give it
        borders = (1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 160)
        cases = [(topology([3] * 17, 6), range(1, 41)), *((topology([k] * 2, 17), borders) for k in range(1, 18))]
    for t, batches in cases:
        for B in batches:
            check_products(format, t, B, dtype)


SMALLEST = [
    ([0, 0, 0], 4),  # nothing at all
    ([0], 1), ([1], 1),
    ([4], 4),  # gradients are taken four at a time
    ([9], 9),  # one row
    ([1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1], 1),  # one column
    ([0, 3, 0], 5),  # empty first and last row, empty columns
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_smallest_and_emptiest_matrices_and_batches(format, dtype):
    for fan_ins, n_in in SMALLEST[2:] if format is Condensed else SMALLEST:
        for B in (0, 1, 3):
            check_products(format, topology(fan_ins, n_in), B, dtype)


@given(data=st.data())
def test_a_vector_is_a_batch_of_one(kind, data):
    format, topologies = kind
    t = data.draw(topologies)
    values, dy, x = (whole(draw, n) for draw in [t.rng] for n in (t.nnz, *t.shape))
    W = format.from_connections(t.shape, t.rows, t.cols, values)
    dense = W.to_dense()
    check_equal(products(W, dy, x), (dense @ x, dense.T @ dy, W.grad(dy[:, None], x[:, None])))


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


def test_a_wide_layer_is_visited_in_panels_and_a_narrow_one_as_a_whole():
    # 32 visits of 25 connections; where out does not fit into the cache either, four
    X, small, large = (np.empty((n, 64), np.float32) for n in (8192, 128, 8192))
    assert [panel(X, 800), panel(X, 800, small), panel(X, 800, large), panel(small, 800)] == [256, 256, 2048, 128]
    assert panel(X, 8) == 8192  # eight connections a row are not worth a second visit
    wide = np.empty((1024, 1 << 13), np.float32)
    tile = wide[:, : MOST * REGISTER_BYTES // 4].copy()
    assert panel(wide, 800, wide) == panel(tile, 800, tile) == 128  # only as many samples count as a tile has


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
