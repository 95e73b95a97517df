"""One trial of a study: settings and a seed, the training and measurement of them, and the resulting row."""

import hashlib
import io
import json
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..._support.version import __version__, revision
from ...analysis.metrics import Explored, jaccard
from ...data import Dataset, load
from ...kernels.arrays import Offset
from ...nn import Network
from ...training.loop import Step
from ...training.run import Run
from .settings import Settings, has_period


@dataclass(frozen=True)
class Trial:
    """Settings and a seed: all that determines a run. study: the name of the study that asks for it."""

    study: str
    settings: Settings
    seed: int

    @cached_property
    def key(self) -> str:
        """A hash of the settings and the seed, the same in every study."""
        plain = json.dumps({**self.settings.to_dict(), "seed": self.seed}, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:32]


def run_trial(trial: Trial) -> dict[str, Any]:
    """Train and return the columns of a row; after any error, a row with its message."""
    settings = trial.settings
    try:
        data = load_samples(settings.data, settings.path, settings.samples)
        net = settings.network(data, trial.seed)
        record = settings.record(settings.steps(data))
        run = Run(net, data, record, settings.config)
        tracker = TopologyTracker(net)
        for step in run:
            tracker.observe(step)
        history, last, every = run.history, run.history.epochs[-1], record.schedule.every
        return {
            "method": record.name, "measure": history.measure, "score": last.score, "connections": last.connections,
            "every": None if not has_period(record) else run.per_epoch if every == "epoch" else every,
            "scores": json.dumps([epoch.score for epoch in history.epochs]),
            "losses": json.dumps([epoch.loss for epoch in history.epochs]),
            "densities": json.dumps(list(last.densities)), "places": tracker.places,
            "bytes": history.peak_bytes, "seconds": history.seconds,
            "version": __version__, "revision": revision(), **tracker.columns(settings.masks),
        }  # fmt: skip
    except Exception as error:  # a failure is a result too, and must not stop the other trials
        return failure_row(error)


def failure_row(error: BaseException) -> dict[str, Any]:
    """The row of a trial that failed."""
    reason = str(error) if isinstance(error, ValueError | FloatingPointError) else f"{type(error).__name__}: {error}"
    return {"error": " ".join(reason.split()), "version": __version__, "revision": revision()}


@lru_cache(maxsize=4)  # a worker runs many trials on the same data
def load_samples(name: str, path: str | None, samples: int | None) -> Dataset:
    """A data set, with only the first `samples` of its training samples if that is not None."""
    data = load(name, path=path) if path is not None else load(name)
    if samples is None:
        return data
    if samples > len(data.x_train):
        raise ValueError(f"samples {samples} are more than the {len(data.x_train)} that {name} has to train on")
    return replace(data, x_train=data.x_train[:samples].copy(), y_train=data.y_train[:samples].copy())


class TopologyTracker:
    """Measures how a network's topology changes during a run: O(ever active) memory, and none if it starts dense."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.places = sum(layer.shape[0] * layer.shape[1] for layer in net.weighted)
        self.updates = self.considered = 0
        self.first = self._keys()
        self.gone: list[Offset] | None = None
        self.explored = Explored(net) if self.first else None

    def observe(self, step: Step) -> None:
        """Take in what a step changed; call it after every step."""
        self.updates += step.considered > 0
        self.considered += step.considered
        if self.explored and (step.grown or step.pruned):
            if self.gone is None:
                pairs = zip(self.first, self._keys(), strict=True)
                self.gone = [np.setdiff1d(before, now, assume_unique=True) for before, now in pairs]
            self.explored.add(self.net)

    def columns(self, masks: bool) -> dict[str, Any]:
        """itop: share of all connections ever active (R_s); jaccard: J̄ of the first and the last mask; sampled: mean
        |S| of an update over n_out·n_in; None for what a run does not have. With masks also the packed keys of the
        connections at first, at last, and gone in the first update (P ∖ G: without those that it grew again).
        """
        first, last = self.first, self._keys()
        columns: dict[str, Any] = {
            "itop": self.explored.ratio if self.explored else None,
            "jaccard": float(np.mean([jaccard(a, b) for a, b in zip(first, last, strict=True)])) if first else None,
            "sampled": self.considered / self.updates / self.places if self.updates else None,
        }
        if masks and first:
            columns |= {"first": pack(first), "last": pack(last), "gone": pack(self.gone) if self.gone else None}
        return columns

    def _keys(self) -> list[Offset]:
        return [layer.W.keys() for layer in self.net.sparse]


def pack(keys: list[Offset]) -> bytes:
    """Each layer's sorted keys as compressed differences, about a byte per connection."""
    file = io.BytesIO()
    np.savez_compressed(file, *(np.diff(layer, prepend=0) for layer in keys))
    return file.getvalue()


def unpack(packed: bytes) -> list[Offset]:
    """The keys that `pack` compressed."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        return [np.cumsum(file[f"arr_{l}"]) for l in range(len(file.files))]
