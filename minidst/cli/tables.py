"""Tables of plain text for 80 columns, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from textwrap import wrap

from .._support.text import bytes_shown, in_columns
from ..bench.result import Part, Result
from ..data import Source
from ..dst import Method
from ..dst.method import name_of
from ..experiments.compare import Row
from ..experiments.sweep import Study
from ..verify import Counted, Theorem

PARTS = (
    *("name", "summary", "paper", "memory", "flops", "needs_dense", "start", "format", "begin", "prune", "candidates"),
    *("score", "initial_weight", "schedule", "round", "scope", "order", "regrow_pruned", "keep_value_on_regrow"),
    *("skip_optimizer_step", "update", "update_step", "after_step", "rounds"),
)


def comparison_table(rows: Sequence[Row], data: str, sizes: Sequence[int], density: float) -> str:
    """A heading that says what was trained, and a line per method; those that ever hold a dense layer come last."""
    seeds, accuracy = len(rows[0].histories), rows[0].measure == "accuracy"
    percent, digits = (100, 1) if accuracy else (1, 4)
    heading = f"{data}, {'-'.join(map(str, sizes))}, density {density:g}, {seeds} seed{'s' if seeds > 1 else ''}"
    columns = ("method", "test accuracy %" if accuracy else "test loss", "connections", "weights + state", "s/run")
    cells = []
    for row in sorted(rows, key=lambda row: row.needs_dense):
        interval = "" if seeds == 1 else f" ± {percent * row.interval:.{digits}f}"
        score = f"{percent * row.score:.{digits}f}{interval}"
        cells.append((row.method, score, f"{row.connections:,}", bytes_shown(row.peak_bytes), f"{row.seconds:.2f}"))
    lines = in_columns(columns, cells).splitlines()
    sparse = sum(not row.needs_dense for row in rows)
    if 0 < sparse < len(rows):
        lines.insert(2 + sparse, "methods that need dense memory:")
    return "\n".join([*wrap(heading, 80), "", *lines, ""])


def method_table(methods: Iterable[Method], *, as_json: bool = False, markdown: bool = False) -> str:
    """A line per record: its name and summary, in Markdown also how it prunes and grows; or JSON of all its parts."""
    if as_json:
        return json.dumps([_parts(method) for method in methods], indent=2, ensure_ascii=False)
    if not markdown:
        return in_columns(("method", "in short"), [(method.name, method.summary) for method in methods])
    lines = [("method", "drops by", "looks at", "grows by", "in short"), ("---",) * 5]
    for method in methods:
        prune, candidates, score = map(name_of, (method.prune, method.candidates, method.score))
        lines.append((f"`{method.name}`", prune, candidates, score, method.summary))
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def method_page(method: Method) -> str:
    """One record in full: a line for each of its parts."""
    lines = []
    for name, value in _parts(method).items():
        text = ("yes" if value else "no") if isinstance(value, bool) else value
        lines += wrap(f"{name.replace('_', ' '):22} {text}", 80, subsequent_indent=" " * 23)
    note = ("f_S and f_D: FLOPs of a forward pass through the sparse network and through one with every connection; "
            "S: the candidates whose gradient is computed; ΔT: steps from one update to the next.")  # fmt: skip
    return "\n".join([*lines, "", *wrap(note, 80)])


def _parts(method: Method) -> dict[str, str | bool]:
    """The record's PARTS, functions by their names."""
    parts = {name: getattr(method, name) for name in PARTS}
    parts = {name: value if isinstance(value, str | bool) else name_of(value) for name, value in parts.items()}
    parts["flops"] = f"{method.flops.__doc__} per training sample"
    parts["schedule"] = str(method.schedule)
    parts["order"] = method.order.replace("_", " ")
    parts["rounds"] = ", ".join(f"{s:g}" for s in method.rounds) or "—"
    return parts if method.dynamic else parts | {"initial_weight": "—", "schedule": "—"}


def source_table(found: Sequence[Source], *, as_json: bool = False) -> str:
    """Where each data set is, or where it was looked for and how to get it."""
    if as_json:
        sources = [{"name": source.name, "found": str(source.found) if source.found else None,
                    "looked_in": [str(folder) for folder in source.looked_in], "how": source.how}
                   for source in found]  # fmt: skip
        return json.dumps(sources, indent=2)
    lines = []
    for source in found:
        lines.append(f"{source.name:14} {source.found or 'not found'}")
        if not source.found:
            lines += [f"{'':14} looked in {folder}" for folder in source.looked_in]
            lines += wrap(f"to get it: {source.how}", 80, initial_indent=" " * 15, subsequent_indent=" " * 17)
    return "\n".join(lines)


def theorem_table(found: Sequence[tuple[Theorem, Counted, float]]) -> str:
    """A line of figures per theorem and its statement below; NO marks one that does not hold."""
    cells = [(theorem.name, f"{counted.cases:,}", f"{counted.deviation:.2g}", f"{theorem.tolerance:.2g}", f"{s:.1f}",
              "yes" if counted.deviation <= theorem.tolerance else "NO") for theorem, counted, s in found]  # fmt: skip
    columns = ("theorem", "cases", "largest deviation", "allowed", "s", "holds")
    heading, rule, *lines = in_columns(columns, cells).splitlines()
    table = [heading, rule]
    for line, (theorem, _, _) in zip(lines, found, strict=True):
        table += [line, *wrap(theorem.statement, 78, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join(table)


def study_table(studies: Sequence[Study], *, as_json: bool = False) -> str:
    """A line per study: its name, how many runs it has here, and its title."""
    if as_json:
        return json.dumps([{"name": study.name, "runs": len(study.trials), "title": study.title,
                            "source": study.source} for study in studies], indent=2, ensure_ascii=False)  # fmt: skip
    rows = [(study.name, f"{len(study.trials):,}", study.title) for study in studies]
    return in_columns(("study", "runs", "what it asks"), rows)


def bench_table(result: Result) -> str:
    """Every table of a bench, under the machine, the threads and the versions it was measured with."""
    machine = result.machine
    load = "" if machine.load is None else f", load {machine.load:g} before"
    header = [
        f"{machine.cpu}, {machine.cores} cores, {machine.threads} thread{'s' if machine.threads > 1 else ''}{load}",
        ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
    ]
    if machine.missing:
        header.append(f"left out because they cannot be imported: {', '.join(machine.missing)}")
    lines = [piece for line in header for piece in wrap(line, 80)]
    for part in result.parts:
        lines += ["", *wrap(part.title, 80), "", _part_table(part)]
        lines += [piece for note in part.notes for piece in wrap(note, 78, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join([*lines, ""])


def _part_table(part: Part) -> str:
    """The columns that any of its rows has."""
    present = {key for row in part.rows for key, value in row.items() if value is not None}
    columns = {key: column for key, column in part.columns.items() if key in present}
    cells = [["—" if row.get(key) is None else format(row[key], form) for key, (_, form) in columns.items()]
             for row in part.rows]  # fmt: skip
    return in_columns([heading for heading, _ in columns.values()], cells)
