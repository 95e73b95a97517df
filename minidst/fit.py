"""Training to the end: a loop around the trainer that evaluates after every epoch."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import ceil, isfinite
from typing import Any

import numpy as np
from tqdm import tqdm

from .config import Config
from .data import Dataset
from .dst import Method
from .dst import method as method_named
from .dst.rounds import rounds
from .history import Epoch, History
from .metrics import densities
from .nn import Network
from .train import REMEDY, Step, check_fit, stop_unless_finite, train


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
    check_fit(net, data, replace(record, rounds=()))  # before a round leaves its mark
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
        stop_unless_finite(net, steps[-1].t, number - 1, steps[-1].lr)
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
        densities=tuple(densities(net)),
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
