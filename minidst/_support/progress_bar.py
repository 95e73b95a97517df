"""A progress bar that says when it is waiting for the compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from numba.core import event
from tqdm import tqdm


@contextmanager
def progress_bar(total: int, unit: str, *, hidden: bool, about: str = "", done: int = 0) -> Iterator[tqdm[Any]]:
    """A tqdm bar on stderr, removed when it ends; while a kernel compiles, it says so in place of `about`."""
    with tqdm(total=total, unit=unit, disable=hidden, leave=False, desc=about or None, initial=done) as bar:

        def describe(kernel: str) -> None:
            bar.set_description_str(f"compiling {kernel}, once on this machine: " if kernel else about and f"{about}: ")
            bar.refresh()

        with nullcontext() if hidden else compiling(describe):
            yield bar


@contextmanager
def compiling(listener: Callable[[str], None]) -> Iterator[None]:
    """Call `listener(name)` when Numba begins to compile a kernel, which takes a second the first time on a machine,
    and `listener("")` when it is done. Kernels found in the cache on disk are not reported.
    """
    depth = 0  # a kernel's helpers are compiled while it is

    class Listener(event.Listener):
        def on_start(self, started: Any) -> None:
            nonlocal depth
            if depth == 0:
                listener(started.data["dispatcher"].py_func.__name__.strip("_"))
            depth += 1

        def on_end(self, ended: Any) -> None:
            nonlocal depth
            depth -= 1
            if depth == 0:
                listener("")

    with event.install_listener("numba:compile", Listener()):
        yield
