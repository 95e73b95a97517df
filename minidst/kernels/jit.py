"""`jit`, the one way a kernel is compiled."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from .simd import intrinsics as intrinsics  # so that Numba knows what to compile tiles.py to

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_uncached: list[str] = []


def jit(kernel: F, *, as_written: bool = False) -> F:
    """Compile at the first call and keep the result on disk; release the GIL, so that row slices run side by side.

    The order of a sum is fixed by the code LLVM makes of it, not by the caller: `reassoc` and `contract` let a loop
    over the batch use vector registers and fused multiply-adds, unless sums are to be taken `as_written`. The rest of
    `fastmath` stays off: it would let LLVM assume away NaN and infinity, which the trainer must see. Division by zero
    gives inf, as in NumPy.
    """
    options = _OPTIONS | {"fastmath": False if as_written else {"reassoc", "contract"}}
    try:
        compiled = numba.njit(cache=True, **options)(kernel)
    except RuntimeError:  # neither this folder nor the user's cache can be written
        if not _uncached:
            print("minidst: kernels cannot be kept on disk and are compiled anew each time; "
                  "set NUMBA_CACHE_DIR to a folder that can be written", file=sys.stderr)  # fmt: skip
        _uncached.append(kernel.__name__)
        compiled = numba.njit(**options)(kernel)
    return cast(F, compiled)
