"""The settings of a trial: what a study may fix or vary, and the method, config and network that they describe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Any, cast

from ..._support.validation import INT32_MAX, check_choice, check_integer, check_interval, is_integer, quoted
from ...data import LOADERS, Dataset
from ...dst import GuidedSample, Method, method
from ...dst.papers.criteria import Growth, combination
from ...dst.papers.gse.distributions import Distribution, grabo, graest, l2, uniform
from ...dst.papers.gse.synflow import synflow
from ...models.mlp import mlp
from ...nn import SGD, Adam, Network
from ...nn.optim import DECAYS, Steps
from ...topology import KINDS, Kind
from ...training.config import Config
from ..compare import layer_sizes, loss_for


def _is_whole(value: Any) -> bool:
    return is_integer(value, -INT32_MAX, INT32_MAX)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float)


TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), 'a text in quotes, such as "rigl"'),
    "int": (_is_whole, f"a whole number of at most {INT32_MAX}"),
    "float": (_is_number, "a number"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int | str": (lambda value: _is_whole(value) or value == "epoch", 'a whole number of steps, or "epoch"'),
    "tuple[int, ...]": (lambda v: type(v) is list and all(map(_is_whole, v)), "a list of sizes, such as [256, 256]"),
    "tuple[float, ...]": (lambda v: type(v) is list and all(map(_is_number, v)), "a list of numbers such as [0.5]"),
}
"""Type of a setting → whether a TOML value is of that type, and the type in words."""
GUIDES: dict[str, Distribution] = {"uniform": uniform, "synflow": synflow, "grabo": grabo, "graest": graest, "l2": l2}
CHOICES: dict[str, Collection[str]] = {
    "data": LOADERS, "guide": GUIDES, "decay": DECAYS, "allocation": KINDS, "optimizer": ("sgd", "adam"),
}  # fmt: skip
EXCLUSIVE = (("density", "connections"), ("every", "updates"))  # at most one of each pair


@dataclass(frozen=True)
class Settings:
    """One cell of a study's grid, which is run with every seed. None: not given, or unused by the method.

    data, path: arguments of `minidst.load`; samples: use only the first training samples.
    method: a name. Without one, prune and growth ("random", "gradient") name a combination of the pruning study; with
    one, they replace those parts of it. guide, gamma, per: of a guided sample (GSE). alpha, every, until, decay: of the
    update schedule; updates: periods ΔT in a run, instead of every. density or connections: the budget.
    hidden: units of the hidden layers, times width. milestones: shares of training at which the rate falls by ten.
    masks: keep the connections themselves in the row, for the report's Jaccard matrices.
    """

    data: str = "digits"
    path: str | None = None
    samples: int | None = None
    method: str | None = None
    prune: str | None = None
    growth: str | None = None
    guide: str | None = None
    gamma: float | None = None
    per: str | None = None
    alpha: float | None = None
    every: int | str | None = None
    updates: int | None = None
    until: float | None = None
    decay: str | None = None
    density: float | None = None
    connections: int | None = None
    allocation: str | None = "erk"
    hidden: tuple[int, ...] = (256, 256)
    width: float = 1.0
    epochs: int = 30
    batch: int = 32
    optimizer: str = "sgd"
    lr: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    nesterov: bool = False
    milestones: tuple[float, ...] = (0.75, 0.9)
    masks: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Settings from TOML values, None where the method uses none. Raises ValueError for what does not fit."""
        values = {name: _converted(name, value) for name, value in given.items()}
        for one, other in EXCLUSIVE:
            if one in values and other in values:
                raise ValueError(f"{one} {given[one]} and {other} {given[other]} contradict each other; keep one")
        return cls(**values)._without_unused()

    def __post_init__(self) -> None:
        if self.method is None and (self.prune is None or self.growth is None):
            raise ValueError('there is no method; set method = "rigl", or both prune = "snip" and growth = "random"')
        for name, known in CHOICES.items():
            if getattr(self, name) is not None:
                check_choice(name, getattr(self, name), known)
        if (self.path is None) is (self.data in ("csv", "npz")):
            raise ValueError(f"data {self.data!r} {'needs a path' if self.path is None else 'takes no path'}; "
                             'path = "FILE" goes with csv and npz')  # fmt: skip
        for name in ("samples", "updates", "connections"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name))
        for units in self.hidden:
            check_integer("hidden", units)
        if self.density is not None:
            check_interval("density", self.density, "(0, 1]", "1 is the dense network")
        check_interval("width", self.width, "(0, ∞)", "hidden layers are multiplied by it")
        self.record(self.epochs)  # raises ValueError for numbers that do not fit the method, and the next line
        _ = self.config  # for those that do not fit the config

    def _without_unused(self) -> Settings:
        record = self.record(self.epochs)
        has_every_connection = (record.start, record.begin, record.dynamic, record.rounds) == ("dense", None, False, ())
        used = {
            ("alpha", "every", "updates", "until", "decay"): has_period(record),
            ("prune", "growth"): record.prune is not None or self.method is None,
            ("guide", "gamma", "per"): isinstance(record.candidates, GuidedSample),
            ("density", "connections", "allocation"): not has_every_connection,
        }
        unused = [name for names, is_used in used.items() if not is_used for name in names]
        changes: dict[str, Any] = {} if self.density or self.connections else {"density": 0.01}
        return replace(self, **changes | dict.fromkeys(unused))

    def record(self, steps: int) -> Method:
        """The method, for a training of `steps` steps."""
        parts = combination(self.prune or "magnitude", cast(Growth, self.growth or "random"))
        record = method(self.method) if self.method else parts
        if record.prune is not None and self.prune:
            record = replace(record, prune=parts.prune)
        if record.prune is not None and self.growth:
            record = replace(record, candidates=parts.candidates, score=parts.score, flops=parts.flops)
        guide, decay = self.guide and GUIDES[self.guide], self.decay and DECAYS[self.decay]
        if isinstance(record.candidates, GuidedSample):
            sample = _changed(record.candidates, distribution=guide, gamma=self.gamma, per=self.per)
            record = replace(record, candidates=sample)
        every = max(1, round(steps / self.updates)) if self.updates else self.every
        schedule = _changed(record.schedule, alpha=self.alpha, every=every, until=self.until, decay=decay)
        return replace(record, schedule=schedule)

    @cached_property
    def config(self) -> Config:
        """The training config. The learning rate defaults to 0.1 for SGD and 0.001 for Adam."""
        lr, optimizer = (0.001, Adam()) if self.optimizer == "adam" else (0.1, SGD(nesterov=self.nesterov))
        momentum = {"momentum": self.momentum} if self.optimizer == "sgd" else {}
        optimizer = _changed(optimizer, weight_decay=self.weight_decay, **momentum)
        return Config(self.epochs, self.batch, lr if self.lr is None else self.lr, Steps(self.milestones), optimizer)

    def steps(self, data: Dataset) -> int:
        """Number of steps of a training."""
        return self.epochs * ceil(len(data.x_train) / self.batch)

    def network(self, data: Dataset, seed: int) -> Network:
        """The network before training. Raises ValueError if it cannot hold the connections."""
        sizes = layer_sizes(data, [max(1, round(self.width * units)) for units in self.hidden])
        density = 1.0 if self.density is None else self.density  # the method "dense" ignores it
        if self.connections is not None:
            places = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
            if self.connections > places:
                raise ValueError(f"connections {self.connections} do not fit into {sizes}, with {places} places")
            density = self.connections / places
        record, allocation = self.record(self.steps(data)), cast(Kind, self.allocation or "erk")
        return mlp(sizes, density=density, method=record, allocation=allocation, seed=seed, loss=loss_for(data))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, without `masks`, which does not affect a run."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "masks"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def has_period(record: Method) -> bool:
    """Whether the method does anything every ΔT steps."""
    return record.prune is not None or record.update is not None


def _converted(name: str, value: Any) -> Any:
    """A TOML value as Settings holds it: a tuple for a list, 1.0 for 1. Raises ValueError for one of another type."""
    check_choice("setting", name, Settings.__dataclass_fields__)
    type_of_setting = str(Settings.__dataclass_fields__[name].type).removesuffix(" | None")
    is_of_type, words = TYPES[type_of_setting]
    if not is_of_type(value):
        raise ValueError(f"{name} {quoted(value)} is not {words}")
    if type_of_setting == "float":
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def _changed(thing: Any, **changes: Any) -> Any:
    """`replace(thing, **changes)` without the changes that are None."""
    return replace(thing, **{name: value for name, value in changes.items() if value is not None})
