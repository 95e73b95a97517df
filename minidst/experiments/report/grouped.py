"""The cells of a report: results grouped by their settings, and which settings tell the cells apart.

A setting that varies has one of two roles. SERIES name what is compared, such as the method or the criterion: a line of
a picture. All others make the blocks within which series are compared, the panels of a picture, unless one of them is
its axis. A cell for which a setting means nothing (ΔT for static) stands in every block, and is a horizontal line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from ..._support.statistics import half_width
from ..sweep import Results

SERIES = ("method", "prune", "guide", "per")
X = ("density", "gamma", "every", "width", "connections", "alpha")
ORDER = ("data", "path", "hidden", *SERIES, "growth", *X)  # of columns; the others follow in the order of Settings
LABELS = {
    "density": "density", "gamma": "γ: sample per active (or pruned) connection", "every": "ΔT (steps)",
    "width": "width (factor)", "connections": "connections", "alpha": "α",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """The runs of one setting that came to their end, one per seed, and how many failed."""

    settings: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    failed: int = 0

    def values(self, column: str) -> Any:
        """One number per seed, of those that have one; scores in % if they are accuracies."""
        percent = 100 if column == "score" and self.rows[0]["measure"] == "accuracy" else 1
        return percent * np.array([row[column] for row in self.rows if row[column] is not None], float)

    def mean(self, column: str) -> float:
        """Of the seeds; nan where none has the number."""
        values = self.values(column)
        return float(values.mean()) if values.size else float("nan")

    def interval(self, column: str) -> float:
        """Half of the 95 % confidence interval of that mean, by Student's t; nan for one seed."""
        return float(half_width(self.values(column)))


@dataclass(frozen=True)
class Report:
    """The cells of a file of results, in the order of its study. failures: message → how many runs."""

    name: str
    cells: tuple[Cell, ...]
    failures: dict[str, int]

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The settings that tell cells apart; one that follows from those before it, as epochs from data, is none."""
        names = [*ORDER, *(name for name in self.cells[0].settings if name not in ORDER)]
        kept: tuple[str, ...] = ()
        for name in names:
            if len(self._combinations((*kept, name))) > len(self._combinations(kept)):
                kept = (*kept, name)
        return kept

    @property
    def series(self) -> tuple[str, ...]:
        """Of the varied settings, those that name what is compared; method, if none does."""
        return tuple(name for name in self.varied if name in SERIES) or ("method",)

    @property
    def measure(self) -> str:
        """What a score is, for an axis or a column."""
        measures = {row["measure"] for cell in self.cells for row in cell.rows}
        return {"accuracy": "test accuracy (%)", "loss": "test loss"}[measures.pop()] if len(measures) == 1 else "score"

    @property
    def higher_is_better(self) -> bool:
        """Whether a score is an accuracy."""
        return all(row["measure"] == "accuracy" for cell in self.cells for row in cell.rows)

    @property
    def best(self) -> float:
        """What no score is above."""
        return 100 if self.higher_is_better else inf

    @property
    def origin(self) -> str:
        """How many seeds, and which code: what every picture says at its foot."""
        seeds = sorted({len(cell.rows) for cell in self.cells})
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        rows = [row for cell in self.cells for row in cell.rows]
        codes = dict.fromkeys(row["version"] + (f" at {row['revision']}" if row["revision"] else "") for row in rows)
        more = f" and {len(codes) - 2} more" if len(codes) > 2 else ""
        return f"{count} seed{'s' if seeds[-1] > 1 else ''}, minidst {', '.join([*codes][:2])}{more}"

    def label(self, cell: Cell) -> str:
        """The name of a cell's series."""
        words = [shown(cell.settings[name]) for name in self.series if cell.settings[name] is not None]
        return " ".join(words).replace("_", " ") or cell.rows[0]["method"]

    def blocks(self, without: Sequence[str] = ()) -> dict[tuple[tuple[str, Any], ...], list[Cell]]:
        """Cells by the varied settings that are neither series nor in `without`.

        One that has None for such a setting stands in every block that it does not contradict.
        """
        names = tuple(name for name in self.varied if name not in (*SERIES, *without))
        whole = [values for values in self._combinations(names) if None not in values] or self._combinations(names)
        return {
            tuple(zip(names, values, strict=True)): [
                cell for cell in self.cells
                if all(cell.settings[n] in (None, v) for n, v in zip(names, values, strict=True))
            ]
            for values in whole
        }  # fmt: skip

    def _combinations(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        return list(dict.fromkeys(tuple(cell.settings[name] for name in names) for cell in self.cells))


def read(path: str | os.PathLike[str]) -> Report:
    """The report of a file of results. Raises ValueError if there are none, or all runs failed."""
    with Results(path, write=False) as results:
        rows = results.rows()
    groups: dict[str, dict[int, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        settings = row["settings"] | {"every": row["every"], "updates": None}  # ΔT in steps, however it was given
        row["settings"] = {name: _hashable(value) for name, value in settings.items()}
        group = groups.setdefault(json.dumps(row["settings"]), {})
        group[row["seed"]] = max(group.get(row["seed"], row), row, key=_worth)  # the same run, and no second sample
    cells, failures = [], dict[str, int]()
    for group in groups.values():
        good = tuple(row for row in group.values() if row["error"] is None)
        for row in group.values():
            if row["error"] is not None:
                failures[row["error"]] = failures.get(row["error"], 0) + 1
        if good:
            cells.append(Cell(good[0]["settings"], good, len(group) - len(good)))
    if not cells:
        reason = f": all {len(rows)} runs failed, the first one as {next(iter(failures))!r}" if failures else ""
        raise ValueError(f"{str(path)!r} holds no run that came to its end{reason}; run `minidst sweep` with it")
    return Report(", ".join(dict.fromkeys(row["study"] for row in rows)), _in_order(cells), failures)


def _worth(row: dict[str, Any]) -> tuple[bool, bool]:
    """Of two rows of one run, the one that came to its end, and that kept its connections."""
    return row["error"] is None, row["last"] is not None


def _in_order(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """By data, then the settings of ORDER as numbers where they are, for rows come in the order of finishing."""
    kinds: dict[str, list[Any]] = {}
    listed = list(cells)
    for cell in listed:
        for name in ("data", "hidden", *SERIES, "growth"):
            kinds.setdefault(name, [])
            if cell.settings[name] not in kinds[name]:
                kinds[name].append(cell.settings[name])

    def place(cell: Cell) -> list[float]:
        named = [float(kinds[name].index(cell.settings[name])) for name in ("data", "hidden", "growth", *SERIES)]
        return named + [_number(cell.settings[name]) for name in X]

    return tuple(sorted(listed, key=place))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else -1.0


def own(cell: Cell, block: Iterable[tuple[str, Any]]) -> bool:
    """Whether a cell belongs to this block alone, and is no baseline of several."""
    return all(cell.settings[name] is not None or value is None for name, value in block)


def shown(value: Any) -> str:
    """A setting as tables and pictures have it; — for one that means nothing there."""
    if value is None:
        return "—"
    if isinstance(value, tuple):
        return "-".join(map(shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
