"""Autosave: write a run to its file every so many steps, and when Ctrl-C or SIGTERM stops it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..training.checkpoint import save
from ..training.run import Run


class Stopped(KeyboardInterrupt):
    """A run was stopped by Ctrl-C or SIGTERM and saved. code: the exit code, 128 + the signal's number."""

    def __init__(self, run: Run, path: Path, number: int) -> None:
        word = "interrupted" if number == signal.SIGINT else "terminated"
        super().__init__(f"{word} after step {run.progress.t}, saved in {str(path)!r}; --resume goes on from there")
        self.code = 128 + number


@contextmanager
def autosave(run: Run, path: Path, every: int) -> Iterator[Callable[[], None]]:
    """A function to call after each step: it saves `run` every `every` steps, and once a signal has been received.

    Ctrl-C and SIGTERM raise Stopped after the step has ended; a second one stops at once, without saving. The run is
    saved at the end of the block.
    """
    signals: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)

    def save_if_due() -> None:
        if signals or run.progress.t % every == 0:
            save(run, path)
        if signals:
            raise Stopped(run, path, signals[0])

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = [(number, signal.signal(number, on_signal)) for number in numbers]
    try:
        yield save_if_due
        save(run, path)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
