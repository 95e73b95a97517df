"""The value of dimensions: the same number of connections in ever wider layers (GSE's earlier paper, section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .._support.statistics import half_width
from ..data import Dataset, load
from ..experiments.compare import compare, layer_sizes
from ..training.config import Config
from .result import Part, Say

WIDTHS_TITLE = "wider layers, as many connections: "
COLUMNS = {
    "width": ("n", ",d"),
    "factor": ("×", "d"),
    "sparsity": ("sparsity", ".1%"),
    "accuracy": ("accuracy %", ".2f"),
    "interval": ("± 95 %", ".2f"),
    "seconds": ("s/run", ".1f"),
    "held_mb": ("weights + state MB", ".2f"),
}


@dataclass(frozen=True)
class Study:
    """data: a name; width: of the two hidden layers where the network is dense; factors: by which they are widened."""

    data: str
    width: int
    factors: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    seeds: int = 5
    config: Config = Config()  # noqa: RUF009  frozen itself


QUICK_STUDIES = (Study("digits", 8, (1, 2), 1, Config(epochs=1, batch=256)),)
STUDIES = (Study("digits", 32), Study("fashion-mnist", 64, (1, 2, 4, 8, 16), 3, Config(epochs=10, batch=128, lr=0.05)))


def width_study(study: Study, say: Say) -> Part | None:
    """gse-grabo at every width, from the seeds 0, 1, …; None if the data are not to be had."""
    try:
        data = load(study.data)
    except ValueError as error:
        say(f"{study.data} left out: {error}")
        return None
    connections = _weights(data, study.width)
    rows = []
    for factor in study.factors:
        width = factor * study.width
        say(f"{data.name}, width {width}")
        density = connections / _weights(data, width)
        (row,) = compare(data, ["gse-grabo"], hidden=(width, width), density=density, seeds=study.seeds,
                         config=study.config)  # fmt: skip
        interval = 100 * float(half_width(row.scores))
        rows.append({
            "width": width,
            "factor": factor,
            "sparsity": 1 - density,
            "accuracy": 100 * row.score,
            "interval": None if np.isnan(interval) else interval,
            "seconds": row.seconds,
            "held_mb": row.peak_bytes / 1e6,
        })  # fmt: skip
    title = f"{WIDTHS_TITLE}{data.name}, {data.features}-n-n-{data.classes}, {connections:,} connections"
    note = f"gse-grabo; seeds: {study.seeds}; epochs: {study.config.epochs}; at factor 1 the network is dense."
    return Part(title, COLUMNS, rows, (note,))


def _weights(data: Dataset, width: int) -> int:
    return sum(n_in * n_out for n_in, n_out in pairwise(layer_sizes(data, (width, width))))
