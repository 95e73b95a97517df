"""Curves: a number against a setting, a line per series, a panel per block, with 95 % intervals."""

from __future__ import annotations

from math import ceil, log
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ...plots import STYLE, line_styles
from .grouped import LABELS, Cell, Report, own, shown

MARKS = "osD^vP*X"
Y = {"score": "", "itop": "ITOP: share of connections ever active", "jaccard": "Jaccard index of first and last mask"}


def curves(report: Report, x: str, y: str = "score") -> Figure:
    """y, one of Y, against the setting x; a cell without x is a horizontal line. Means, and bars of 95 % intervals."""
    blocks = {
        block: cells for block, cells in report.blocks(without=[x]).items()
        if len({cell.settings[x] for cell in cells if own(cell, block)} - {None}) > 1
    }  # fmt: skip
    styles = series_styles(report)
    columns = min(3, len(blocks))
    rows = ceil(len(blocks) / max(1, columns))
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(1.8 + 3.4 * columns, 0.9 + 2.9 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for (block, cells), axes in zip(blocks.items(), panels, strict=False):  # the panels last, or one too many goes
            _panel(axes, report, cells, x, y, styles)
            axes.set_title(title(block), fontsize=8)
            axes.set(xlabel=LABELS.get(x, x), ylabel=Y[y] or report.measure)
            limits(axes, [cell.mean(y) for cell in cells if cell.values(y).size], report.best if y == "score" else 1)
            _ticks(axes, sorted({cell.settings[x] for cell in cells} - {None}))
        for axes in list(panels):
            axes.remove()
        handles: dict[str, Any] = {}
        for axes in figure.axes:
            handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        names = [name for name in styles if name in handles]
        figure.legend([handles[name] for name in names], names, loc="outside right upper", frameon=False, fontsize=8)
        foot(figure, report)
    return figure


def _panel(axes: Any, report: Report, cells: list[Cell], x: str, y: str, styles: dict[str, dict[str, Any]]) -> None:
    present = [name for name in styles if any(report.label(cell) == name for cell in cells)]
    for number, name in enumerate(present):
        style = styles[name]
        line = [cell for cell in cells if report.label(cell) == name and cell.values(y).size]
        along = sorted((cell for cell in line if cell.settings[x] is not None), key=lambda cell: cell.settings[x])
        if along:
            apart = 1.012 ** (number - len(present) / 2)  # or the bars of several lines would hide each other
            points = [cell.settings[x] * apart for cell in along]
            axes.errorbar(points, [cell.mean(y) for cell in along], [_bar(cell, y) for cell in along], label=name,
                          markersize=4, capsize=2, elinewidth=0.8, **style)  # fmt: skip
        for cell in (cell for cell in line if cell.settings[x] is None):
            mean, half = cell.mean(y), _bar(cell, y)
            flat = {"color": style["color"], "linestyle": style["linestyle"]}
            axes.axhline(mean, label=name, linewidth=1.2, **flat)
            axes.axhspan(mean - half, mean + half, color=style["color"], alpha=0.1, linewidth=0)


def _bar(cell: Cell, column: str) -> float:
    half = cell.interval(column)
    return half if half == half else 0.0  # one seed has no interval


def limits(axes: Any, means: list[float], best: float) -> None:
    """Room for the means; the interval of two or three seeds may be longer than the picture is high."""
    margin = max(0.25 * (max(means) - min(means)), 0.01 * abs(max(means)))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(means) - margin), min(high, max(means) + margin, 1.005 * best))


def _ticks(axes: Any, points: list[Any]) -> None:
    """Logarithmic where the values span a factor of 5, with ticks at values, as far as their numbers have room."""
    logarithmic = points[0] > 0 and points[-1] / points[0] >= 5
    if logarithmic:
        axes.set_xscale("log")
    places = [log(point) if logarithmic else float(point) for point in points]
    apart = points[-1:]
    for point, place in zip(points[-2::-1], places[-2::-1], strict=True):
        if places[points.index(apart[0])] - place >= 0.11 * (places[-1] - places[0]):
            apart.insert(0, point)
    axes.set_xticks(apart, [shown(point) for point in apart])
    axes.minorticks_off()


def series_styles(report: Report) -> dict[str, dict[str, Any]]:
    """Name of a series → its colour, dashes and mark, the same in every picture of a report."""
    lines = line_styles(list(dict.fromkeys(report.label(cell) for cell in report.cells)))
    return {name: {**line, "marker": MARKS[i % len(MARKS)]} for i, (name, line) in enumerate(lines.items())}


def title(block: tuple[tuple[str, Any], ...]) -> str:
    """A panel's heading."""
    words = {"data": "{}", "growth": "{} growth", "every": "ΔT {}", "gamma": "γ {}", "alpha": "α {}"}
    said = [words.get(name, name + " {}").format(shown(value)) for name, value in block if value is not None]
    return ", ".join(said)


def foot(figure: Figure, report: Report, what: str = "mean and 95 % interval") -> None:
    """Say under the picture what it shows, of how many seeds, and from which code."""
    figure.supxlabel(f"{report.name}: {what}, {report.origin}", fontsize=7, color="0.35")
