import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from time import perf_counter

import numpy as np
import pytest
from builders import lopsided
from strategies import DTYPES, WITHOUT_JIT

import minidst
from minidst import COO, CSR, Condensed
from minidst.kernels import packing, threads

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(WITHOUT_JIT, reason="hundreds of connections: too many for kernels in pure Python"),
]


@pytest.fixture(autouse=True)
def always_sliced(monkeypatch):
    """Even the smallest product is cut into slices for the threads, and afterwards there is one thread again."""
    monkeypatch.setattr(threads, "WORTH_CUTTING", 1)
    monkeypatch.setattr(threads, "WORTH_A_SLICE", 1e-9)
    yield
    minidst.threads(1)


def all_products(W, B):
    """The bits of all products with the same normal numbers at every call."""
    rng = np.random.default_rng(11)
    X, DY = rng.standard_normal((W.shape[1], B)).astype(W.dtype), rng.standard_normal((W.shape[0], B)).astype(W.dtype)
    return [product.tobytes() for product in (W @ X, W.T @ DY, W.grad(DY, X), *W.backward(DY, X))]


@pytest.mark.parametrize("packs", [0, 10**9])
@pytest.mark.parametrize("B", [1, 5, 33, 300])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("format", "ablated"), [(COO, 0), (CSR, 0), (Condensed, 0), (Condensed, 12)])
def test_results_are_bitwise_the_same_for_every_number_of_threads(format, ablated, dtype, B, packs, monkeypatch):
    monkeypatch.setattr(packing, "WORTH_PACKING", packs)
    monkeypatch.setattr("minidst.formats.csr.LONG", packs)
    W = lopsided(format, dtype, ablated)
    alone = all_products(W, B)
    for n in (2, 3, 5):
        minidst.threads(n)
        assert threads.slices(W.nnz * B) == 4 * n
        assert all_products(W, B) == alone


@pytest.mark.parametrize("format", [COO, CSR])
def test_more_slices_than_rows_connections_or_columns_do_no_harm(format):
    minidst.threads(5)
    for dense in (np.zeros((3, 2)), np.array([[0.0, 0, 5, 0]]), np.array([[0.0], [0], [5]]), np.diag([1.0, 0, 0, 2])):
        W, X, DY = format.from_dense(dense), np.ones((dense.shape[1], 2)), np.ones((dense.shape[0], 2))
        np.testing.assert_array_equal(W @ X, dense @ X)
        np.testing.assert_array_equal(W.T @ DY, dense.T @ DY)
        np.testing.assert_array_equal(W.grad(DY, X), (DY @ X.T)[dense != 0])


def test_no_two_slices_of_coo_write_the_same_row(monkeypatch):
    # the sums of a row that two threads add to would race, and only rarely be seen to
    all_cuts = []
    monkeypatch.setattr(
        "minidst.formats.coo.run_slices", lambda kernel, part, cuts, *piece: all_cuts.append([int(e) for e in cuts])
    )
    W = lopsided(COO, np.float64)
    minidst.threads(5)
    W @ np.ones((53, 2))
    [cuts] = all_cuts
    assert (cuts[0], cuts[-1], len(cuts)) == (0, W.nnz, 21)
    written = [set(W.rows[e0:e1].tolist()) for e0, e1 in pairwise(cuts)]
    assert sum(map(len, written)) == len(set().union(*written))


@pytest.mark.parametrize("workers", [1, 2])
def test_several_python_threads_may_multiply_at_once(format, workers):
    # also the first `W.T @`, which builds the CSC view that all of them then share
    expected = all_products(lopsided(format, np.float32), 9)
    minidst.threads(workers)
    W = lopsided(format, np.float32)
    start = Barrier(6, timeout=60)

    def caller(_):
        start.wait()
        return all(all_products(W, 9) == expected for _ in range(10))

    with ThreadPoolExecutor(6) as callers:
        assert list(callers.map(caller, range(6))) == [True] * 6


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # from Python 3.12 on: threads are why we test it
def test_a_forked_child_multiplies_after_the_parent_used_its_threads(format):
    W = lopsided(format, np.float32)
    minidst.threads(2)
    expected = all_products(W, 9)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(all_products(W, 9)))
    child.start()
    try:
        assert receiver.poll(60), "the child hangs: it waits for threads it did not inherit"
        assert receiver.recv() == expected
        child.join(60)
        assert child.exitcode == 0
    finally:
        if child.is_alive():
            child.kill()
            child.join()


def test_dense_products_in_between_change_nothing_and_stall_nothing():
    """Two pools that spin for each other would take a hundred times as long; BLAS and ours sleep when idle."""
    W, A = lopsided(CSR, np.float32), np.ones((300, 300), np.float32)
    minidst.threads(2)
    expected = all_products(W, 33)

    def seconds(*work):
        def once():
            start = perf_counter()
            for each in work:
                each()
            return perf_counter() - start

        return min(once() for _ in range(200))  # a stall would hit every one, a busy machine most

    def sparse():
        assert all_products(W, 33) == expected

    def dense():
        np.testing.assert_array_equal(A @ A, 300)

    assert seconds(sparse, dense) < 20 * (seconds(sparse) + seconds(dense))
