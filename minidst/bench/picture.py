"""The pictures of benches, in the style of plots.py: who was measured against what, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ..plots import COLOURS, DASHES, STYLE
from .machine import Machine

MARKERS = "osD^vPX"


def figure(panels: Sequence[str], title: str, machine: Machine) -> tuple[Figure, Sequence[Any]]:
    """A figure with a panel of each of these titles, in two rows if four or more, under its own title and machine."""
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        rows = 1 if len(panels) < 4 else 2
        columns = -(-len(panels) // rows)
        made = Figure(figsize=(max(6, 4.5 * columns), 4 * rows), layout="constrained")
        axes = [made.add_subplot(rows, columns, 1 + number) for number in range(len(panels))]
        for one, text in zip(axes, panels, strict=True):
            one.set_title(text, fontsize=9)
    threads = f"{machine.threads} thread{'s' if machine.threads > 1 else ''}"
    made.suptitle(f"{title}\n{machine.cpu}, {threads}", fontsize=10)
    return made, axes


def curves(axes: Any, rows: Sequence[Mapping[str, Any]], x: str, named: Mapping[str, str]) -> None:
    """For each key of `named` a line through the rows that have it, in a colour and with a marker of its own."""
    for number, (key, label) in enumerate(named.items()):
        points = [(row[x], row[key]) for row in rows if row.get(key) is not None]
        if points:
            style = {
                "color": COLOURS[number % len(COLOURS)],
                "marker": MARKERS[number % len(MARKERS)],
                "linestyle": DASHES[number // len(COLOURS) % len(DASHES)],
            }
            axes.plot(*zip(*points, strict=True), label=label, markersize=4, **style)
    axes.set(xscale="log", yscale="log")
    axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter="")
    ticks = sorted({row[x] for row in rows})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=30 if len(ticks) > 5 else 0)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8)


def bars(axes: Any, labels: Sequence[str], heights: Sequence[float], unit: str = "") -> None:
    """A horizontal bar for each label, the first on top, its number written at its end."""
    drawn = axes.barh(range(len(labels)), heights, color=COLOURS[0])
    axes.bar_label(drawn, fmt=f"%.4g{unit}", padding=3, fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15)
