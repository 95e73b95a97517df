"""The training loop, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter
from typing import Any

import numpy as np

from ..data import Dataset
from ..dst import Exchange, Method, update_topology
from ..kernels.arrays import Float, Offset
from ..kernels.dense import as_columns
from ..kernels.threads import one_blas_thread
from ..nn import Network, Weighted
from .config import Config, check_loss, check_schedule, check_start, check_weights, resolve

NO_SAMPLES: Offset = np.empty(0, np.int64)


@dataclass(frozen=True)
class Step:
    """One step of training.

    t, epoch: from 0; loss: of the batch, before the step; pruned, grown: connections; considered: candidates whose
    score was looked at, |S|; seconds: of this step.
    """

    t: int
    epoch: int
    loss: float
    lr: float
    pruned: int
    grown: int
    considered: int
    seconds: float


@dataclass
class Progress:
    """Where a training stands: with its network and its settings, all that it takes to go on.

    t: steps taken; order: of the samples in the present epoch. And what the epoch's steps so far add up to: their
    losses, connections exchanged, candidates considered, seconds, and the most bytes held (`Network.state_bytes`).
    """

    t: int = 0
    order: Offset = field(default_factory=NO_SAMPLES.copy)
    losses: list[float] = field(default_factory=list)
    exchanged: int = 0
    considered: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0

    def add(self, step: Step, held: int) -> None:
        """One more step, after which so many bytes are held."""
        self.losses.append(step.loss)
        self.exchanged += step.grown
        self.considered += step.considered
        self.seconds += step.seconds
        self.peak_bytes = max(self.peak_bytes, held)


def train(net: Network, data: Dataset, method: str | Method, config: Config | None = None) -> Iterator[Step]:
    """Train `net` in place on data's training set, one batch at a time; yields after every step.

    Raises ValueError at once where network, data and method do not fit, and FloatingPointError when the loss stops
    being finite, naming the step, the layer and what to try. A record with `rounds` needs `fit`, and a training that
    is to be saved on its way a `Run`.
    """
    record, config = resolve(net, data, method, config)
    check_start(net, data, record)
    if record.rounds:
        raise ValueError(f"method {record.name!r} takes several trainings, one after the other; call fit, not train")
    check_schedule(record, config, len(data.x_train))
    return steps(net, data, record, config, Progress())


def steps(net: Network, data: Dataset, method: Method, config: Config, at: Progress) -> Iterator[Step]:
    """The steps that a training has left, while `at` moves on with them."""
    per_epoch = ceil(len(data.x_train) / config.batch)
    T, clock = config.epochs * per_epoch, perf_counter()
    if at.t == 0 and method.begin:
        _begin(net, data, method, config)
    for t in range(at.t, T):
        epoch, batch = t // per_epoch, _next_batch(net, data, config, at)
        lr = float(config.lr * config.rate(t, T))
        fraction = method.schedule.fraction(t, T, per_epoch) if method.dynamic else 0.0
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):  # check_loss reports overflow
            if fraction > 0 and method.update_step:
                loss, done = method.update_step(net, method, batch, fraction, net.rng)
                check_loss(net, None, loss, t, epoch, lr)
            else:
                Z = net.forward(batch.X, training=True)
                loss, DZ = net.loss(Z, batch.y)
                check_loss(net, Z, loss, t, epoch, lr)
                net.backward(DZ)
                done = Exchange()
                if fraction == 0 or not method.skip_optimizer_step:
                    config.optimizer.step(list(net.parameters()), lr)
                    if method.after_step:
                        check_weights(net, t, epoch, lr)
                        done = method.after_step(net, lr, net.rng)
                if fraction > 0:
                    check_weights(net, t, epoch, lr)
                    done = done.plus(update_topology(net, method, fraction, net.rng))
        at.t += 1
        yield Step(t, epoch, loss, lr, *done, perf_counter() - clock)
        clock = perf_counter()


@dataclass(frozen=True)
class Batch:
    """Some samples of a training set. X and y are gathered on each access."""

    data: Dataset
    samples: Offset
    dtype: Any

    @property
    def size(self) -> int:
        """Number of samples B."""
        return self.samples.size

    @property
    def X(self) -> Float:
        """(n_in, B), one column per sample."""
        return as_columns(self.data.x_train, self.samples, self.dtype)

    @property
    def y(self) -> Any:
        """The targets as a loss takes them, weighted if the data have weights."""
        y = self.data.y_train[self.samples]
        return y if self.data.weights is None else Weighted(y, self.data.weights[self.samples])

    def split(self, parts: int) -> list[Batch]:
        """The same samples in that many batches of equal size, give or take one."""
        return [Batch(self.data, samples, self.dtype) for samples in np.array_split(self.samples, parts)]


def _next_batch(net: Network, data: Dataset, config: Config, at: Progress) -> Batch:
    """The batch of step `at.t`; every epoch has a new order of the samples, and its last batch may be smaller."""
    start = at.t * config.batch % (ceil(len(data.x_train) / config.batch) * config.batch)
    if start == 0:
        at.order = net.rng.permutation(len(data.x_train))
    return Batch(data, at.order[start : start + config.batch], net.dtype)


def _begin(net: Network, data: Dataset, method: Method, config: Config) -> None:
    """Let the method prepare the network before the first step, with as many passes over the data as it asks for."""

    def one_pass() -> Iterator[tuple[Float, Any]]:
        """(X, y) of every batch of the training set, in the order of the file."""
        n = len(data.x_train)
        for start in range(0, n, config.batch):
            batch = Batch(data, np.arange(start, min(start + config.batch, n)), net.dtype)
            yield batch.X, batch.y

    assert method.begin is not None, "checked by steps"
    with one_blas_thread():
        method.begin(net, one_pass, net.rng)
