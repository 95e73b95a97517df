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

FLOPS_NOTE = wrap(
    "f_S and f_D: FLOPs of a forward pass through the sparse network and through one with every connection; S: the "
    "candidates whose gradient is computed; ΔT: steps from one update to the next.",
    80,
)


def comparison_table(rows: Sequence[Row], data: str, sizes: Sequence[int], density: float) -> str:
    """One line per method under a heading that says what was trained; those that ever hold a dense layer apart."""
    seeds, accuracy = len(rows[0].histories), rows[0].measure == "accuracy"
    percent = 100 if accuracy else 1
    heading = f"{data}, {'-'.join(map(str, sizes))}, density {density:g}, {seeds} seed{'s' if seeds > 1 else ''}"
    digits = 1 if accuracy else 4
    cells = [
        (
            row.method,
            f"{percent * row.score:.{digits}f}" + ("" if seeds == 1 else f" ± {percent * row.interval:.{digits}f}"),
            f"{row.connections:,}",
            bytes_shown(row.peak_bytes),
            f"{row.seconds:.2f}",
        )
        for row in sorted(rows, key=lambda row: row.needs_dense)
    ]
    columns = ("method", "test accuracy %" if accuracy else "test loss", "connections", "weights + state", "s/run")
    heading = "\n".join(wrap(heading, 80))
    lines = in_columns(columns, cells).splitlines()
    sparse = sum(not row.needs_dense for row in rows)
    if 0 < sparse < len(rows):
        lines.insert(2 + sparse, "  … and these hold all n_in·n_out numbers of a layer at some time:")
    return "\n".join([heading, "", *lines, ""])


def method_table(methods: Iterable[Method], *, as_json: bool = False, markdown: bool = False) -> str:
    """What each record says of itself."""
    if as_json:
        return json.dumps([_parts(method) for method in methods], indent=2, ensure_ascii=False)
    columns = ("method", "drops by", "looks at", "grows by", "in short")
    rows = [
        (method.name, name_of(method.prune), name_of(method.candidates), name_of(method.score), method.summary)
        for method in methods
    ]
    if not markdown:
        return in_columns((columns[0], columns[-1]), [(row[0], row[-1]) for row in rows])
    lines = [columns, ("---",) * len(columns), *((f"`{name}`", *rest) for name, *rest in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def method_page(method: Method) -> str:
    """One record in full: a line for each of its parts."""
    lines = []
    for name, value in _parts(method).items():
        text = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        lines += wrap(f"{name.replace('_', ' '):22} {text}", 80, subsequent_indent=" " * 23)
    return "\n".join([*lines, "", *FLOPS_NOTE])


def source_table(found: Sequence[Source], *, as_json: bool = False) -> str:
    """Where each data set is, or where it was looked for and how to get it."""
    if as_json:
        return json.dumps(
            [
                {
                    "name": source.name,
                    "found": str(source.found) if source.found else None,
                    "looked_in": [str(folder) for folder in source.looked_in],
                    "how": source.how,
                }
                for source in found
            ],
            indent=2,
        )
    lines = []
    for source in found:
        lines.append(f"{source.name:14} {source.found or 'not found'}")
        if not source.found:
            lines += [f"{'':14} looked in {folder}" for folder in source.looked_in]
            lines += wrap(f"to get it: {source.how}", 80, initial_indent=" " * 15, subsequent_indent=" " * 17)
    return "\n".join(lines)


def theorem_table(found: Sequence[tuple[Theorem, Counted, float]]) -> str:
    """A line of figures per theorem, and its statement below; what fails to hold stands out."""
    lines = in_columns(
        ("theorem", "cases", "largest deviation", "allowed", "s", "holds"),
        [
            (theorem.name, f"{counted.cases:,}", f"{counted.deviation:.2g}", f"{theorem.tolerance:.2g}", f"{s:.1f}",
             "yes" if counted.deviation <= theorem.tolerance else "NO")
            for theorem, counted, s in found
        ],
    ).splitlines()  # fmt: skip
    table = lines[:2]
    for line, (theorem, _, _) in zip(lines[2:], found, strict=True):
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
        header.append(f"left out, for they cannot be imported: {', '.join(machine.missing)}")
    lines = [piece for line in header for piece in wrap(line, 80)]
    for part in result.parts:
        lines += ["", *wrap(part.title, 80), "", _part_table(part)]
        lines += [piece for note in part.notes for piece in wrap(note, 78, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join([*lines, ""])


def _part_table(part: Part) -> str:
    """The columns that any of its rows has."""
    present = {
        key: column for key, column in part.columns.items() if any(row.get(key) is not None for row in part.rows)
    }
    cells = [
        ["—" if row.get(key) is None else format(row[key], form) for key, (_, form) in present.items()]
        for row in part.rows
    ]
    return in_columns([heading for heading, _ in present.values()], cells)


def _parts(method: Method) -> dict[str, str | bool]:
    return {
        "name": method.name,
        "summary": method.summary,
        "paper": method.paper,
        "memory": method.memory,
        "flops": f"{method.flops.__doc__} per training sample",
        "needs_dense": method.needs_dense,
        "start": method.start,
        "format": method.format,
        "begin": name_of(method.begin),
        "prune": name_of(method.prune),
        "candidates": name_of(method.candidates),
        "score": name_of(method.score),
        "initial_weight": name_of(method.initial_weight) if method.dynamic else "—",
        "schedule": str(method.schedule) if method.dynamic else "—",
        "round": method.round,
        "scope": method.scope,
        "order": method.order.replace("_", " "),
        "regrow_pruned": method.regrow_pruned,
        "keep_value_on_regrow": method.keep_value_on_regrow,
        "skip_optimizer_step": method.skip_optimizer_step,
        "update": name_of(method.update),
        "update_step": name_of(method.update_step),
        "after_step": name_of(method.after_step),
        "rounds": ", ".join(f"{s:g}" for s in method.rounds) or "—",
    }
