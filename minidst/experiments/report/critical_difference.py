"""The critical-difference diagram: average ranks on a line, and bars over those that cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ...plots import STYLE
from .curves import foot
from .grouped import Report
from .ranks import Ranks


def critical_difference(report: Report, found: Mapping[str, Ranks]) -> Figure:
    """A diagram per entry, under its heading (Nowak et al. 2023, figure 3; best on the left)."""
    height = max(len(ranks.names) for ranks in found.values())
    with matplotlib.rc_context(STYLE | {"axes.grid": False}):  # type: ignore[arg-type]
        figure = Figure(figsize=(7, len(found) * (1.3 + 0.17 * height)), layout="constrained")
        for axes, (heading, ranks) in zip(figure.subplots(len(found), squeeze=False).flat, found.items(), strict=True):
            _diagram(axes, ranks)
            p = f"p = {ranks.p:.2g}" if ranks.p == ranks.p else "no test, all are equal"
            axes.set_title(f"{heading}: {ranks.blocks} blocks, Friedman {p}", fontsize=9)
        foot(figure, report, "average ranks, bars join what is not told apart at 5 %")
    return figure


def _diagram(axes: Any, ranks: Ranks) -> None:
    k = len(ranks.names)
    low, high = 1, max(k, 2)  # all that ranks can be, so that diagrams can be held side by side
    groups, half = ranks.alike(), ceil(k / 2)
    depth = 0.5 + 0.28 * len(groups)
    axes.hlines(0, low, high, color="black", linewidth=1)
    for tick in range(low, high + 1):
        axes.vlines(tick, 0, 0.25, color="black", linewidth=1)
        axes.text(tick, 0.35, str(tick), ha="center", va="bottom", fontsize=8)
    margin = 0.06 * (high - low)
    for place, (name, rank) in enumerate(zip(ranks.names, ranks.ranks, strict=True)):
        left = place < half
        level = -depth - 0.55 * (place if left else k - 1 - place)
        edge = low - margin if left else high + margin
        axes.plot([rank, rank, edge], [0, level, level], color="0.4", linewidth=0.8)
        axes.text(edge, level, f" {name} {rank:.2f} ", ha="right" if left else "left", va="center", fontsize=8)
    for number, (first, last) in enumerate(groups):
        y = -0.25 - 0.28 * number
        ends = ranks.ranks[first] - 0.3 * margin, ranks.ranks[last] + 0.3 * margin
        axes.hlines(y, *ends, color="black", linewidth=3.5)
    width = min(ranks.critical, high - low)
    axes.plot([low, low + width], [1.3, 1.3], color="#D55E00", linewidth=2, marker="|")
    cut = "" if width == ranks.critical else ", longer than the axis"
    axes.text(low, 1.45, f"critical difference {ranks.critical:.2f}{cut}", fontsize=8, va="bottom", color="#D55E00")
    axes.set(xlim=(low - 7 * margin, high + 7 * margin), ylim=(-depth - 0.55 * half, 2.2))
    axes.set_axis_off()
