"""A progress bar that says when it is waiting for the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from .kernels.jit import compiling


@contextmanager
def progress_bar(total: int, unit: str, *, hidden: bool, about: str = "", done: int = 0) -> Iterator[tqdm[Any]]:
    """A tqdm bar on stderr that leaves nothing behind; while a kernel is compiled, it says so instead of `about`."""
    with tqdm(total=total, unit=unit, disable=hidden, leave=False, desc=about or None, initial=done) as bar:

        def tell(kernel: str) -> None:
            bar.set_description_str(f"compiling {kernel}, once on this machine: " if kernel else about and f"{about}: ")
            bar.refresh()

        if hidden:
            yield bar
        else:
            with compiling(tell):
                yield bar
