"""The trial: one cell of a study with one seed, trained and measured wherever a worker is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from ..._support.version import __version__, revision
from ...data import Dataset, load
from ...dst import Method
from ...training.run import Run
from .settings import Settings, scheduled
from .topology_tracker import Watch


@dataclass(frozen=True)
class Trial:
    """What is run: settings and a seed. key: the same for the same run, in whatever study."""

    study: str
    settings: Settings
    seed: int

    @cached_property
    def key(self) -> str:
        """A hash of the settings and the seed."""
        plain = json.dumps({**self.settings.to_dict(), "seed": self.seed}, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:32]


def measure(trial: Trial) -> dict[str, Any]:
    """Train, and return the columns of a row; or, whatever goes wrong, a row that says what."""
    try:
        return _trained(trial)
    except Exception as error:  # a failure is a result too, and no reason to lose the other runs
        return failed(error)


def failed(error: BaseException) -> dict[str, Any]:
    """The row of a run that did not come to its end."""
    reason = str(error) if isinstance(error, ValueError | FloatingPointError) else f"{type(error).__name__}: {error}"
    return {"error": " ".join(reason.split()), "version": __version__, "revision": revision()}


def _trained(trial: Trial) -> dict[str, Any]:
    settings = trial.settings
    data = dataset(settings.data, settings.path, settings.samples)
    net = settings.network(data, trial.seed)
    record = settings.record(settings.steps(data))
    run = Run(net, data, record, settings.config)
    watch = Watch(net)
    for step in run:
        watch.after(step)
    history = run.history
    last = history.epochs[-1]
    row: dict[str, Any] = {
        "method": record.name,
        "every": _period(record, run.per_epoch),
        "measure": history.measure,
        "score": last.score,
        "scores": json.dumps([epoch.score for epoch in history.epochs]),
        "losses": json.dumps([epoch.loss for epoch in history.epochs]),
        "connections": last.connections,
        "places": sum(layer.shape[0] * layer.shape[1] for layer in net.weighted),
        "densities": json.dumps(list(last.densities)),
        "bytes": history.peak_bytes,
        "seconds": history.seconds,
        "version": __version__,
        "revision": revision(),
        **watch.numbers(),
    }
    return row | (watch.masks() if settings.masks else {})


def _period(record: Method, per_epoch: int) -> int | None:
    """ΔT in steps, of a method that has one."""
    if not scheduled(record):
        return None
    return per_epoch if record.schedule.every == "epoch" else int(record.schedule.every)


@lru_cache(maxsize=4)  # a worker has many runs on the same data
def dataset(name: str, path: str | None, samples: int | None) -> Dataset:
    """The data set, or the first so many of its training samples."""
    data = load(name, path=path) if path is not None else load(name)
    if samples is None:
        return data
    if samples > len(data.x_train):
        raise ValueError(f"samples {samples} are more than the {len(data.x_train)} that {name} has to train on")
    return replace(data, x_train=data.x_train[:samples].copy(), y_train=data.y_train[:samples].copy())
