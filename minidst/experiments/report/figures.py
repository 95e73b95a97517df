"""Figures of a report: curves against a setting, the Pareto front of score and memory, and the similarity of masks."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import ceil, inf, log
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ...analysis.metrics import jaccard
from ...plots import line_styles, styled_figure
from ..sweep.trial import unpack
from .grouped import Block, Cell, Report, X, setting_text

MARKERS = "osD^vP*X"
Y = {"score": "", "itop": "ITOP: share of connections ever active", "jaccard": "Jaccard index of first and last mask"}
"""The columns that may be the y-axis of curves, with its label; the score's is `Report.measure`."""
MASKS = {"gone": "gone at the first update", "last": "connections at the end"}


def curves(report: Report, x: str, y: str = "score") -> Figure:
    """Mean of column y with its 95 % interval against setting x: a panel per block, a line per series and baseline."""
    blocks = {
        block: cells for block, cells in report.blocks(without=[x]).items()
        if len({cell.settings[x] for cell in cells if not cell.is_baseline_in(block)} - {None}) > 1
    }  # fmt: skip
    styles = _series_styles(report)
    columns = min(3, len(blocks))
    rows = ceil(len(blocks) / max(1, columns))
    with styled_figure(1.8 + 3.4 * columns, 0.9 + 2.9 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for (block, cells), axes in zip(blocks.items(), panels, strict=False):  # the panels last, or one too many goes
            _draw_curves(axes, report, cells, x, y, styles)
            axes.set_title(block_title(block), fontsize=8)
            axes.set(xlabel=X.get(x, x), ylabel=Y[y] or report.measure)
            _set_y_limits(axes, report, cells, y)
            _set_x_ticks(axes, sorted({cell.settings[x] for cell in cells} - {None}))
        for axes in list(panels):
            axes.remove()
        _add_legend(figure, styles)
        add_caption(figure, report)
    return figure


def front(report: Report) -> Figure:
    """Mean score with its 95 % interval against the most bytes of weights, indices and state: a panel per data set."""
    data_sets = list(dict.fromkeys(cell.settings["data"] for cell in report.cells))
    styles = _series_styles(report)
    with styled_figure(1.8 + 4.2 * len(data_sets), 4) as figure:
        for axes, name in zip(figure.subplots(1, len(data_sets), squeeze=False).flat, data_sets, strict=True):
            cells = [cell for cell in report.cells if cell.settings["data"] == name]
            for label, style in styles.items():
                series = [cell for cell in cells if report.label(cell) == label]
                if series:
                    axes.errorbar(*_memory_and_score(series), _bars(series, "score"), label=label,
                                  markersize=4, elinewidth=0.6, **style | {"linestyle": "none"})  # fmt: skip
            best = pareto_optimal(cells, higher_is_better=report.higher_is_better)
            axes.step(*_memory_and_score(best), where="post", color="0.3", linewidth=1, label="front")
            _set_y_limits(axes, report, cells, "score")
            least, most = min(cell.mean("bytes") for cell in cells), max(cell.mean("bytes") for cell in cells)
            axes.set(xscale="log", xlim=(least / 1400, most / 700), title=name)
            axes.set(xlabel="weights, indices and state (kB)", ylabel=report.measure)
            axes.xaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}")
            axes.minorticks_off()
        _add_legend(figure)
        add_caption(figure, report)
    return figure


def pareto_optimal(cells: Sequence[Cell], *, higher_is_better: bool = True) -> list[Cell]:
    """The cells with a better mean score than all others that need no more memory, sorted by memory."""
    sign = 1 if higher_is_better else -1
    found: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (cell.mean("bytes"), -sign * cell.mean("score"))):
        if not found or sign * cell.mean("score") > sign * found[-1].mean("score"):
            found.append(cell)
    return found


def similarity(report: Report) -> Figure | None:
    """Two matrices per block of J̄, averaged over seeds, of the connections that series drop first and end with; None if
    no run kept them (`masks = true`). Source: Nowak et al. 2023, figure 6. Runs of the same seed share their network up
    to the first update, so what that update removes differs by the criterion alone.
    """
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
        sets["at the start"] = _unpacked(cells, "first")
    names, layers = list(sets), changeable(cells)
    J = np.full((len(names), len(names)), np.nan)
    for (a, one), (b, other) in combinations(enumerate(sets.values()), 2):
        J[a, b] = J[b, a] = _mean_over(layers, [(one[seed], other[seed]) for seed in one.keys() & other.keys()])
    return names, J


def chance(cells: list[Cell]) -> float:
    """J̄ of the starts of different seeds: the overlap of random graphs."""
    return _mean_over(changeable(cells), list(combinations(_unpacked(cells, "first").values(), 2)))


def changeable(cells: list[Cell]) -> list[int]:
    """The layers, from 0, that any first update changed (others tell nothing about criteria); all if there is none."""
    gone = [[keys.size > 0 for keys in unpack(row["gone"])] for cell in cells for row in cell.rows if row["gone"]]
    layers = next(len(unpack(row["last"])) for cell in cells for row in cell.rows if row["last"])
    return [l for l, any_gone in enumerate(np.any(gone, 0)) if any_gone] if np.any(gone) else list(range(layers))


def _unpacked(cells: list[Cell], mask: str) -> dict[int, list[Any]]:
    """Seed → keys of each layer."""
    return {row["seed"]: unpack(row[mask]) for cell in cells for row in cell.rows if row[mask]}


def _mean_over(layers: list[int], pairs: list[tuple[list[Any], list[Any]]]) -> float:
    """J̄ of each pair of masks, averaged; nan for no pairs."""
    return float(np.mean([np.mean([jaccard(a[l], b[l]) for l in layers]) for a, b in pairs])) if pairs else float("nan")


def block_title(block: Block) -> str:
    """The heading of a panel."""
    words = {"data": "{}", "growth": "{} growth", "every": "ΔT {}", "gamma": "γ {}", "alpha": "α {}"}
    given = [(words.get(name, name + " {}"), value) for name, value in block if value is not None]
    return ", ".join(text.format(setting_text(value)) for text, value in given)


def add_caption(figure: Figure, report: Report, what: str = "mean and 95 % interval") -> None:
    """Write under a figure what it shows, of how many seeds, and from which code."""
    figure.supxlabel(f"{report.name}: {what}, {report.origin}", fontsize=7, color="0.35")


def _draw_curves(axes: Any, report: Report, cells: list[Cell], x: str, y: str, styles: dict[str, Any]) -> None:
    present = [name for name in styles if any(report.label(cell) == name for cell in cells)]
    for number, name in enumerate(present):
        style = styles[name]
        series = [cell for cell in cells if report.label(cell) == name and cell.values(y).size]
        line = sorted((cell for cell in series if cell.settings[x] is not None), key=lambda cell: cell.settings[x])
        if line:
            shift = 1.012 ** (number - len(present) / 2)  # or the bars of several lines would hide each other
            points = [cell.settings[x] * shift for cell in line]
            axes.errorbar(points, [cell.mean(y) for cell in line], _bars(line, y), label=name,
                          markersize=4, capsize=2, elinewidth=0.8, **style)  # fmt: skip
        for cell in (cell for cell in series if cell.settings[x] is None):
            mean, half = cell.mean(y), _bars([cell], y)[0]
            axes.axhline(mean, label=name, linewidth=1.2, color=style["color"], linestyle=style["linestyle"])
            axes.axhspan(mean - half, mean + half, color=style["color"], alpha=0.1, linewidth=0)


def _draw_matrix(axes: Any, names: list[str], J: Any) -> None:
    axes.imshow(np.ma.masked_invalid(J), cmap="cividis", vmin=0, vmax=1)
    for i, j in np.argwhere(np.isfinite(J)):
        ink = "white" if J[i, j] < 0.6 else "black"
        axes.text(j, i, f"{J[i, j]:.2f}", ha="center", va="center", fontsize=7, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.spines[:].set_visible(False)


def _series_styles(report: Report) -> dict[str, dict[str, Any]]:
    """Name of a series → its colour, dashes and marker, the same in every figure of a report."""
    lines = line_styles(list(dict.fromkeys(report.label(cell) for cell in report.cells)))
    return {name: {**line, "marker": MARKERS[i % len(MARKERS)]} for i, (name, line) in enumerate(lines.items())}


def _bars(cells: Iterable[Cell], column: str) -> Any:
    return np.nan_to_num([cell.interval(column) for cell in cells])  # one seed has no interval


def _memory_and_score(cells: Iterable[Cell]) -> tuple[list[float], list[float]]:
    return [cell.mean("bytes") / 1000 for cell in cells], [cell.mean("score") for cell in cells]


def _set_y_limits(axes: Any, report: Report, cells: list[Cell], y: str) -> None:
    """Show all means; the interval of two or three seeds may be cut off."""
    means = [cell.mean(y) for cell in cells if cell.values(y).size]
    best = 1 if y != "score" else 100 if report.higher_is_better else inf
    margin = max(0.25 * (max(means) - min(means)), 0.01 * abs(max(means)))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(means) - margin), min(high, max(means) + margin, 1.005 * best))


def _set_x_ticks(axes: Any, values: list[Any]) -> None:
    """Ticks at the values, as far as their labels do not overlap; logarithmic if the values span a factor of 5."""
    logarithmic = values[0] > 0 and values[-1] / values[0] >= 5
    if logarithmic:
        axes.set_xscale("log")
    positions = [log(value) if logarithmic else float(value) for value in values]
    ticks = [len(values) - 1]
    for i in reversed(range(len(values) - 1)):
        if positions[ticks[0]] - positions[i] >= 0.11 * (positions[-1] - positions[0]):
            ticks.insert(0, i)
    axes.set_xticks([values[i] for i in ticks], [setting_text(values[i]) for i in ticks])
    axes.minorticks_off()


def _add_legend(figure: Figure, order: Iterable[str] = ()) -> None:
    """One legend for all panels. order: of the labels; if not given, as drawn."""
    handles = {label: handle for axes in figure.axes
               for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}  # fmt: skip
    labels = [label for label in order if label in handles] or list(handles)
    figure.legend([handles[label] for label in labels], labels, loc="outside right upper", frameon=False, fontsize=8)
