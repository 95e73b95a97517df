"""The trainer: a generator of steps, and a loop around it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, isfinite
from time import perf_counter
from typing import Any

import numpy as np
from tqdm import tqdm

from .data import Dataset
from .dst import Exchange, Method, update, update_in_parts
from .dst import method as method_named
from .dst.rounds import rounds
from .formats import FORMATS
from .history import Epoch, History
from .kernels.arrays import Float, Offset
from .kernels.parallel import one_blas_thread
from .mlp import check_format
from .nn import SGD, Network, Optimizer, Rate, Steps


@dataclass(frozen=True)
class Config:
    """How to train. The defaults suit `digits`.

    epochs, batch: counts; lr: base learning rate, times `rate` at every step, which first falls when topology updates
    usually end, since newborn weights cannot catch up at a small rate; patience: epochs without a lower
    validation loss before stopping, None never; validation: fraction of the training set held out for that.
    Raises ValueError for numbers out of range.
    """

    epochs: int = 30
    batch: int = 32
    lr: float = 0.1
    rate: Rate = Steps()  # noqa: RUF009  frozen itself
    optimizer: Optimizer = SGD()  # noqa: RUF009
    validation: float = 0.0
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if not isinstance(getattr(self, name), int | np.integer) or getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} must be a whole number, at least 1")
        if not (self.lr > 0 and isfinite(self.lr)):
            raise ValueError(f"lr {self.lr} must be positive and finite; 0.1 is a good start for SGD, 0.001 for Adam")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation {self.validation} must lie in [0, 1): it is a fraction of the training set")
        if self.patience is not None and (self.patience < 1 or self.validation == 0):
            raise ValueError(
                f"patience {self.patience} with validation {self.validation}: early stopping needs patience ≥ 1 "
                "and something to watch, such as validation=0.1"
            )


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


def train(net: Network, data: Dataset, method: str | Method, config: Config | None = None) -> Iterator[Step]:
    """Train `net` in place on data's training set, one batch at a time; yields after every step.

    Raises ValueError at once where network, data and method do not fit, and FloatingPointError when the loss stops
    being finite, naming the step, the layer and what to try. A record with `rounds` needs `fit`.
    """
    config = Config() if config is None else config
    record = method_named(method) if isinstance(method, str) else method
    _check_fit(net, data, record)
    return _steps(net, data, record, config)


def _steps(net: Network, data: Dataset, method: Method, config: Config) -> Iterator[Step]:
    n = data.x_train.shape[0]
    per_epoch = ceil(n / config.batch)
    T = config.epochs * per_epoch
    clock = perf_counter()
    if method.begin:
        with one_blas_thread():
            method.begin(net, lambda: _one_pass(net, data, config), net.rng)
    for t, batch in enumerate(_batches(n, config, net.rng)):
        epoch, lr = t // per_epoch, float(config.lr * config.rate(t, T))
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
                        _stop_unless_finite(net, t, epoch, lr)
                        done = method.after_step(net, lr, net.rng)
                if fraction > 0:
                    _stop_unless_finite(net, t, epoch, lr)
                    done = done.plus(update(net, method, fraction, net.rng))
        yield Step(t, epoch, loss, lr, *done, perf_counter() - clock)
        clock = perf_counter()


def _through(net: Network, data: Dataset, parts: Sequence[Offset], t: int, epoch: int, lr: float) -> Iterator[float]:
    """Forward and backward through one part of a batch after the other, weighted by its share of the samples.

    The numbers yielded add up to the mean loss of the batch, and the gradients each part leaves to the batch's.
    """
    B = sum(part.size for part in parts)
    for part in parts:
        share = part.size / B
        Z = net.forward(np.ascontiguousarray(data.x_train[part].T, net.dtype), training=True)
        loss, DZ = net.loss(Z, data.y_train[part])
        if not isfinite(loss):
            raise FloatingPointError(f"loss is {loss} at step {t} (epoch {epoch + 1}); {_blame(net, Z, lr)}")
        net.backward(DZ * net.dtype.type(share))
        yield share * loss


def _batches(n: int, config: Config, rng: np.random.Generator) -> Iterator[Offset]:
    """Sample numbers of every batch of every epoch; each epoch in a new order, its last batch maybe smaller."""
    for _ in range(config.epochs):
        order = rng.permutation(n)
        for start in range(0, n, config.batch):
            yield order[start : start + config.batch]


def _one_pass(net: Network, data: Dataset, config: Config) -> Iterator[tuple[Float, Any]]:
    """(X, y) of every batch of the training set, in the order of the file."""
    for start in range(0, data.x_train.shape[0], config.batch):
        batch = slice(start, start + config.batch)
        yield np.ascontiguousarray(data.x_train[batch].T, net.dtype), data.y_train[batch]


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
    Raises what `train` raises.
    """
    config = Config() if config is None else config
    record = method_named(method) if isinstance(method, str) else method
    _check_fit(net, data, replace(record, rounds=()))  # before a round leaves its mark
    data, held_out = _hold_out(data, config.validation, net.rng)
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    hidden = not (on_terminal if progress is None else progress)
    once = replace(record, rounds=(), start="sparse") if record.rounds else record  # its later rounds start sparse
    *earlier, history = [_fit_once(net, data, held_out, once, config, hidden) for _ in rounds(net, record.rounds)]
    history.earlier = earlier
    return history


def _fit_once(
    net: Network, data: Dataset, held_out: tuple[Any, Any] | None, method: Method, config: Config, hidden: bool
) -> History:
    history = History(method.name, data.name, measure="accuracy" if data.classes else "loss")
    steps = train(net, data, method, config)
    per_epoch = ceil(data.x_train.shape[0] / config.batch)
    with tqdm(total=config.epochs, desc=method.name, unit="epoch", disable=hidden, leave=False) as bar:
        for number in range(1, config.epochs + 1):
            epoch, most = [], _held(net)
            for _ in range(per_epoch):
                epoch.append(next(steps))
                most = max(most, _held(net))
            history.epochs.append(_summary(number, epoch, most, net, data, held_out))
            bar.set_postfix(loss=f"{history.epochs[-1].loss:.3f}", test=f"{history.score:.3f}", refresh=False)
            bar.update()
            if config.patience is not None and _stalled(history, config.patience):
                history.stopped = f"validation loss has not fallen for {config.patience} epochs"
                break
    return history


def evaluate(net: Network, x: Any, y: Any) -> tuple[float, float]:
    """(mean loss, accuracy) over samples; under a squared error the second is the loss again."""
    with np.errstate(over="ignore", invalid="ignore"):
        Z = np.ascontiguousarray(net.outputs(x).T)
        loss, _ = net.loss(Z, y)
    guess = net.loss.predict(Z)
    return loss, float((guess == y).mean()) if guess.ndim == 1 else loss


def _summary(
    number: int, steps: list[Step], most: int, net: Network, data: Dataset, held_out: tuple[Any, Any] | None
) -> Epoch:
    loss, score = evaluate(net, data.x_test, data.y_test)
    if not isfinite(loss):
        _stop_unless_finite(net, steps[-1].t, number - 1, steps[-1].lr)
        raise FloatingPointError(f"test loss is {loss} after epoch {number}; {REMEDY.format(lr=steps[-1].lr)}")
    return Epoch(
        epoch=number,
        loss=float(np.mean([step.loss for step in steps])),
        score=score,
        validation_loss=evaluate(net, *held_out)[0] if held_out else None,
        lr=steps[-1].lr,
        exchanged=sum(step.grown for step in steps),
        considered=sum(step.considered for step in steps),
        connections=net.connections,
        bytes=most,
        seconds=sum(step.seconds for step in steps),
    )


def _held(net: Network) -> int:
    """Bytes of the network and of what its optimizer and its method remember."""
    memory = net.memory_bytes()
    return memory["values"] + memory["indices"] + memory["optimizer_state"] + memory["method_state"]


def _stalled(history: History, patience: int) -> bool:
    losses = [row.validation_loss for row in history.epochs if row.validation_loss is not None]
    return len(losses) - 1 - int(np.argmin(losses)) >= patience


def held_out_samples(n: int, fraction: float) -> int:
    """How many of n training samples are held out. Raises ValueError if that leaves one side empty."""
    held = round(fraction * n)
    if fraction > 0 and not 0 < held < n:
        raise ValueError(f"validation {fraction} of {n} training samples leaves one side empty; choose another share")
    return held


def _hold_out(data: Dataset, fraction: float, rng: np.random.Generator) -> tuple[Dataset, tuple[Any, Any] | None]:
    """The data without a random `fraction` of its training set, and that part."""
    n = data.x_train.shape[0]
    held = held_out_samples(n, fraction)
    if held == 0:
        return data, None
    order = rng.permutation(n)
    out, rest = order[:held], order[held:]
    kept = replace(data, x_train=data.x_train[rest], y_train=data.y_train[rest])
    return kept, (data.x_train[out], data.y_train[out])


def _check_fit(net: Network, data: Dataset, method: Method) -> None:
    if data.x_train.shape[1] != net.sizes[0]:
        raise ValueError(f"{data.name} has {data.x_train.shape[1]} features and the network takes {net.sizes[0]}")
    try:
        net.loss.check(data.y_train, data.classes, net.sizes[-1])
    except ValueError as error:
        raise ValueError(f"{data.name}: {error}") from None
    if method.start == "dense" and net.sparse:
        raise ValueError(f"method {method.name!r} starts dense and this network is sparse; build it with that method")
    if method.dynamic and not net.sparse and method.start == "sparse":
        raise ValueError(f"method {method.name!r} rewires sparse layers and this network has none; use method 'dense'")
    if method.rounds:
        raise ValueError(f"method {method.name!r} takes several trainings, one after the other; call fit, not train")
    for layer in net.sparse:
        check_format(method, next(name for name, kind in FORMATS.items() if isinstance(layer.W, kind)))


REMEDY = "lower lr (now {lr:g}), warm it up with rate=Warmup(…), or scale the inputs"


def _stop_unless_finite(net: Network, t: int, epoch: int, lr: float) -> None:
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
