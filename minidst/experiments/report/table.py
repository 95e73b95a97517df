"""The table of a report, a line per cell, as text, CSV or LaTeX."""

import csv
import io
from collections.abc import Callable, Sequence
from math import isnan
from textwrap import wrap

from ..._support.text import bytes_shown, in_columns
from .grouped import Cell, Report, setting_text

SETTING_HEADINGS = {"gamma": "γ", "alpha": "α", "every": "ΔT", "connections": "budget"}
MEASURED: dict[str, tuple[str, Callable[[float], str], str]] = {
    "connections": ("active", "{:,.0f}".format, "connections at the end"),
    "bytes": ("memory", lambda v: bytes_shown(round(v)), "the most bytes of weights, indices and state"),
    "seconds": ("s/run", "{:.2f}".format, ""),
    "itop": ("ITOP", "{:.3f}".format, "share of connections ever active"),
    "jaccard": ("J", "{:.3f}".format, "Jaccard index of the first and the last mask"),
    "sampled": ("S %", lambda v: f"{100 * v:.2g}", "|S|/|W|, share of connections that an update looks at"),
}
"""Measured column → its heading, how its mean is printed, and the note below the table."""
LATEX = str.maketrans({  # for str.translate: what has a meaning in LaTeX, and what it writes in another way
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "γ": r"$\gamma$", "α": r"$\alpha$",
    "Δ": r"$\Delta$", "—": "---", "|": r"$|$", "<": r"$<$", ">": r"$>$",
})  # fmt: skip


def as_text(report: Report, width: int = 80) -> str:
    """Mean ± 95 % interval of the score, and as many of the other means as fit into the width."""
    columns, lines = _table(report)
    for count in range(len(columns), len(report.varied or ("method",)), -1):  # at least the settings and the score
        text = in_columns(columns[:count], [line[:count] for line in lines])
        if max(map(len, text.splitlines())) <= width:
            break
    notes = [f"{heading}: {note}" for heading, _, note in MEASURED.values() if note and heading in columns[:count]]
    return "\n".join([text, *wrap("; ".join(notes), width)])


def as_latex(report: Report) -> str:
    """The same as a tabular with the rules of booktabs."""
    columns, lines = _table(report)
    settings = len(report.varied) or 1
    heading, *rows = (" & ".join(cell.translate(LATEX) for cell in line) + r" \\" for line in [columns, *lines])
    body = "\n".join(rows)
    alignment = "l" * settings + "r" * (len(columns) - settings)
    return (f"% {report.name}: {report.origin}\n\\begin{{tabular}}{{{alignment}}}\n\\toprule\n"
            f"{heading}\n\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n")  # fmt: skip


def as_csv(report: Report) -> str:
    """A line per cell with unrounded numbers: settings, mean and half interval of every measure, seeds, failures. Units
    are % for accuracies, bytes and seconds; a field without a number is empty.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    numbers = ("score", *MEASURED)
    headings = [heading for name in numbers for heading in (name, f"{name}_half_interval")]
    headings[headings.index("connections")] = "mean_connections"  # `connections` is a setting too
    writer.writerow([*report.cells[0].settings, *headings, "seeds", "failed", "version", "revision"])
    for cell in report.cells:
        settings = [setting_text(value) if isinstance(value, tuple) else value for value in cell.settings.values()]
        values = [number for name in numbers for number in (cell.mean(name), cell.interval(name))]
        row = cell.rows[-1]
        writer.writerow([*settings, *("" if isnan(value) else value for value in values), len(cell.rows), cell.failed,
                         row["version"], row["revision"]])  # fmt: skip
    return file.getvalue()


def _table(report: Report) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    names = report.varied or ("method",)
    present = {name: MEASURED[name] for name in MEASURED if any(cell.values(name).size for cell in report.cells)}
    with_seeds = len({len(cell.rows) for cell in report.cells}) > 1
    columns = [*(SETTING_HEADINGS.get(name, name) for name in names), report.measure.replace("(%)", "%"),
               *(heading for heading, _, _ in present.values()), *(["seeds"] if with_seeds else [])]  # fmt: skip
    lines = [
        [*(setting_text(cell.settings[name]).replace("_", " ") for name in names), _score(cell),
         *(text(cell.mean(name)) if cell.values(name).size else "—" for name, (_, text, _) in present.items()),
         *([str(len(cell.rows))] if with_seeds else [])]
        for cell in report.cells
    ]  # fmt: skip
    return columns, lines


def _score(cell: Cell) -> str:
    digits = 1 if cell.rows[0]["measure"] == "accuracy" else 4
    half = cell.interval("score")
    return f"{cell.mean('score'):.{digits}f}" + ("" if isnan(half) else f" ± {half:.{digits}f}")
