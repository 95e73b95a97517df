"""The front: score against memory, and the cells that no other one beats in both."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ...plots import STYLE
from .curves import foot, limits, series_styles
from .grouped import Cell, Report


def front(report: Report) -> Figure:
    """Mean score and 95 % interval against the most bytes of weights, indices, and state; a panel per data set."""
    sets = list(dict.fromkeys(cell.settings["data"] for cell in report.cells))
    styles = series_styles(report)
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(1.8 + 4.2 * len(sets), 4), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(sets), squeeze=False).flat, sets, strict=True):
            cells = [cell for cell in report.cells if cell.settings["data"] == name]
            for label, style in styles.items():
                own = [cell for cell in cells if report.label(cell) == label]
                if own:
                    look = {"color": style["color"], "marker": style["marker"]}
                    bars = [0.0 if len(cell.rows) < 2 else cell.interval("score") for cell in own]
                    kilobytes = [cell.mean("bytes") / 1000 for cell in own]
                    scores = [cell.mean("score") for cell in own]
                    axes.errorbar(kilobytes, scores, bars, label=label, linestyle="none", markersize=4, elinewidth=0.6,
                                  **look)  # fmt: skip
            best = unbeaten(cells, higher_is_better=report.higher_is_better)
            axes.step([cell.mean("bytes") / 1000 for cell in best], [cell.mean("score") for cell in best], where="post",
                      color="0.3", linewidth=1, label="front")  # fmt: skip
            least, most = min(cell.mean("bytes") for cell in cells), max(cell.mean("bytes") for cell in cells)
            limits(axes, [cell.mean("score") for cell in cells], report.best)
            axes.set(xscale="log", xlim=(least / 1400, most / 700), title=name)
            axes.set(xlabel="weights, indices and state (kB)", ylabel=report.measure)
            axes.xaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}")
            axes.minorticks_off()
        handles = {label: handle for axes in figure.axes
                   for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}  # fmt: skip
        figure.legend(handles.values(), handles.keys(), loc="outside right upper", frameon=False, fontsize=8)
        foot(figure, report)
    return figure


def unbeaten(cells: Sequence[Cell], *, higher_is_better: bool = True) -> list[Cell]:
    """The cells that have a better mean score than all with as little memory or less, by memory."""
    sign = 1 if higher_is_better else -1
    found: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (cell.mean("bytes"), -sign * cell.mean("score"))):
        if not found or sign * cell.mean("score") > sign * found[-1].mean("score"):
            found.append(cell)
    return found
