import threading
from itertools import pairwise

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from strategies import WITHOUT_JIT
from threadpoolctl import threadpool_info

import minidst
from minidst.kernels import condensed, coo, csc, csr, threads


@pytest.fixture(autouse=True)
def one_thread_afterwards():
    yield
    minidst.threads(1)


def part(r0, r1):
    return r0, r1


def test_threads_sets_and_returns_the_count():
    assert [minidst.threads(), minidst.threads(3), minidst.threads()] == [1, 3, 3]


@pytest.mark.parametrize("n", [0, -1, 1025, True, 1.0, "2"])
def test_a_count_outside_1_to_1024_is_refused_and_changes_nothing(n):
    with refused(repr(n), "1 to 1024"):
        minidst.threads(n)
    assert minidst.threads() == 1


def test_products_are_cut_only_if_they_are_large_and_there_are_several_threads():
    assert threads.slices(10**9) == 1
    minidst.threads(3)
    assert threads.slices(threads.WORTH_CUTTING - 1) == 1
    assert threads.slices(threads.WORTH_CUTTING) == 3
    assert threads.slices(10**9) == 3 * threads.SLICES_PER_THREAD


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=30), pieces=st.integers(1, 25))
def test_cuts_cover_all_rows_in_order_and_no_piece_is_more_than_a_row_too_large(counts, pieces):
    indptr = np.cumsum([0, *counts])
    minidst.threads(2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threads, "slices", lambda multiply_adds: pieces)
        cuts = np.array(threads.even_cuts(indptr, 10**9))
    assert cuts.size == pieces + 1
    assert (cuts[0], cuts[-1]) == (0, len(counts))
    assert (np.diff(cuts) >= 0).all()
    assert np.diff(indptr[cuts]).max() <= indptr[-1] / pieces + max(counts)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("cuts", [(0, 7), (0, 3, 3, 5, 7), (0, 0, 0)])
def test_every_slice_runs_once(workers, cuts):
    minidst.threads(workers)
    seen = []
    threads.run_slices(lambda *rows: seen.append(rows), part, cuts)
    assert sorted(seen) == sorted(pairwise(cuts))


def test_slices_run_side_by_side():
    # two slices that wait for each other would never end on one thread
    minidst.threads(2)
    meeting = threading.Barrier(2, timeout=60)
    threads.run_slices(lambda *_: meeting.wait(), part, (0, 1, 2))


@pytest.mark.skipif(WITHOUT_JIT, reason="nothing is compiled")
@pytest.mark.parametrize(
    "product",
    [csr.spmm, csr.spmm_pairs, csr.spmv, csr.sddmm, csr.backward_one, csr.backward_few, csc.backward, condensed.spmm,
     condensed.spmv, condensed.sddmm, coo.spmm, coo.spmv, coo.spmv_t, coo.spmm_t, coo.sddmm],
)  # fmt: skip
def test_compiled_products_release_the_gil(product):
    # else the threads would run their slices one after the other: right, and of no use
    assert product.targetoptions["nogil"]


def test_an_exception_in_a_thread_is_raised_in_the_caller():
    helping = threading.Event()

    def product(r0, r1):
        if threading.current_thread() is threading.main_thread():
            assert helping.wait(30)
        else:
            helping.set()
            raise ZeroDivisionError("in a helper")

    minidst.threads(2)
    with pytest.raises(ZeroDivisionError, match="in a helper"):
        threads.run_slices(product, part, (0, 1, 2))


def test_an_exception_in_the_caller_is_raised_once_the_helpers_are_done():
    helping, over, done = threading.Event(), threading.Event(), []

    def product(r0, r1):
        if threading.current_thread() is threading.main_thread():
            assert helping.wait(30)
            threading.Timer(0.05, over.set).start()
            raise ZeroDivisionError("in the caller")
        helping.set()
        assert over.wait(30)
        done.append(r0)

    minidst.threads(2)
    with pytest.raises(ZeroDivisionError, match="in the caller"):
        threads.run_slices(product, part, (0, 1, 2))
    assert len(done) == 1


def test_numpy_multiplies_on_one_thread_inside_the_block_and_as_before_after_it():
    def blas():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas()
    assert before  # NumPy's wheels bring an OpenBLAS
    with threads.one_blas_thread():
        assert blas() == [1] * len(before)
    assert blas() == before
