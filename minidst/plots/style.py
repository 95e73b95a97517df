"""The colour-blind-safe style of every figure, and how a figure is saved."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure

from .._support.atomic_write import atomic_write
from .._support.validation import check_type

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]  # Okabe and Ito 2008
DASHES = ["-", "--", "-.", ":"]  # a second cue, for print and for more methods than colours
STYLE = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3}
HUES = {  # the same method has the same colour in every figure
    "static": "#777777", "set": "#0072B2", "rigl": "#D55E00", "gse": "#009E73", "gse-grabo": "#009E73",
    "srigl": "#CC79A7", "dense": "#000000",
}  # fmt: skip
KEPT, DROPPED, GROWN = "#56B4E9", "#D55E00", "#009E73"  # what an update does to a connection


def line_styles(names: Sequence[str], hues: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """{"color": …, "linestyle": …} by name: solid in its hue (by default of HUES) or in a colour that is left, dashed
    when none is left. Up to two dozen names have different styles.
    """
    hues = HUES | dict(hues or {})
    taken = {hues[name] for name in names if name in hues}
    left = [(colour, "-") for colour in COLOURS if colour not in taken]
    others = cycle(left + [(colour, dash) for dash in DASHES[1:] for colour in COLOURS])
    chosen = {name: (hues[name], "-") if name in hues else next(others) for name in names}
    return {name: {"color": colour, "linestyle": dash} for name, (colour, dash) in chosen.items()}


@contextmanager
def styled_figure(width: float, height: float, **changes: Any) -> Iterator[Figure]:
    """A figure of that size in inches, drawn in this style within the `with` block. changes: of the style."""
    with matplotlib.rc_context(STYLE | changes):
        yield Figure(figsize=(width, height), layout="constrained")


def use() -> None:
    """Set this style for all following figures, at the size of figures in notebooks."""
    sizes = {"figure.figsize": (7, 3.2), "figure.dpi": 90, "figure.constrained_layout.use": True}
    cycle_and_legend = {"axes.prop_cycle": cycler(color=COLOURS), "legend.frameon": False}
    matplotlib.rcParams.update(STYLE | sizes | cycle_and_legend)  # type: ignore[arg-type]


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure in the format of the suffix: png (the default), svg or pdf. Raises ValueError if it cannot."""
    check_type("figure", figure, Figure, "a Matplotlib Figure")
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=150, format=Path(path).suffix[1:] or "png")
