"""The history of a run: one row per epoch."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from typing import Any

from .._support.atomic_write import atomic_write

TEXTS = ("method", "data", "measure", "stopped")  # of a History


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run.

    epoch: from 1; loss: mean over its steps; score: on the test set after it, accuracy in [0, 1], or the loss for
    regression; validation_loss: on the held-out part of the training set, None without one; lr: at its last step;
    exchanged: connections replaced in it; connections: active after it; bytes: values + indices + state of
    optimizer and method, the most before, between or after its steps; seconds: of its training steps, without
    evaluation; considered: candidates looked at in it, Σ |S| over its updates; densities: nnz_l/(n_out·n_in) of every
    weight layer after it, first to last.
    """

    epoch: int
    loss: float
    score: float
    validation_loss: float | None
    lr: float
    exchanged: int
    connections: int
    bytes: int
    seconds: float
    considered: int = 0
    densities: tuple[float, ...] = ()


@dataclass
class History:
    """The epochs of one run of `method` on `data`.

    measure: what `score` is, "accuracy" or, for regression, "loss"; stopped: why the run ended early, if it did;
    earlier: the trainings that led to this one, of a method that has `rounds`.
    """

    method: str
    data: str
    epochs: list[Epoch] = field(default_factory=list)
    stopped: str | None = None
    measure: str = "accuracy"
    earlier: list[History] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Test score after the last epoch."""
        return self.epochs[-1].score

    @property
    def seconds(self) -> float:
        """Of all training steps, those of earlier trainings too."""
        return sum(row.seconds for row in self.epochs) + sum(history.seconds for history in self.earlier)

    @property
    def peak_bytes(self) -> int:
        """Of values, indices, and the state of optimizer and method; in earlier trainings too."""
        return max([row.bytes for row in self.epochs] + [history.peak_bytes for history in self.earlier])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON: method, data, measure, stopped, and a list per column.

        Earlier trainings, if there are any, follow as `earlier`, a list of the same.
        """
        texts = {name: getattr(self, name) for name in TEXTS}
        columns = {f.name: [getattr(row, f.name) for row in self.epochs] for f in fields(Epoch)}
        columns["densities"] = [list(row.densities) for row in self.epochs]
        earlier = {"earlier": [history.to_dict() for history in self.earlier]} if self.earlier else {}
        return {**texts, **columns, **earlier}

    @classmethod
    def from_dict(cls, columns: dict[str, Any]) -> History:
        """What `to_dict` was called on. Raises ValueError, or KeyError and the like, for another dict."""
        earlier = [cls.from_dict(one) for one in columns.get("earlier", [])]
        columns = columns | {"densities": [tuple(row) for row in columns["densities"]]}
        names = [f.name for f in fields(Epoch)]
        texts = {name: columns[name] for name in TEXTS}
        for name in names:
            cells = chain(*columns[name]) if name == "densities" else columns[name]
            if not all(type(cell) in (int, float) or cell is None for cell in cells):
                raise ValueError(f"the history's {name} must be a list of numbers")
        for name, text in texts.items():
            if not isinstance(text, str) and (text is not None or name != "stopped"):
                raise ValueError(f"the history's {name} must be a string")
        if any(one.earlier for one in earlier):
            raise ValueError("the history's earlier trainings have earlier ones; they must all be in one list")
        rows = zip(*(columns[name] for name in names), strict=True)
        return cls(**texts, epochs=[Epoch(*row) for row in rows], earlier=earlier)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """One line per epoch under a header, with a column density_l for each layer l, from 0.

        Raises ValueError if the file cannot be written.
        """
        layers = len(self.epochs[0].densities) if self.epochs else 0
        names = [f.name for f in fields(Epoch) if f.name != "densities"] + [f"density_{l}" for l in range(layers)]
        with atomic_write(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(_cells(row) for row in self.epochs)


def _cells(row: Epoch) -> dict[str, Any]:
    """What a line of the CSV has in each column."""
    cells = asdict(row)
    return cells | {f"density_{l}": density for l, density in enumerate(cells.pop("densities"))}
