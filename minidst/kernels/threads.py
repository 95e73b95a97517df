"""How many threads run the kernels, and how one product is cut into slices of rows for them.

Plain Python threads: the kernels release the GIL, every slice of rows writes rows of its own, and no thread spins
while it waits. One thread is the default because a second one, on a busy machine, can cost more than it gains.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from .._support.validation import check_integer
from .arrays import Offset

WORTH_CUTTING = 1 << 20  # multiply-adds (some 50 µs) below which waking a thread costs more than it saves
SLICES_PER_THREAD = 4  # a thread that falls behind leaves its later slices to the others
WORTH_A_SLICE = 1 << 24  # multiply-adds below which a slice more costs more than that can save

Cuts = Sequence[int] | Offset
"""Rows 0 = r₀ ≤ r₁ ≤ … ≤ n at which a product is cut."""

_count = 1


def threads(n: int | None = None) -> int:
    """Set how many threads the kernels use, and return it; without an argument, only return it.

    Results are bitwise the same for every n. Raises ValueError unless 1 ≤ n ≤ 1024.
    """
    global _count
    if n is not None:
        check_integer("threads", n, 1, 1024, f"this machine has {os.cpu_count()} cores")
        _count = int(n)
    return _count


def slices(multiply_adds: int) -> int:
    """Into how many slices of rows a product of this size should be cut: 1 where a second thread is not worth it."""
    if _count == 1 or multiply_adds < WORTH_CUTTING:
        return 1
    return _count * min(SLICES_PER_THREAD, max(1, round(multiply_adds / (_count * WORTH_A_SLICE))))


def run_slices(
    kernel: Callable[..., None], part: Callable[[int, int], tuple[Any, ...]], cuts: Cuts, *rest: Any
) -> None:
    """Run `kernel(*part(r0, r1), *rest)` for any two consecutive rows r0 ≤ r1 of `cuts`, on as many threads as are set.

    The caller works too. To wake a thread takes 0.1 ms, so the caller does not wait for one to begin, only for the
    slices that it has begun to end.
    """
    if len(cuts) == 2:
        kernel(*part(int(cuts[0]), int(cuts[1])), *rest)
        return
    left = iter([(int(r0), int(r1)) for r0, r1 in pairwise(cuts)])

    def work() -> None:
        for r0, r1 in left:
            kernel(*part(r0, r1), *rest)

    helpers = [_pool(_count).submit(work) for _ in range(min(_count, len(cuts) - 1) - 1)]
    try:
        work()
    finally:  # whatever went wrong here, no thread may still write to the arrays once this returns
        for helper in helpers:
            if not helper.cancel():  # it may not even have begun
                helper.result()


def even_cuts(indptr: Offset, multiply_adds: int) -> Cuts:
    """Rows at which to cut a product of this size, so that the slices hold about the same number of connections."""
    pieces = slices(multiply_adds) if _count > 1 else 1
    if pieces == 1:
        return 0, indptr.size - 1
    shares = np.linspace(0, indptr[-1], pieces + 1)[1:-1]
    return np.concatenate(([0], np.searchsorted(indptr, shares), [indptr.size - 1])).astype(np.int64)


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="minidst")


# A forked child inherits the pool's bookkeeping but none of its threads; it must start its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's dense products on one thread: their sums could otherwise depend on the number of cores."""
    with _controller().limit(limits=1, user_api="blas"):
        yield
