"""The keeping of a run in a file, while it trains and when it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..checkpoint import save
from ..run import Run


class Stopped(KeyboardInterrupt):
    """Told to stop by Ctrl-C or SIGTERM, and saved before it did. code: the exit code, 128 + the signal's number."""

    def __init__(self, run: Run, path: Path, number: int) -> None:
        word = "interrupted" if number == signal.SIGINT else "terminated"
        super().__init__(f"{word} after step {run.progress.at.t}, saved in {str(path)!r}; --resume goes on from there")
        self.code = 128 + number


@contextmanager
def kept(run: Run, path: Path, every: int) -> Iterator[Callable[[Run], None]]:
    """Hand out what is to be called after every step: it saves `run` at every so many, and when told to stop.

    Ctrl-C and SIGTERM wait for the step to be whole, then raise Stopped; a second Ctrl-C waits for nothing and saves
    nothing. At the end of the block the run is saved as it is.
    """
    told: list[int] = []

    def tell(number: int, frame: FrameType | None) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    def after(run: Run) -> None:
        if told or run.progress.at.t % every == 0:
            save(run, path)
        if told:
            raise Stopped(run, path, told[0])

    asked = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = [(number, signal.signal(number, tell)) for number in asked]
    try:
        yield after
        save(run, path)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
