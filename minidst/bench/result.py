"""The result of a bench: tables of numbers with the machine they were measured on, and pictures of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from .._support.atomic_write import atomic_write
from ..plots import COLOURS, DASHES, styled_figure
from .peers import Machine

MARKERS = "osD^vPX"
Say = Callable[[str], None]  # called with the name of what is measured next


@dataclass(frozen=True)
class Part:
    """One table: rows of numbers by name, and which of them to print, under which heading, in which format.

    columns: key → (heading, format), where a format is Python's, such as ",d" or ".2f"; a row that lacks the key, or
    has None, prints as —. notes: sentences below the table.
    """

    title: str
    columns: dict[str, tuple[str, str]]
    rows: list[dict[str, Any]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """name: of the subject; settings: what all parts have in common, such as batch and dtype."""

    name: str
    machine: Machine
    parts: list[Part]
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """name; machine: cpu, cores, threads, versions, missing, system, load; settings; parts: title, rows, notes."""
        parts = [{"title": part.title, "rows": part.rows, "notes": part.notes} for part in self.parts]
        return {"name": self.name, "machine": vars(self.machine), "settings": self.settings, "parts": parts}

    def save(self, path: Path) -> None:
        """Write it as JSON. Raises ValueError if it cannot be written."""
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Subject:
    """What `minidst bench NAME` measures, compared with those of `peers` that can be imported. help: one line."""

    name: str
    help: str
    measure: Callable[..., Result]
    draw: Callable[[Result], Figure]
    peers: tuple[str, ...] = ()


def figure(panels: Sequence[str], title: str, machine: Machine) -> tuple[Figure, Sequence[Any]]:
    """A figure with a panel of each of these titles, in two rows if four or more, under its own title and machine."""
    rows = 1 if len(panels) < 4 else 2
    columns = -(-len(panels) // rows)
    with styled_figure(max(6, 4.5 * columns), 4 * rows) as made:
        axes = [made.add_subplot(rows, columns, 1 + number) for number in range(len(panels))]
        for one, text in zip(axes, panels, strict=True):
            one.set_title(text, fontsize=9)
    threads = f"{machine.threads} thread{'s' if machine.threads > 1 else ''}"
    made.suptitle(f"{title}\n{machine.cpu}, {threads}", fontsize=10)
    return made, axes


def curves(axes: Any, rows: Sequence[Mapping[str, Any]], x: str, named: Mapping[str, str]) -> None:
    """For each key of `named` a line through the rows that have it, each in its own colour and marker, on log axes."""
    for number, (key, label) in enumerate(named.items()):
        points = [(row[x], row[key]) for row in rows if row.get(key) is not None]
        if points:
            colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
            axes.plot(*zip(*points, strict=True), label=label, color=colour, linestyle=dash,
                      marker=MARKERS[number % len(MARKERS)], markersize=4)  # fmt: skip
    axes.set(xscale="log", yscale="log")
    axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter="")
    ticks: list[Any] = []
    for value in sorted({row[x] for row in rows}):
        if not ticks or value >= 1.5 * ticks[-1]:  # else their labels would run into each other
            ticks.append(value)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=30 if len(ticks) > 5 else 0)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8)


def bars(axes: Any, labels: Sequence[str], lengths: Sequence[float]) -> None:
    """A horizontal bar for each label, the first on top, its number written at its end."""
    drawn = axes.barh(range(len(labels)), lengths, color=COLOURS[0])
    axes.bar_label(drawn, fmt="%.4g", padding=3, fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15)


def draw_densities(result: Result, title: str, names: Mapping[str, str]) -> Figure:
    """Times against the density, then times of a sample against the batch size; a line per contestant."""
    densities, batches = (part.rows for part in result.parts[:2])
    widths, swept = sorted({row["n"] for row in densities}), sorted({(row["n"], row["density"]) for row in batches})
    titles = [f"n = {n:,}, B = {result.settings['batch']}" for n in widths]
    titles += [f"n = {n:,}, density {density:g}" for n, density in swept]
    picture, panels = figure(titles, title, result.machine)
    for axes, n in zip(panels, widths, strict=False):
        of_n = [row for row in densities if row["n"] == n]
        curves(axes, of_n, "density", {f"{key}_ms": name for key, name in names.items()})
        axes.set(xlabel="density", ylabel="time (ms)")
    for axes, key in zip(panels[len(widths) :], swept, strict=True):
        draw_batches(axes, [row for row in batches if (row["n"], row["density"]) == key], names)
    return picture


def draw_batches(axes: Any, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> None:
    """The time of a sample against the batch size B, a line per contestant."""
    curves(axes, rows, "B", {f"{key}_sample_us": name for key, name in names.items()})
    axes.set(xlabel="batch size B", ylabel="time per sample (µs)")


def draw_rows(result: Result, title: str, panel: str, names: Mapping[str, str], unit: str = "ms") -> Figure:
    """A panel per row, titled by the format string `panel`, with a bar per contestant. unit: "ms" or "us"."""
    rows = result.parts[0].rows
    picture, panels = figure([panel.format(**row) for row in rows], title, result.machine)
    for axes, row in zip(panels, rows, strict=True):
        bar_row(axes, row, names, unit)
    return picture


def bar_row(axes: Any, row: Mapping[str, Any], names: Mapping[str, str], unit: str = "ms") -> None:
    """A bar for every contestant that the row has."""
    measured = [key for key in names if f"{key}_{unit}" in row]
    bars(axes, [names[key] for key in measured], [row[f"{key}_{unit}"] for key in measured])
    axes.set(xlabel=f"time ({unit.replace('us', 'µs')})")
