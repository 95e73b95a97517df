"""The table of a report: a line per cell, as text, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from math import isnan
from textwrap import wrap
from typing import Any

from ..._support.text import bytes_shown, in_columns
from .grouped import Cell, Report, shown

MEASURED = ("connections", "bytes", "seconds", "itop", "jaccard", "sampled")
HEADINGS = {"gamma": "γ", "alpha": "α", "every": "ΔT", "connections": "budget", "guide": "guide", "per": "per"}
NAMES = {
    "connections": "active", "bytes": "memory", "seconds": "s/run", "itop": "ITOP", "jaccard": "J", "sampled": "S %",
}  # fmt: skip
MEANINGS = {
    "active": "connections at the end", "memory": "the most bytes of weights, indices and state",
    "ITOP": "share of connections ever active", "J": "Jaccard index of the first and the last mask",
    "S %": "|S|/|W|, share of connections that an update looks at",
}  # fmt: skip
FORMS: dict[str, Callable[[float], str]] = {
    "connections": lambda v: f"{v:,.0f}", "bytes": lambda v: bytes_shown(round(v)), "seconds": lambda v: f"{v:.2f}",
    "itop": lambda v: f"{v:.3f}", "jaccard": lambda v: f"{v:.3f}", "sampled": lambda v: f"{100 * v:.2g}",
}  # fmt: skip
ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "γ": r"$\gamma$", "α": r"$\alpha$",
    "Δ": r"$\Delta$", "—": "---", "|": r"$|$", "<": r"$<$", ">": r"$>$",
}  # fmt: skip


def as_text(report: Report, width: int = 80) -> str:
    """Mean ± 95 % interval of the score, and as many of the means measured beside it as fit into the width."""
    columns, lines = _table(report)
    own = len(report.varied or ("method",)) + 1
    for count in range(len(columns), own - 1, -1):
        text = in_columns(columns[:count], [line[:count] for line in lines])
        if max(map(len, text.splitlines())) <= width:
            break
    said = [f"{short}: {meaning}" for short, meaning in MEANINGS.items() if short in columns[:count]]
    return "\n".join([text, *wrap("; ".join(said), width)])


def as_latex(report: Report) -> str:
    """The same as a tabular with the rules of booktabs."""
    columns, lines = _table(report)
    own = len(report.varied) or 1
    rows = [" & ".join(map(escaped, line)) + r" \\" for line in [columns, *lines]]
    body = "\n".join(rows[1:])
    kinds = "l" * own + "r" * (len(columns) - own)
    return (f"% {report.name}: {report.origin}\n\\begin{{tabular}}{{{kinds}}}\n\\toprule\n"
            f"{rows[0]}\n\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n")  # fmt: skip


def as_csv(report: Report) -> str:
    """A line per cell with unrounded numbers: settings, mean and half interval of everything measured, seeds, failures.

    Accuracies are in %, memory in bytes, times in seconds; an empty field stands for no such number.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = list(report.cells[0].settings)
    numbers = ("score", *MEASURED)
    writer.writerow([*names, *(word for name in numbers for word in (_mean_of(name), f"{name}_half_interval")),
                     "seeds", "failed", "version", "revision"])  # fmt: skip
    for cell in report.cells:
        values = [number for name in numbers for number in (cell.mean(name), cell.interval(name))]
        row = cell.rows[-1]
        writer.writerow([*(_plain(cell.settings[name]) for name in names), *map(_blank, values), len(cell.rows),
                         cell.failed, row["version"], row["revision"] or ""])  # fmt: skip
    return file.getvalue()


def escaped(text: str) -> str:
    """A text in which LaTeX sees no command."""
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def _table(report: Report) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    names = report.varied or ("method",)
    present = [name for name in MEASURED if any(cell.values(name).size for cell in report.cells)]
    counts = {len(cell.rows) for cell in report.cells}
    extra = ["seeds"] if len(counts) > 1 else []
    columns = [HEADINGS.get(name, name) for name in names]
    columns += [report.measure.replace("(%)", "%"), *(NAMES[name] for name in present), *extra]
    lines = [
        [*(shown(cell.settings[name]).replace("_", " ") for name in names), _score(cell),
         *(FORMS[name](cell.mean(name)) if cell.values(name).size else "—" for name in present),
         *([str(len(cell.rows))] if extra else [])]
        for cell in report.cells
    ]  # fmt: skip
    return columns, lines


def _score(cell: Cell) -> str:
    digits = 1 if cell.rows[0]["measure"] == "accuracy" else 4
    half = cell.interval("score")
    return f"{cell.mean('score'):.{digits}f}" + ("" if isnan(half) else f" ± {half:.{digits}f}")


def _mean_of(name: str) -> str:
    return "mean_connections" if name == "connections" else name  # `connections` is a setting too


def _plain(value: Any) -> Any:
    return "" if value is None else shown(value) if isinstance(value, tuple) else value


def _blank(value: Any) -> Any:
    return "" if isinstance(value, float) and isnan(value) else value
