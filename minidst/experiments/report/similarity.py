"""Similarity: Jaccard indices between what different series drop first, and between what they end with.

Nowak et al. 2023, figure 6: runs of the same seed share their network up to the first update, so that what goes then
differs by the criterion alone. A layer that no first update changes, such as one that is full, says nothing of
criteria and is left out.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ...analysis.metrics import jaccard
from ...plots import STYLE
from ..sweep.topology_tracker import unpack
from .curves import foot, title
from .grouped import Cell, Report

HEADINGS = {"gone": "gone at the first update", "last": "connections at the end"}
START = "at the start"


def similarity(report: Report) -> Figure | None:
    """Two matrices per block, of J̄ averaged over seeds; None where no study kept the connections (`masks = true`)."""
    found = [(block, kept) for block, cells in report.blocks().items() if len(kept := _kept(cells)) > 1]
    if not found:
        return None
    with matplotlib.rc_context(STYLE | {"axes.grid": False}):  # type: ignore[arg-type]
        size = max(len(kept) for _, kept in found)
        figure = Figure(figsize=(4 + 1.1 * size, len(found) * (1.7 + 0.48 * size)), layout="constrained")
        panels = figure.subplots(len(found), 2, squeeze=False)
        for row, (block, kept) in zip(panels, found, strict=True):
            for axes, what in zip(row, HEADINGS, strict=True):
                names, J = matrix(report, kept, what)
                _draw(axes, names, J)
                by_chance = f", two random starts: {chance(kept):.2f}" if what == "last" else ""
                axes.set_title(f"{HEADINGS[what]}{by_chance}\n{title(block)}", fontsize=8)
        foot(figure, report, "mean over layers and seeds of the Jaccard index")
    return figure


def matrix(report: Report, cells: list[Cell], what: str) -> tuple[list[str], Any]:
    """(names, J̄): of each pair of cells, over the seeds that both have; for `last` also with the start, as last row."""
    sets = {report.label(cell): {row["seed"]: unpack(row[what]) for row in cell.rows if row[what]} for cell in cells}
    if what == "last":
        sets[START] = {row["seed"]: unpack(row["first"]) for cell in cells for row in cell.rows if row["first"]}
    names, layers = list(sets), changeable(cells)
    J = np.full((len(names), len(names)), np.nan)
    for a, b in combinations(range(len(names)), 2):
        one, other = sets[names[a]], sets[names[b]]
        J[a, b] = J[b, a] = _mean([_over(layers, one[seed], other[seed]) for seed in one.keys() & other.keys()])
    return names, J


def chance(cells: list[Cell]) -> float:
    """J̄ of the starts of different seeds: the overlap of random graphs."""
    starts = {row["seed"]: unpack(row["first"]) for cell in cells for row in cell.rows if row["first"]}
    return _mean([_over(changeable(cells), a, b) for a, b in combinations(starts.values(), 2)])


def changeable(cells: list[Cell]) -> list[int]:
    """The layers, from 0, of which a first update took anything; all of them if none did."""
    gone = [[keys.size > 0 for keys in unpack(row["gone"])] for cell in cells for row in cell.rows if row["gone"]]
    kept = next(len(unpack(row["last"])) for cell in cells for row in cell.rows if row["last"])
    return [l for l, any_gone in enumerate(np.any(gone, 0)) if any_gone] if np.any(gone) else list(range(kept))


def _over(layers: list[int], a: list[Any], b: list[Any]) -> float:
    return float(np.mean([jaccard(a[l], b[l]) for l in layers]))


def _mean(numbers: list[float]) -> float:
    """NaN where there are none."""
    return float(np.mean(numbers)) if numbers else float("nan")


def _kept(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if any(row["last"] for row in cell.rows)]


def _draw(axes: Any, names: list[str], J: Any) -> None:
    axes.imshow(np.ma.masked_invalid(J), cmap="cividis", vmin=0, vmax=1)
    for i, j in np.argwhere(np.isfinite(J)):
        ink = "white" if J[i, j] < 0.6 else "black"
        axes.text(j, i, f"{J[i, j]:.2f}", ha="center", va="center", fontsize=7, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    for spine in axes.spines.values():
        spine.set_visible(False)
