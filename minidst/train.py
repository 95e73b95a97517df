"""The trainer: a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil, isfinite
from time import perf_counter
from typing import Any

import numpy as np

from .agreement import check_fit, check_schedule, checked
from .config import Config
from .data import Dataset
from .dst import Exchange, Method, update, update_in_parts
from .kernels.arrays import Float, Offset
from .kernels.batch import as_columns
from .kernels.parallel import one_blas_thread
from .nn import Network, Weighted
from .overflow import blame, stop_unless_finite


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
class Position:
    """Where a training is: t steps are taken; order: of the samples in the epoch that it is in the middle of."""

    t: int = 0
    order: Offset = field(default_factory=lambda: np.empty(0, np.int64))


def train(net: Network, data: Dataset, method: str | Method, config: Config | None = None) -> Iterator[Step]:
    """Train `net` in place on data's training set, one batch at a time; yields after every step.

    Raises ValueError at once where network, data and method do not fit, and FloatingPointError when the loss stops
    being finite, naming the step, the layer and what to try. A record with `rounds` needs `fit`, and a training that
    is to be saved on its way a `Run`.
    """
    record, config = checked(net, data, method, config)
    check_fit(net, data, record)
    check_schedule(record, config, len(data.x_train))
    return steps(net, data, record, config, Position())


def steps(net: Network, data: Dataset, method: Method, config: Config, at: Position) -> Iterator[Step]:
    """The steps that a training has left `at` a position, which moves on with them; each epoch has a new order."""
    n = data.x_train.shape[0]
    per_epoch = ceil(n / config.batch)
    T = config.epochs * per_epoch
    clock = perf_counter()
    if at.t == 0 and method.begin:
        with one_blas_thread():
            method.begin(net, lambda: _one_pass(net, data, config), net.rng)
    while at.t < T:
        t, (epoch, number) = at.t, divmod(at.t, per_epoch)
        if number == 0:
            at.order = net.rng.permutation(n)
        batch = at.order[number * config.batch : (number + 1) * config.batch]  # the last one may be smaller
        lr = float(config.lr * config.rate(t, T))
        fraction = method.schedule.fraction(t, T, per_epoch) if method.dynamic else 0.0
        parts = np.array_split(batch, min(method.micro_batches, batch.size) if fraction > 0 else 1)
        through = partial(_through, net, data, parts, t, epoch, lr)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):  # overflow is reported by its step
            if len(parts) > 1:
                loss, done = update_in_parts(net, method, batch.size, through, fraction, net.rng)
            else:
                loss, done = sum(through()), Exchange()
                if fraction == 0 or not method.skip_optimizer_step:
                    config.optimizer.step(list(net.parameters()), lr)
                    if method.after_step:
                        stop_unless_finite(net, t, epoch, lr)
                        done = method.after_step(net, lr, net.rng)
                if fraction > 0:
                    stop_unless_finite(net, t, epoch, lr)
                    done = done.plus(update(net, method, fraction, net.rng))
        at.t += 1
        yield Step(t, epoch, loss, lr, *done, perf_counter() - clock)
        clock = perf_counter()


def _through(net: Network, data: Dataset, parts: Sequence[Offset], t: int, epoch: int, lr: float) -> Iterator[float]:
    """Forward and backward through one part of a batch after the other, weighted by its share of the samples.

    The numbers yielded add up to the mean loss of the batch, and the gradients each part leaves to the batch's.
    """
    B = sum(part.size for part in parts)
    for part in parts:
        share = part.size / B
        Z = net.forward(as_columns(data.x_train, part, net.dtype), training=True)
        loss, DZ = net.loss(Z, targets(data, part))
        if not isfinite(loss):
            raise FloatingPointError(f"loss is {loss} at step {t} (epoch {epoch + 1}); {blame(net, Z, lr)}")
        net.backward(DZ * net.dtype.type(share))
        yield share * loss


def _one_pass(net: Network, data: Dataset, config: Config) -> Iterator[tuple[Float, Any]]:
    """(X, y) of every batch of the training set, in the order of the file."""
    n = data.x_train.shape[0]
    for start in range(0, n, config.batch):
        batch = np.arange(start, min(start + config.batch, n))
        yield as_columns(data.x_train, batch, net.dtype), targets(data, batch)


def targets(data: Dataset, samples: Offset) -> Any:
    """What a loss is given for these samples of the training set: their y, weighted if the data have weights."""
    y = data.y_train[samples]
    return y if data.weights is None else Weighted(y, data.weights[samples])
