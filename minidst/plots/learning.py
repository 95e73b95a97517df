"""Learning curves and layer densities of runs, against the epoch."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from .._support.statistics import half_width
from .._support.validation import check_type, quoted
from ..training.history import History
from .style import COLOURS, line_styles, styled_figure


def learning_curves(
    runs: Mapping[str, Sequence[History]], title: str = "", *, hues: Mapping[str, str] | None = None
) -> Figure:
    """Training loss and test accuracy against the epoch: the mean of each method's runs and, unless there are more
    methods than colours, its 95 % interval.

    hues: colours by name, over those of `plots.HUES`. Intervals are cut off beyond 0 and 100 %, and far from the means.
    """
    check_type("runs", runs, Mapping, "a dict of lists, such as {'rigl': [history]}")
    for name, histories in runs.items() or [("runs", [])]:
        drawable = isinstance(histories, Sequence) and all(isinstance(h, History) and h.epochs for h in histories)
        if not drawable or not histories:
            raise ValueError(f"{name} {quoted(histories)} is nothing to draw; give a list of Histories with epochs")
    with styled_figure(9, max(3.6, 0.2 * len(runs))) as figure:
        losses, scores = figure.subplots(1, 2)
        measure = next((histories[0].measure for histories in runs.values()), "accuracy")
        percent = 100 if measure == "accuracy" else 1
        near, banded = [], len(runs) <= len(COLOURS)
        for name, line in line_styles(list(runs), hues).items():
            loss = [[row.loss for row in history.epochs] for history in runs[name]]
            score = [[percent * row.score for row in history.epochs] for history in runs[name]]
            near += [mean for mean in _curve(losses, loss, name, line, banded) if 0 < mean < inf]
            _curve(scores, score, name, line, banded)
        losses.set(xlabel="epoch", ylabel="training loss", yscale="log")
        if near:
            losses.set_ylim(min(near) / 1.5, max(near) * 1.5)
        if measure == "accuracy":
            low, high = scores.get_ylim()
            scores.set_ylim(max(low, -2), min(high, 102))
        losses.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter="")
        for axes in (losses, scores):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        scores.set(xlabel="epoch", ylabel="test accuracy (%)" if measure == "accuracy" else "test loss")
        if banded:
            scores.legend(loc="lower right", frameon=False)
        else:  # too many names for the inside of the panel
            figure.legend(*scores.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8)
        figure.suptitle(title)
    return figure


def layer_densities(history: History) -> Figure:
    """The density of every layer against the epoch, for methods that move connections between layers."""
    if not isinstance(history, History) or not history.epochs:
        raise ValueError(f"history {quoted(history)} is nothing to draw; give a History with at least one epoch")
    with styled_figure(4.5, 3.6) as figure:
        axes = figure.subplots()
        for l, curve in enumerate(zip(*(row.densities for row in history.epochs), strict=True)):
            axes.plot([row.epoch for row in history.epochs], curve, label=f"layer {l}", color=COLOURS[l % len(COLOURS)])
        axes.set(xlabel="epoch", ylabel="density", yscale="log", title=f"{history.method} on {history.data}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    return figure


def _curve(axes: Any, runs: Sequence[Sequence[float]], label: str, line: dict[str, str], banded: bool) -> list[float]:
    """Draw the mean of the runs over the epochs that all of them reached, and its 95 % interval; return the mean."""
    shortest = min(len(run) for run in runs)
    values = np.array([run[:shortest] for run in runs])
    epoch, mean = np.arange(1, shortest + 1), values.mean(axis=0)
    axes.plot(epoch, mean, label=label, **line)
    if banded and len(runs) > 1:
        half = half_width(values)
        axes.fill_between(epoch, mean - half, mean + half, color=line["color"], alpha=0.15, linewidth=0)
    return list(map(float, mean))
