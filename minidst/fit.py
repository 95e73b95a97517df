"""Training to the end: a loop around a run."""

from __future__ import annotations

import sys
from collections.abc import Callable

from .bar import progress_bar
from .config import Config
from .data import Dataset
from .dst import Method
from .history import History
from .nn import Network
from .run import Run


def fit(
    net: Network,
    data: Dataset,
    method: str | Method,
    config: Config | None = None,
    *,
    progress: bool | None = None,
) -> History:
    """Train to the end and evaluate after every epoch. progress: a bar; if not given, only on a terminal.

    A record with `rounds` is trained to the end in each; the History is the last one's, with the others as `earlier`.
    Raises what `train` raises. What is to be saved on its way is a `Run`.
    """
    return finish(Run(net, data, method, config), progress=progress)


def finish(run: Run, *, progress: bool | None = None, after: Callable[[Run], None] | None = None) -> History:
    """Take the steps that a run has left, calling `after(run)` after each of them."""
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    hidden = not (on_terminal if progress is None else progress)
    total = run.config.epochs * len(run.progress.plan)
    done = sum(len(history.epochs) for history in [*run.history.earlier, run.history])
    with progress_bar(total, "epoch", hidden=hidden, about=run.method.name, done=done) as bar:
        for _ in run:
            if not run.progress.sums.losses:  # an epoch has just ended
                last = run.history.epochs[-1]
                bar.set_postfix(loss=f"{last.loss:.3f}", test=f"{last.score:.3f}", refresh=False)
                bar.update()
            if after:
                after(run)
    return run.history
