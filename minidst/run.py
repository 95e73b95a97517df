"""The run: a training to the end that evaluates after every epoch, and that can be saved after any of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from math import ceil, isfinite
from typing import Any

import numpy as np

from .agreement import check_data, check_fit, check_schedule, checked
from .config import Config
from .data import Dataset, identity
from .dst import Method
from .dst.rounds import make_ready, plan
from .evaluate import evaluate
from .given import instance
from .history import History
from .nn import Network
from .overflow import REMEDY, stop_unless_finite
from .progress import Progress, Sums, held
from .train import Step, steps, targets


class Run:
    """One network on its way through training: `for step in run` takes the steps that are left.

    It does what `fit` does, a step at a time, and `history` is what that returns. After any step `save(run, path)`
    writes all of it, and what `load_run(path)` gives goes on with the same bits.
    notes: plain values of whoever started it, kept with it; progress: where to go on, if not at the beginning.
    Raises ValueError where network, data and method do not fit, and on its way what `train` raises.
    """

    def __init__(
        self,
        net: Network,
        data: Dataset,
        method: str | Method,
        config: Config | None = None,
        *,
        notes: dict[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.method, self.config = checked(net, data, method, config)
        if notes is not None:
            instance("notes", notes, dict, "a dict of plain values")
        self.net, self.data, self.notes = net, data, dict(notes or {})
        if progress is None:
            check_fit(net, data, replace(self.method, rounds=()))
        else:
            check_data(net, data)  # what started dense may be sparse by now
        n = data.x_train.shape[0]
        apart = held_out_samples(n, self.config.validation)
        if progress is None:
            check_schedule(self.method, self.config, n - apart)
            drawn = net.rng.permutation(n) if apart else np.empty(0, np.int64)
            history = History(self.method.name, data.name, measure="accuracy" if data.classes else "loss")
            progress = Progress(plan(net, self.method.rounds), drawn, history)
        self.progress = progress
        out, rest = progress.drawn[:apart], progress.drawn[apart:]
        self._held_out = (data.x_train[out], targets(data, out)) if apart else None
        self._training = data.only(rest) if apart else data
        self.per_epoch = ceil((n - apart) / self.config.batch)
        self._between_steps = True

    @property
    def history(self) -> History:
        """The epochs so far, with those of earlier trainings as `earlier`."""
        return self.progress.history

    @property
    def finished(self) -> bool:
        """Whether no step is left."""
        return self.progress.last and self._trained()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Of its data, see `data.identity`; found once, for that reads all of them."""
        return identity(self.data)

    def __iter__(self) -> Iterator[Step]:
        """Take a step and yield it, until none is left. Raises ValueError if the last one was cut short."""
        self.check_whole()
        while not self.finished:
            self._between_steps = False
            if self._trained():
                self.progress.next_training()
            if self.progress.at.t == 0:
                if self.method.rounds:
                    make_ready(self.net, self.progress.plan, len(self.history.earlier))
                self.progress.sums = Sums(most=held(self.net))
            for step in steps(self.net, self._training, self.method, self.config, self.progress.at):
                self._note(step)
                self._between_steps = True
                yield step
                if self._trained():
                    break
                self._between_steps = False

    def check_whole(self) -> None:
        """Raises ValueError if an exception, such as Ctrl-C, came in the middle of a step."""
        if not self._between_steps:
            raise ValueError(
                f"the run was interrupted in the middle of step {self.progress.at.t}, which cannot be taken back; "
                "go on from the file that was saved last, or start anew"
            )

    def _trained(self) -> bool:
        """Whether the present training, of maybe several, has come to its end."""
        return self.history.stopped is not None or self.progress.at.t >= self.config.epochs * self.per_epoch

    def _note(self, step: Step) -> None:
        """Add a step to the sums of its epoch; after the last one, evaluate and make a row of them."""
        self.progress.sums.add(step, self.net)
        if self.progress.at.t % self.per_epoch:
            return
        loss, score = evaluate(self.net, self.data.x_test, self.data.y_test)
        if not isfinite(loss):
            stop_unless_finite(self.net, step.t, step.epoch, step.lr)
            remedy = REMEDY.format(lr=step.lr)
            raise FloatingPointError(f"test loss is {loss} after epoch {step.epoch + 1}; {remedy}")
        validation_loss = evaluate(self.net, *self._held_out)[0] if self._held_out else None
        self.history.epochs.append(self.progress.sums.row(step, self.net, score, validation_loss))
        self.progress.sums = Sums(most=held(self.net))
        patience = self.config.patience
        if patience is not None and _stalled(self.history, patience):
            self.history.stopped = f"validation loss has not fallen for {patience} epochs"


def held_out_samples(n: int, fraction: float) -> int:
    """How many of n training samples are held out. Raises ValueError if that leaves one side empty."""
    apart = round(fraction * n)
    if fraction > 0 and not 0 < apart < n:
        raise ValueError(f"validation {fraction} of {n} training samples leaves one side empty; choose another share")
    return apart


def _stalled(history: History, patience: int) -> bool:
    losses = [row.validation_loss for row in history.epochs if row.validation_loss is not None]
    return len(losses) - 1 - int(np.argmin(losses)) >= patience
