"""The settings of a run: what a study may fix or vary, checked, and what is built from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Any, cast

from ..._support.validation import check_choice, check_integer, check_interval
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
from .schema import checked

GUIDES: dict[str, Distribution] = {"uniform": uniform, "synflow": synflow, "grabo": grabo, "graest": graest, "l2": l2}
EITHER = (("density", "connections"), ("every", "updates"))  # of each pair at most one
NAMES: dict[str, Collection[str]] = {
    "data": LOADERS, "guide": GUIDES, "decay": DECAYS, "allocation": KINDS, "optimizer": ("sgd", "adam"),
}  # fmt: skip
SCHEDULE = ("alpha", "every", "updates", "until", "decay")
GUIDED = ("guide", "gamma", "per")


@dataclass(frozen=True)
class Settings:
    """One cell of a study's grid; every seed of it is one run. None: not given, or of no use to the method.

    data, path: as `minidst.load` takes them; samples: so many of the first training samples, all if not given.
    method: a name, or none, and then prune and growth ("random", "gradient") name one of the pruning study; with a
    name they replace its parts. guide, gamma, per: of a guided sample (GSE). alpha, every, until, decay: of the update
    schedule; updates: in place of every, how many periods ΔT a run holds. density or connections: the budget.
    hidden: units of the hidden layers, times width. milestones: where the rate falls by ten, as parts of training.
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
        """The settings, with None where the method has no use for one. Raises ValueError naming what does not fit."""
        values = {name: checked(name, value) for name, value in given.items()}
        for one, other in EITHER:
            if one in values and other in values:
                raise ValueError(f"{one} {given[one]} and {other} {given[other]} contradict each other; keep one")
        return cls(**values)._without_idle()

    def __post_init__(self) -> None:
        if self.method is None and (self.prune is None or self.growth is None):
            raise ValueError('there is no method; set method = "rigl", or both prune = "snip" and growth = "random"')
        for name, known in NAMES.items():
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
        self.record(self.epochs)  # which say what is wrong with their numbers
        _ = self.config

    def _without_idle(self) -> Settings:
        record = self.record(self.epochs)
        idle: list[str] = []
        if not scheduled(record):
            idle += SCHEDULE
        if record.prune is None:
            idle += ["prune", "growth"] if self.method else []
        if not isinstance(record.candidates, GuidedSample):
            idle += GUIDED
        if (record.start, record.begin, record.dynamic, record.rounds) == ("dense", None, False, ()):
            idle += ("density", "connections", "allocation")  # every connection, whatever the budget
        density = 0.01 if self.density is None and self.connections is None else self.density
        nothing: dict[str, Any] = dict.fromkeys(idle)
        return replace(self, **({"density": density} | nothing))

    def record(self, steps: int) -> Method:
        """The method, for a training of so many steps."""
        parts = combination(self.prune or "magnitude", cast(Growth, self.growth or "random"))
        record = method(self.method) if self.method else parts
        if record.prune is not None:
            if self.prune:
                record = replace(record, prune=parts.prune)
            if self.growth:
                record = replace(record, candidates=parts.candidates, score=parts.score, flops=parts.flops)
        if isinstance(record.candidates, GuidedSample):
            sample = {"distribution": self.guide and GUIDES[self.guide], "gamma": self.gamma, "per": self.per}
            record = replace(record, candidates=_changed(record.candidates, sample))
        every = max(1, round(steps / self.updates)) if self.updates else self.every
        decay = self.decay and DECAYS[self.decay]
        given = {"alpha": self.alpha, "every": every, "until": self.until, "decay": decay}
        return replace(record, schedule=_changed(record.schedule, given))

    @cached_property
    def config(self) -> Config:
        """How it is trained, with the optimizer's own learning rate unless one is given."""
        own: dict[str, Any] = {"weight_decay": self.weight_decay}
        if self.optimizer == "adam":
            return Config(self.epochs, self.batch, 0.001 if self.lr is None else self.lr, Steps(self.milestones),
                          _changed(Adam(), own))  # fmt: skip
        own |= {"momentum": self.momentum, "nesterov": self.nesterov}
        return Config(self.epochs, self.batch, 0.1 if self.lr is None else self.lr, Steps(self.milestones),
                      _changed(SGD(), own))  # fmt: skip

    def steps(self, data: Dataset) -> int:
        """How many steps a training takes."""
        return self.epochs * ceil(len(data.x_train) / self.batch)

    def network(self, data: Dataset, seed: int) -> Network:
        """The network at its start."""
        sizes = layer_sizes(data, [max(1, round(self.width * units)) for units in self.hidden])
        density = 1.0 if self.density is None else self.density  # of which "dense" takes no notice
        if self.connections is not None:
            places = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
            if self.connections > places:
                raise ValueError(f"connections {self.connections} do not fit into {sizes}, which has room for {places}")
            density = self.connections / places
        record, allocation = self.record(self.steps(data)), cast(Kind, self.allocation or "erk")
        return mlp(sizes, density=density, method=record, allocation=allocation, seed=seed, loss=loss_for(data))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; without masks, which changes nothing in a run."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "masks"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def scheduled(record: Method) -> bool:
    """Whether anything of it happens every ΔT steps."""
    return record.prune is not None or record.update is not None


def _changed(thing: Any, given: Mapping[str, Any]) -> Any:
    return replace(thing, **{name: value for name, value in given.items() if value is not None})
