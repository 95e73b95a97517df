"""Autosave: a run is written to its file while it trains, and when a signal tells it to stop."""

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
    """Stopped by Ctrl-C or SIGTERM after saving. code: the exit code, 128 + the signal's number."""

    def __init__(self, run: Run, path: Path, number: int) -> None:
        word = "interrupted" if number == signal.SIGINT else "terminated"
        super().__init__(f"{word} after step {run.progress.t}, saved in {str(path)!r}; --resume goes on from there")
        self.code = 128 + number


@contextmanager
def autosave(run: Run, path: Path, every: int) -> Iterator[Callable[[], None]]:
    """A function to call after each step, which saves `run` every so many steps and when a signal has come.

    Ctrl-C and SIGTERM wait for the step to be whole, then raise Stopped; a second Ctrl-C waits for nothing and saves
    nothing. At the end of the block the run is saved as it is.
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

    asked = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = [(number, signal.signal(number, on_signal)) for number in asked]
    try:
        yield save_if_due
        save(run, path)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
