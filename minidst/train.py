"""The trainer: a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil, isfinite
from time import perf_counter
from typing import Any

import numpy as np

from .config import Config
from .data import Dataset
from .dst import METHODS, Exchange, Method, update, update_in_parts
from .dst import method as method_named
from .dst.papers.criteria import COMBINATIONS
from .formats import FORMATS
from .given import instance
from .kernels.arrays import Float, Offset
from .kernels.batch import as_columns
from .kernels.parallel import one_blas_thread
from .mlp import check_format
from .nn import Network, Weighted


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


def checked(net: Network, data: Dataset, method: str | Method, config: Config | None) -> tuple[Method, Config]:
    """The record and the settings that are meant. Raises ValueError for what is none, or no network, or no data set."""
    instance("net", net, Network, "a Network, such as minidst.mlp makes")
    instance("data", data, Dataset, 'a Dataset, such as minidst.load("digits")')
    if config is not None:
        instance("config", config, Config, "a Config, such as minidst.Config(epochs=30)")
    return method_named(method), Config() if config is None else config


def check_schedule(method: Method, config: Config, samples: int) -> None:
    """Raises ValueError where a schedule of the user's own would never come to an update.

    A paper's may be too long for a short trial of its method: that is no mistake.
    """
    paper = (METHODS | COMBINATIONS).get(method.name)
    if (method.prune is None and method.update is None) or (paper and paper.schedule == method.schedule):
        return
    per_epoch = ceil(samples / config.batch)
    T = config.epochs * per_epoch
    if T > 1 and not any(method.schedule.fraction(t, T, per_epoch) > 0 for t in range(T)):  # one step has room for none
        raise ValueError(
            f"method {method.name!r} would never update its connections: {method.schedule} comes at none of {T} steps; "
            "lower the schedule's every, or train for more epochs"
        )


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
            raise FloatingPointError(f"loss is {loss} at step {t} (epoch {epoch + 1}); {_blame(net, Z, lr)}")
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


def check_data(net: Network, data: Dataset) -> None:
    """Raises ValueError where network and data do not go together, naming both sides and the remedy."""
    if data.x_train.shape[1] != net.sizes[0]:
        raise ValueError(f"{data.name} has {data.x_train.shape[1]} features and the network takes {net.sizes[0]}")
    try:
        net.loss.check(data.y_train, data.classes, net.sizes[-1])
    except ValueError as error:
        raise ValueError(f"{data.name}: {error}") from None


def check_fit(net: Network, data: Dataset, method: Method) -> None:
    """Raises ValueError where network, data and method do not go together at the start of a training."""
    check_data(net, data)
    if method.start == "dense" and net.sparse:
        raise ValueError(f"method {method.name!r} starts dense and this network is sparse; build it with that method")
    if method.dynamic and not net.sparse and method.start == "sparse":
        raise ValueError(f"method {method.name!r} rewires sparse layers and this network has none; use method 'dense'")
    if method.rounds:
        raise ValueError(f"method {method.name!r} takes several trainings, one after the other; call fit, not train")
    for layer in net.sparse:
        check_format(method, next(name for name, kind in FORMATS.items() if isinstance(layer.W, kind)))


REMEDY = "lower lr (now {lr:g}), warm it up with rate=Warmup(…), or scale the inputs"


def stop_unless_finite(net: Network, t: int, epoch: int, lr: float) -> None:
    """Weights that the last optimizer step drove out of range are no ground for a topology update."""
    for l, layer in enumerate(net.weighted):
        if not np.isfinite(layer.weight.values).all():
            raise FloatingPointError(
                f"weights stopped being finite at step {t} (epoch {epoch + 1}), in layer {l} first; "
                f"{REMEDY.format(lr=lr)}"
            )


def _blame(net: Network, Z: Float, lr: float) -> str:
    """Which layer's output first stopped being finite, and what to try."""
    after = [*(layer.X for layer in net.weighted), Z]  # what enters each layer, and what leaves the last
    bad = [l for l, X in enumerate(after) if X is not None and not np.isfinite(X).all()]
    where = "every layer's output is finite"
    if bad:
        where = f"the output of layer {bad[0] - 1} is the first that is not finite" if bad[0] else "the data are not"
    return f"{where}: {REMEDY.format(lr=lr)}"
