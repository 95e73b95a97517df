"""The one way a kernel is compiled."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from . import registers as registers  # what `jit` is to put for the functions of lanes.py

F = TypeVar("F", bound=Callable[..., Any])


def jit(kernel: F) -> F:
    """Compile at the first call and keep the result on disk; release the GIL, so that row slices run side by side.

    The order of a sum is fixed by the code LLVM makes of it, not by the caller: `reassoc` and `contract` let a loop
    over the batch use vector registers and fused multiply-adds. The rest of `fastmath` stays off, for it would let
    LLVM assume away NaN and infinity, which the trainer must see. Division by zero gives inf, as in NumPy.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(kernel)
    return cast(F, compiled)
