"""Small matrices, drawn cell by cell, so that every connection is visible."""

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from .._support.validation import as_array
from .style import DROPPED, GROWN, KEPT


def cells(axes: Any, values: ArrayLike, *, written: bool = True, colour: str = KEPT, title: str = "") -> None:
    """Draw a matrix: the cell (i, j) of each connection is filled, the darker the larger its |value|.

    values: (n_out, n_in), 0 or NaN where there is no connection. written: print the value in its cell.
    """
    a = np.nan_to_num(_matrix("values", values).astype(float))
    strongest = np.abs(a).max() or 1.0
    _frame(axes, a.shape, title)
    for (i, j), value in np.ndenumerate(a):
        if value:
            _cell(axes, i, j, colour, 0.25 + 0.65 * abs(value) / strongest)
            if written:
                axes.text(j, i, f"{value:.3g}", ha="center", va="center", fontsize=8)


def exchange(axes: Any, before: ArrayLike, after: ArrayLike, *, title: str = "") -> None:
    """Draw what one update did: connections kept (●), dropped (×), and grown (+), each in its own colour.

    before, after: (n_out, n_in), true where there is a connection.
    """
    was, now = _matrix("before", before).astype(bool), _matrix("after", after).astype(bool)
    if was.shape != now.shape:
        raise ValueError(f"before has shape {was.shape} and after {now.shape}; give the same layer twice")
    _frame(axes, was.shape, title)
    size = 60 * min(1, 12 / max(was.shape)) ** 2
    for name, there, colour, mark in (
        ("kept", was & now, KEPT, "o"), ("dropped", was & ~now, DROPPED, "x"), ("grown", now & ~was, GROWN, "P"),
    ):  # fmt: skip
        for i, j in np.argwhere(there):
            _cell(axes, i, j, colour, 0.35)
        i, j = np.nonzero(there)
        axes.scatter(j, i, s=size, color=colour, marker=mark, label=f"{name} ({there.sum()})")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)


def _matrix(name: str, values: ArrayLike) -> Any:
    a = as_array(name, values)
    if a.ndim != 2 or a.size == 0 or a.dtype.kind not in "biuf":
        raise ValueError(f"{name} has shape {a.shape} and dtype {a.dtype}; give (n_out, n_in) numbers")
    return a


def _frame(axes: Any, shape: tuple[int, ...], title: str) -> None:
    n_out, n_in = shape
    axes.set(xlim=(-0.5, n_in - 0.5), ylim=(n_out - 0.5, -0.5), aspect="equal", title=title)
    axes.set(xlabel="input j", ylabel="output i")
    few = n_in <= 16 and n_out <= 16
    axes.set_xticks(range(n_in) if few else [0, n_in - 1])
    axes.set_yticks(range(n_out) if few else [0, n_out - 1])
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set(visible=True, color="0.8")
    if few:
        for i in range(1, n_out):
            axes.axhline(i - 0.5, color="0.9", linewidth=0.8, zorder=0)
        for j in range(1, n_in):
            axes.axvline(j - 0.5, color="0.9", linewidth=0.8, zorder=0)


def _cell(axes: Any, i: int, j: int, colour: str, alpha: float) -> None:
    axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, color=colour, alpha=alpha, linewidth=0))
