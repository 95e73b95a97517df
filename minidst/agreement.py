"""The agreement: what network, data, method and settings must have in common before a training begins."""

from __future__ import annotations

from math import ceil

from .config import Config
from .data import Dataset
from .dst import Method
from .dst import method as method_named
from .dst.registry import has_published_schedule
from .formats import FORMATS
from .given import instance
from .mlp import check_format
from .nn import Network


def checked(net: Network, data: Dataset, method: str | Method, config: Config | None) -> tuple[Method, Config]:
    """The record and the settings that are meant. Raises ValueError for what is none, or no network, or no data set."""
    instance("net", net, Network, "a Network, such as minidst.mlp makes")
    instance("data", data, Dataset, 'a Dataset, such as minidst.load("digits")')
    if config is not None:
        instance("config", config, Config, "a Config, such as minidst.Config(epochs=30)")
    return method_named(method), Config() if config is None else config


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


def check_schedule(method: Method, config: Config, samples: int) -> None:
    """Raises ValueError where a schedule of the user's own would never come to an update.

    A paper's may be too long for a short trial of its method: that is no mistake.
    """
    if (method.prune is None and method.update is None) or has_published_schedule(method):
        return
    per_epoch = ceil(samples / config.batch)
    T = config.epochs * per_epoch
    if T > 1 and not any(method.schedule.fraction(t, T, per_epoch) > 0 for t in range(T)):  # one step has room for none
        raise ValueError(
            f"method {method.name!r} would never update its connections: {method.schedule} comes at none of {T} steps; "
            "lower the schedule's every, or train for more epochs"
        )
