"""`jit`, the one way a kernel is compiled, and the cache on disk that never holds code of another tree.

Numba asks of a cached kernel only whether the kernel's own file has changed. What a kernel calls is compiled into it,
so machine code of an earlier tiles.py would run on after an edit. Ours is kept in a folder named after all that it is
made of: every file of this folder, and the version of Numba.
"""

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import CacheImpl, CompileResultCacheImpl, FunctionCache

from .simd import intrinsics as intrinsics  # so that Numba knows what to compile tiles.py to

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_uncached: list[str] = []


def _fingerprint(folder: Path) -> str:
    """A short hash of all source files below a folder, and of Numba's version."""
    source = sha256(numba.__version__.encode())
    for file in sorted(folder.rglob("*.py")):
        source.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return source.hexdigest()[:16]


_FOLDER = f"minidst-{_fingerprint(Path(__file__).parent)}"


def _with_our_folder(locator: Any) -> Any:
    """One of Numba's ways to find a place for its cache, and in that place our folder."""

    class Locator(locator):  # type: ignore[misc]
        def get_cache_path(self) -> str:
            return str(Path(super().get_cache_path()) / _FOLDER)

    return Locator


class _CacheFiles(CompileResultCacheImpl):
    _locator_classes: Any = tuple(map(_with_our_folder, CacheImpl._locator_classes))


class _Cache(FunctionCache):
    _impl_class = _CacheFiles


def jit(kernel: F, *, as_written: bool = False) -> F:
    """Compile at the first call and keep the result on disk; release the GIL, so that row slices run side by side.

    The order of a sum is fixed by the code LLVM makes of it, not by the caller: `reassoc` and `contract` let a loop
    over the batch use vector registers and fused multiply-adds, unless sums are to be taken `as_written`. The rest of
    `fastmath` stays off: it would let LLVM assume away NaN and infinity, which the trainer must see. Division by zero
    gives inf, as in NumPy.
    """
    options = _OPTIONS | {"fastmath": False if as_written else {"reassoc", "contract"}}
    compiled = numba.njit(**options)(kernel)
    if compiled is kernel:  # the JIT is off
        return kernel
    try:
        compiled._cache = cast(Any, _Cache)(kernel)
    except RuntimeError:  # neither this folder nor the user's cache can be written
        if not _uncached:
            print("minidst: kernels cannot be kept on disk and are compiled anew each time; "
                  "set NUMBA_CACHE_DIR to a folder that can be written", file=sys.stderr)  # fmt: skip
        _uncached.append(kernel.__name__)
    return cast(F, compiled)
