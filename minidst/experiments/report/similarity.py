"""Jaccard indices between the connections that different series drop first, and between those they end with.

Source: Nowak et al. 2023, figure 6. Runs of the same seed share their network up to the first update, so what that
update removes differs by the criterion alone. A layer that no first update changes, such as a full one, tells nothing
about criteria and is left out.
"""

from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...analysis.metrics import jaccard
from ...plots import styled_figure
from ..sweep.trial import unpack
from .figures import add_caption, block_title
from .grouped import Cell, Report

MASKS = {"gone": "gone at the first update", "last": "connections at the end"}
START = "at the start"


def similarity(report: Report) -> Figure | None:
    """Two matrices per block of J̄, averaged over seeds; None if no run kept its connections (`masks = true`)."""
    kept = {block: with_masks for block, cells in report.blocks().items()
            if len(with_masks := [cell for cell in cells if any(row["last"] for row in cell.rows)]) > 1}  # fmt: skip
    if not kept:
        return None
    size = max(map(len, kept.values()))
    with styled_figure(4 + 1.1 * size, len(kept) * (1.7 + 0.48 * size), **{"axes.grid": False}) as figure:
        panels = figure.subplots(len(kept), 2, squeeze=False)
        for row, (block, cells) in zip(panels, kept.items(), strict=True):
            for axes, (mask, heading) in zip(row, MASKS.items(), strict=True):
                _draw_matrix(axes, *jaccard_matrix(report, cells, mask))
                by_chance = f", two random starts: {chance(cells):.2f}" if mask == "last" else ""
                axes.set_title(f"{heading}{by_chance}\n{block_title(block)}", fontsize=8)
        add_caption(figure, report, "mean over layers and seeds of the Jaccard index")
    return figure


def jaccard_matrix(report: Report, cells: list[Cell], mask: str) -> tuple[list[str], Any]:
    """(names, J̄): of each pair of cells, over the seeds that both have. For `last`, the last row is the start."""
    sets = {report.label(cell): _unpacked([cell], mask) for cell in cells}
    if mask == "last":
        sets[START] = _unpacked(cells, "first")
    names, layers = list(sets), changeable(cells)
    J = np.full((len(names), len(names)), np.nan)
    for (a, one), (b, other) in combinations(enumerate(sets.values()), 2):
        J[a, b] = J[b, a] = _mean_over(layers, [(one[seed], other[seed]) for seed in one.keys() & other.keys()])
    return names, J


def chance(cells: list[Cell]) -> float:
    """J̄ of the starts of different seeds: the overlap of random graphs."""
    return _mean_over(changeable(cells), list(combinations(_unpacked(cells, "first").values(), 2)))


def changeable(cells: list[Cell]) -> list[int]:
    """The layers, from 0, of which any first update removed something; all of them if none did."""
    gone = [[keys.size > 0 for keys in unpack(row["gone"])] for cell in cells for row in cell.rows if row["gone"]]
    layers = next(len(unpack(row["last"])) for cell in cells for row in cell.rows if row["last"])
    return [l for l, any_gone in enumerate(np.any(gone, 0)) if any_gone] if np.any(gone) else list(range(layers))


def _unpacked(cells: list[Cell], mask: str) -> dict[int, list[Any]]:
    """Seed → keys of each layer."""
    return {row["seed"]: unpack(row[mask]) for cell in cells for row in cell.rows if row[mask]}


def _mean_over(layers: list[int], pairs: list[tuple[list[Any], list[Any]]]) -> float:
    """J̄ of each pair of masks, averaged; nan for no pairs."""
    return float(np.mean([np.mean([jaccard(a[l], b[l]) for l in layers]) for a, b in pairs])) if pairs else float("nan")


def _draw_matrix(axes: Any, names: list[str], J: Any) -> None:
    axes.imshow(np.ma.masked_invalid(J), cmap="cividis", vmin=0, vmax=1)
    for i, j in np.argwhere(np.isfinite(J)):
        ink = "white" if J[i, j] < 0.6 else "black"
        axes.text(j, i, f"{J[i, j]:.2f}", ha="center", va="center", fontsize=7, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    for spine in axes.spines.values():
        spine.set_visible(False)
