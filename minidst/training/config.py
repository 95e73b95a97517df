"""How to train: the settings, and the checks that network, data, method and settings fit and numbers stay finite."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np

from .._support.validation import check_callable, check_integer, check_interval, check_type
from ..data import Dataset
from ..dst import Method
from ..dst import method as method_named
from ..dst.registry import has_published_schedule
from ..formats import FORMATS
from ..kernels.arrays import Float
from ..nn import SGD, Network, Optimizer, Rate, Steps

REMEDY = "lower lr (now {lr:g}), warm it up with rate=Warmup(…), or scale the inputs"


@dataclass(frozen=True)
class Config:
    """How to train. The defaults suit `digits`.

    epochs, batch: counts; lr: base learning rate, times `rate` at every step, which first falls when topology updates
    usually end, since new weights cannot catch up at a small rate; patience: epochs without a lower validation loss
    before stopping, None never; validation: fraction of the training set held out for that.
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
        check_integer("epochs", self.epochs)
        check_integer("batch", self.batch)
        check_interval("lr", self.lr, "(0, ∞)", "0.1 is a good start for SGD, 0.001 for Adam")
        check_callable("rate", self.rate, 'a schedule, such as Steps() or Decay("cosine")')
        check_type("optimizer", self.optimizer, Optimizer, "an optimizer, such as SGD() or Adam()")
        check_interval("validation", self.validation, "[0, 1)", "it is a fraction of the training set")
        if self.patience is not None:
            check_integer("patience", self.patience)
            if self.validation == 0:
                raise ValueError(f"patience {self.patience} with validation {self.validation} has nothing to watch; "
                                 "early stopping needs samples held out, such as validation=0.1")  # fmt: skip


def resolve(net: Network, data: Dataset, method: str | Method, config: Config | None) -> tuple[Method, Config]:
    """Method and config as records. Raises ValueError for arguments of another type."""
    check_type("net", net, Network, "a Network, such as minidst.mlp makes")
    check_type("data", data, Dataset, 'a Dataset, such as minidst.load("digits")')
    if config is not None:
        check_type("config", config, Config, "a Config, such as minidst.Config(epochs=30)")
    record = method if isinstance(method, Method) else method_named(method)
    return record, Config() if config is None else config


def check_data(net: Network, data: Dataset) -> None:
    """Raise ValueError if the network cannot take these features or give these targets."""
    if data.x_train.shape[1] != net.sizes[0]:
        raise ValueError(f"{data.name} has {data.x_train.shape[1]} features and the network takes {net.sizes[0]}")
    try:
        net.loss.check(data.y_train, data.classes, net.sizes[-1])
    except ValueError as error:
        raise ValueError(f"{data.name}: {error}") from None


def check_start(net: Network, data: Dataset, method: Method) -> None:
    """Raise ValueError if network, data and method do not fit together at the start of a training."""
    check_data(net, data)
    if method.start == "dense" and net.sparse:
        raise ValueError(f"method {method.name!r} starts dense and this network is sparse; build it with that method")
    if method.dynamic and not net.sparse and method.start == "sparse":
        raise ValueError(f"method {method.name!r} rewires sparse layers and this network has none; use method 'dense'")
    for layer in net.sparse:
        for name, kind in FORMATS.items():
            if type(layer.W) is kind:
                method.check_format(name)


def check_schedule(method: Method, config: Config, samples: int) -> None:
    """Raise ValueError if a schedule of the user's own has no update in the whole training.

    A paper's may be too long for a short trial of its method: that is no mistake.
    """
    per_epoch = ceil(samples / config.batch)
    T = config.epochs * per_epoch
    if T == 1 or (method.prune is None and method.update is None):  # a single step has room for no update
        return
    for t in range(T):
        if method.schedule.fraction(t, T, per_epoch) > 0:
            return
    if not has_published_schedule(method):
        raise ValueError(f"method {method.name!r} would never update its connections: {method.schedule} comes at none "
                         f"of {T} steps; lower the schedule's every, or train for more epochs")  # fmt: skip


def check_loss(net: Network, Z: Float | None, loss: float, t: int, epoch: int, lr: float) -> None:
    """Raise FloatingPointError for a loss that is not finite, naming step, layer, remedy. Z: the outputs, if known."""
    if isfinite(loss):
        return
    after = [*(layer.X for layer in net.weighted), Z]  # what enters each layer, and what leaves the last
    bad = [l for l, X in enumerate(after) if X is not None and not np.isfinite(X).all()]
    where = "every layer's output is finite"
    if bad:
        where = f"the output of layer {bad[0] - 1} is the first that is not finite" if bad[0] else "the data are not"
    raise FloatingPointError(f"loss is {loss} at step {t} (epoch {epoch + 1}); {where}: {REMEDY.format(lr=lr)}")


def check_weights(net: Network, t: int, epoch: int, lr: float) -> None:
    """Raise FloatingPointError for weights that are not finite: no topology update may be based on them."""
    for l, layer in enumerate(net.weighted):
        if not np.isfinite(layer.weight.values).all():
            raise FloatingPointError(f"weights stopped being finite at step {t} (epoch {epoch + 1}), "
                                     f"in layer {l} first; {REMEDY.format(lr=lr)}")  # fmt: skip
