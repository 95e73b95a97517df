"""Results of a sweep, grouped by their settings, and the settings that tell the groups apart.

A setting that varies plays one of two parts. SERIES name what is compared, such as the method or the criterion: a line
of a figure each. All others make up the blocks within which series are compared, the panels of a figure, except the
setting on the figure's axis. A group for which a setting has no meaning (ΔT for static) is a baseline: it belongs to
every block, and is drawn as a horizontal line.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..._support.statistics import half_width
from ..sweep import Results

SERIES = ("method", "prune", "guide", "per")
X = {  # the settings that may be the x-axis of a figure, with its label
    "density": "density", "gamma": "γ: sample per active (or pruned) connection", "every": "ΔT (steps)",
    "width": "width (factor)", "connections": "connections", "alpha": "α",
}  # fmt: skip
ORDER = ("data", "path", "hidden", *SERIES, "growth", *X)  # of columns; the others follow as in Settings
Block = tuple[tuple[str, Any], ...]  # (setting, value) for each setting that tells blocks apart


@dataclass(frozen=True)
class Cell:
    """The successful runs of one setting, a row per seed, and how many failed."""

    settings: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    failed: int = 0

    def values(self, column: str) -> Any:
        """The numbers of a column, one per seed that has one; accuracies in %."""
        percent = 100 if column == "score" and self.rows[0]["measure"] == "accuracy" else 1
        return percent * np.array([row[column] for row in self.rows if row[column] is not None], float)

    def mean(self, column: str) -> float:
        """Mean over the seeds; nan if none has a number."""
        values = self.values(column)
        return float(values.mean()) if values.size else float("nan")

    def interval(self, column: str) -> float:
        """Half-width of the 95 % confidence interval of that mean, by Student's t; nan for one seed."""
        return float(half_width(self.values(column)))

    def is_baseline_in(self, block: Iterable[tuple[str, Any]]) -> bool:
        """Whether a setting of the block has no meaning for this cell, which then belongs to several blocks."""
        return any(self.settings[name] is None and value is not None for name, value in block)


@dataclass(frozen=True)
class Report:
    """The cells of a file of results, in the order of its study. failures: message → number of runs."""

    name: str
    cells: tuple[Cell, ...]
    failures: dict[str, int]

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The settings that tell cells apart, without those that follow from the ones before, as epochs from data."""
        kept: tuple[str, ...] = ()
        for name in dict.fromkeys((*ORDER, *self.cells[0].settings)):
            if len(self._combinations((*kept, name))) > len(self._combinations(kept)):
                kept = (*kept, name)
        return kept

    @property
    def measure(self) -> str:
        """What a score is, as the label of an axis or a column."""
        measures = {row["measure"] for cell in self.cells for row in cell.rows}
        return {"accuracy": "test accuracy (%)", "loss": "test loss"}[measures.pop()] if len(measures) == 1 else "score"

    @property
    def higher_is_better(self) -> bool:
        """Whether all scores are accuracies."""
        return all(row["measure"] == "accuracy" for cell in self.cells for row in cell.rows)

    @property
    def origin(self) -> str:
        """The number of seeds and the version of the code, as captions state them."""
        seeds = sorted({len(cell.rows) for cell in self.cells})
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        rows = [row for cell in self.cells for row in cell.rows]
        codes = dict.fromkeys(row["version"] + (f" at {row['revision']}" if row["revision"] else "") for row in rows)
        more = f" and {len(codes) - 2} more" if len(codes) > 2 else ""
        return f"{count} seed{'s' if seeds[-1] > 1 else ''}, minidst {', '.join([*codes][:2])}{more}"

    def label(self, cell: Cell) -> str:
        """The name of a cell's series."""
        series = [name for name in self.varied if name in SERIES] or ["method"]
        words = [setting_text(cell.settings[name]) for name in series if cell.settings[name] is not None]
        return " ".join(words).replace("_", " ") or cell.rows[0]["method"]

    def blocks(self, without: Sequence[str] = ()) -> dict[Block, list[Cell]]:
        """Cells by the varied settings that are neither series nor in `without`; baselines in every block they fit."""
        names = tuple(name for name in self.varied if name not in (*SERIES, *without))
        whole = [values for values in self._combinations(names) if None not in values] or self._combinations(names)
        blocks = [tuple(zip(names, values, strict=True)) for values in whole]
        return {block: [cell for cell in self.cells if all(cell.settings[n] in (None, value) for n, value in block)]
                for block in blocks}  # fmt: skip

    def _combinations(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        return list(dict.fromkeys(tuple(cell.settings[name] for name in names) for cell in self.cells))


def read(path: str | os.PathLike[str]) -> Report:
    """The report of a file of results. Raises ValueError if it holds no successful run."""
    with Results(path, write=False) as results:
        rows = results.rows()
    groups: dict[str, dict[int, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        settings = row["settings"] | {"every": row["every"], "updates": None}  # ΔT in steps, however it was given
        row["settings"] = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
        group = groups.setdefault(json.dumps(row["settings"]), {})
        same_run = group.get(row["seed"], row)  # not a second sample: keep the more complete row
        group[row["seed"]] = max(same_run, row, key=lambda run: (run["error"] is None, run["last"] is not None))
    cells, failures = [], Counter[str]()
    for group in groups.values():
        good = tuple(row for row in group.values() if row["error"] is None)
        failures.update(row["error"] for row in group.values() if row["error"] is not None)
        if good:
            cells.append(Cell(good[0]["settings"], good, len(group) - len(good)))
    if not cells:
        reason = f": all {len(rows)} runs failed, the first one as {next(iter(failures))!r}" if failures else ""
        raise ValueError(f"{str(path)!r} holds no run that came to its end{reason}; run `minidst sweep` with it")
    return Report(", ".join(dict.fromkeys(row["study"] for row in rows)), _in_order(cells), dict(failures))


def _in_order(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Sorted by names in the order of their first appearance, then by numbers; rows come in the order of finishing."""
    named = ("data", "hidden", "growth", *SERIES)
    seen = {name: list(dict.fromkeys(cell.settings[name] for cell in cells)) for name in named}

    return tuple(sorted(cells, key=lambda cell: [
        *(seen[name].index(cell.settings[name]) for name in named),
        *(value if isinstance(value := cell.settings[name], int | float) else -1 for name in X),
    ]))  # fmt: skip


def setting_text(value: Any) -> str:
    """A setting as tables and figures print it; — for None, which has no meaning there."""
    if value is None:
        return "—"
    if isinstance(value, tuple):
        return "-".join(map(setting_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
