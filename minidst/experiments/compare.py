"""Compare methods on the same data with the same budget: the experiment behind the README's table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any

import numpy as np

from .._support.statistics import half_width
from .._support.validation import check_integer, check_type, quoted
from ..data import Dataset
from ..dst import Cosine, Method, method
from ..models.mlp import mlp
from ..nn import Loss, MeanSquaredError
from ..topology import Kind
from ..training.config import Config
from ..training.history import History
from ..training.run import fit, held_out_samples

METHODS_COMPARED = ("static", "set", "rigl", "gse-grabo", "dense")
UPDATES_PER_RUN = 67  # on digits, 1350 steps: ΔT = 20


@dataclass(frozen=True)
class Row:
    """One method's runs: a History per seed, its connections at the end, and whether it ever held a dense layer."""

    method: str
    histories: tuple[History, ...]
    connections: int
    needs_dense: bool = False

    @property
    def measure(self) -> str:
        """What a score is: "accuracy", or "loss" for regression."""
        return self.histories[0].measure

    @property
    def scores(self) -> Any:
        """Final test scores, one per seed."""
        return np.array([history.score for history in self.histories])

    @property
    def score(self) -> float:
        """Mean final test score."""
        return float(self.scores.mean())

    @property
    def interval(self) -> float:
        """Half-width of the 95 % confidence interval of that mean, by Student's t; nan for one seed."""
        return float(half_width(self.scores))

    @property
    def peak_bytes(self) -> int:
        """Most bytes of values, indices, and optimizer and method state in any run."""
        return max(history.peak_bytes for history in self.histories)

    @property
    def seconds(self) -> float:
        """Median training time of a run without evaluation (the first run also waits for kernels to compile)."""
        return float(np.median([history.seconds for history in self.histories]))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        scores, interval = self.scores.tolist(), None if np.isnan(self.interval) else self.interval
        return {"method": self.method, "measure": self.measure, "score": self.score, "interval": interval,
                "scores": scores, "connections": self.connections, "needs_dense": self.needs_dense,
                "peak_bytes": self.peak_bytes, "seconds": self.seconds}  # fmt: skip


def compare(
    data: Dataset, methods: Sequence[str] = METHODS_COMPARED, *, hidden: Sequence[int] = (256, 256),
    density: float = 0.01, seeds: int = 5, allocation: Kind = "erk", config: Config | None = None,
    paper_schedules: bool = False, progress: Callable[[str, int], None] | None = None,
) -> list[Row]:  # fmt: skip
    """Train every method once with each of the seeds 0 … seeds − 1, all with one schedule scaled to the run (`paced`).

    That schedule has α = 0.3, falling as a cosine to 0 at 75 % of training, and 67 periods ΔT in a run (of 20 steps on
    digits). A method that prunes a dense network exchanges nothing, so it keeps its own α and curve.
    paper_schedules: keep each record's own schedule; progress: called after each run with method and seed. Raises
    ValueError for arguments that do not fit, before anything is trained.
    """
    config = Config() if config is None else config
    check_type("data", data, Dataset, 'a Dataset, such as minidst.load("digits")')
    check_type("config", config, Config, "a Config, such as minidst.Config(epochs=30)")
    check_integer("seeds", seeds)
    for name, listed, such in (("methods", methods, "['rigl']"), ("hidden", hidden, "[256, 256]")):
        if isinstance(listed, str) or not isinstance(listed, Sequence):
            raise ValueError(f"{name} {quoted(listed)} must be a list, such as {such}")
    if not methods:
        raise ValueError(f"methods {quoted(methods)} is empty; give at least one, such as ['rigl']")
    samples = len(data.x_train) - held_out_samples(len(data.x_train), config.validation)
    steps = config.epochs * ceil(samples / config.batch)
    records = [method(name) if paper_schedules else paced(method(name), steps) for name in dict.fromkeys(methods)]
    network = partial(mlp, layer_sizes(data, hidden), density=density, allocation=allocation, loss=loss_for(data))
    for record in records:  # a budget that leaves a layer empty is found here, not after the first method's runs
        network(method=record)
    rows = []
    for record in records:
        histories = []
        for seed in range(seeds):
            net = network(method=record, seed=seed)
            histories.append(fit(net, data, record, config, progress=False))
            if progress:
                progress(record.name, seed)
        rows.append(Row(record.name, tuple(histories), net.connections, record.needs_dense))
    return rows


def layer_sizes(data: Dataset, hidden: Sequence[int]) -> tuple[int, ...]:
    """Units per level: features, hidden layers, and one output per class or per value."""
    return (data.features, *hidden, data.classes or data.y_train.shape[1])


def loss_for(data: Dataset) -> Loss | None:
    """Mean squared error for regression; None for classification, where networks default to cross-entropy."""
    return None if data.classes else MeanSquaredError()


def paced(record: Method, steps: int) -> Method:
    """The record with the schedule that `compare` gives all methods in a training of `steps` steps."""
    if not record.dynamic:
        return record
    every = max(1, round(steps / UPDATES_PER_RUN))
    own_curve = record.start == "dense"
    schedule = replace(record.schedule, every=every) if own_curve else Cosine(alpha=0.3, every=every, until=0.75)
    return replace(record, schedule=schedule)
