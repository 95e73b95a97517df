"""A run: a training that evaluates after every epoch and can be saved after any step; `fit` is a loop over it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from math import ceil, isfinite
from typing import Any, Self

import numpy as np

from .._support.progress_bar import progress_bar
from .._support.validation import check_type
from ..data import Dataset, identity
from ..dst import Method
from ..kernels.arrays import Offset
from ..nn import Network
from .config import REMEDY, Config, check_data, check_schedule, check_start, check_weights, resolve
from .history import Epoch, History
from .loop import NO_SAMPLES, Batch, Progress, Step, steps
from .rewinding import make_ready, planned_connections


def fit(
    net: Network, data: Dataset, method: str | Method, config: Config | None = None, *, progress: bool | None = None
) -> History:
    """Train to the end and evaluate after every epoch. progress: show a bar; if not given, only on a terminal.

    A record with `rounds` is trained to the end in each; the History is the last one's, with the others as `earlier`.
    Raises what `train` raises. To save a training on its way, use a `Run`.
    """
    run = Run(net, data, method, config)
    with epoch_bar(run, progress) as show:
        for _ in run:
            show()
    return run.history


@contextmanager
def epoch_bar(run: Run, progress: bool | None) -> Iterator[Callable[[], None]]:
    """A progress bar of a run's epochs: a function to call after each step. progress: as in `fit`."""
    shown = (sys.stderr is not None and sys.stderr.isatty()) if progress is None else progress
    if not shown:
        yield lambda: None
        return
    done = sum(len(history.epochs) for history in [*run.history.earlier, run.history])
    with progress_bar(
        run.config.epochs * len(run.plan), "epoch", hidden=False, about=run.method.name, done=done
    ) as bar:

        def show() -> None:
            if not run.progress.losses:  # an epoch has just ended
                last = run.history.epochs[-1]
                bar.set_postfix(loss=f"{last.loss:.3f}", test=f"{last.score:.3f}", refresh=False)
                bar.update()

        yield show


class Run:
    """One network on its way through training: `for step in run` takes the steps that are left.

    It does what `fit` does, a step at a time, and `history` is what that returns. After any step `save(run, path)`
    writes all of it, and what `load_run(path)` gives goes on with the same bits.
    notes: plain values kept with it, for the caller's own use.
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
    ) -> None:
        record, config = resolve(net, data, method, config)
        if notes is not None:
            check_type("notes", notes, dict, "a dict of plain values")
        check_start(net, data, record)
        n = len(data.x_train)
        apart = held_out_samples(n, config.validation) if config.validation else 0
        check_schedule(record, config, n - apart)
        drawn = net.rng.permutation(n) if apart else NO_SAMPLES
        plan = planned_connections(net.connections, net.budget, record.rounds) if record.rounds else [net.connections]
        history = History(record.name, data.name, measure="accuracy" if data.classes else "loss")
        self._begin(net, data, record, config, dict(notes or {}), drawn, tuple(plan), history, Progress())

    @classmethod
    def resume(cls, net: Network, data: Dataset, *place: Any) -> Self:
        """The run that stood at a place: its method, config, notes, drawn, plan, history and progress, in this order.

        drawn: a random order of the samples, of which the first are held out, empty if none are; plan: connections of
        each of its trainings, of which there are several if the method has `rounds`; history: of the present training.
        Raises ValueError if data and network do not fit.
        """
        check_data(net, data)  # but not check_start: a network that started dense may be sparse by now
        run = cls.__new__(cls)
        run._begin(net, data, *place)
        return run

    def _begin(
        self,
        net: Network,
        data: Dataset,
        method: Method,
        config: Config,
        notes: dict[str, Any],
        drawn: Offset,
        plan: tuple[int, ...],
        history: History,
        progress: Progress,
    ) -> None:
        self.net, self.data, self.method, self.config, self.notes = net, data, method, config, notes
        self.drawn, self.plan, self.history, self.progress = drawn, plan, history, progress
        self._training, self._held_out = data, None
        if config.validation:
            apart = held_out_samples(len(data.x_train), config.validation)
            held_out = Batch(data, drawn[:apart], net.dtype)
            self._training, self._held_out = data.only(drawn[apart:]), (data.x_train[held_out.samples], held_out.y)
        self.per_epoch = ceil(len(self._training.x_train) / config.batch)
        self._between_steps = True

    @property
    def finished(self) -> bool:
        """Whether no step is left."""
        return len(self.history.earlier) + 1 == len(self.plan) and self._trained()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Fingerprint of the data; cached, because it hashes every array."""
        return identity(self.data)

    def __iter__(self) -> Iterator[Step]:
        """Take a step and yield it, until none is left. Raises ValueError if the last one was interrupted."""
        self.check_between_steps()
        while not self.finished:
            self._between_steps = False
            if self._trained():
                done, self.progress = self.history, Progress()
                self.history = History(done.method, done.data, measure=done.measure, earlier=[*done.earlier, done])
                done.earlier = []
            if self.progress.t == 0:
                if self.method.rounds:
                    make_ready(self.net, self.plan, len(self.history.earlier))
                self.progress.peak_bytes = self.net.state_bytes()
            for step in steps(self.net, self._training, self.method, self.config, self.progress):
                self.progress.add(step, self.net.state_bytes())
                if self.progress.t % self.per_epoch == 0:
                    test = self.net.evaluate(self.data.x_test, self.data.y_test)
                    self._end_epoch(step, *test)
                self._between_steps = True
                yield step
                if self._trained():
                    break
                self._between_steps = False

    def check_between_steps(self) -> None:
        """Raise ValueError if an exception, such as Ctrl-C, came in the middle of a step."""
        if not self._between_steps:
            raise ValueError(
                f"the run was interrupted in the middle of step {self.progress.t}, which cannot be taken back; "
                "go on from the file that was saved last, or start anew"
            )

    def _trained(self) -> bool:
        """Whether the present training, of maybe several, has come to its end."""
        return self.history.stopped is not None or self.progress.t >= self.config.epochs * self.per_epoch

    def _end_epoch(self, step: Step, loss: float, score: float) -> None:
        """Make a row of the history of the epoch's sums and its test loss and score, and begin new sums."""
        if not isfinite(loss):
            check_weights(self.net, step.t, step.epoch, step.lr)
            remedy = REMEDY.format(lr=step.lr)
            raise FloatingPointError(f"test loss is {loss} after epoch {step.epoch + 1}; {remedy}")
        at = self.progress
        row = Epoch(
            epoch=step.epoch + 1,
            loss=float(np.mean(at.losses)),
            score=score,
            validation_loss=self.net.evaluate(*self._held_out)[0] if self._held_out else None,
            lr=step.lr,
            exchanged=at.exchanged,
            connections=self.net.connections,
            densities=tuple(self.net.densities),
            bytes=at.peak_bytes,
            seconds=at.seconds,
            considered=at.considered,
        )
        self.history.epochs.append(row)
        at.losses, at.exchanged, at.considered, at.seconds = [], 0, 0, 0.0
        at.peak_bytes = self.net.state_bytes()
        patience = self.config.patience
        if patience is not None and _epochs_without_gain(self.history) >= patience:
            self.history.stopped = f"validation loss has not fallen for {patience} epochs"


def held_out_samples(n: int, fraction: float) -> int:
    """How many of n training samples are held out. Raises ValueError if that leaves one side empty."""
    apart = round(fraction * n)
    if fraction > 0 and not 0 < apart < n:
        raise ValueError(f"validation {fraction} of {n} training samples leaves one side empty; choose another share")
    return apart


def _epochs_without_gain(history: History) -> int:
    losses = [row.validation_loss for row in history.epochs if row.validation_loss is not None]
    return len(losses) - 1 - int(np.argmin(losses))
