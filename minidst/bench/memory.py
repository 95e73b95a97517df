"""Memory that training takes: resident and traced peak of every method as layers become wider."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from .one_run import Workload, in_a_fresh_process
from .peers import Peers
from .result import Part, Result, Say, Subject, curves, figure

TEXTBOOK = "rigl textbook"
GUIDED = ("gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2")
METHODS_MEASURED = ("dense", TEXTBOOK, "rigl", "set", "static", *GUIDED, "srigl")
WIDTHS, CONNECTIONS, BATCH = (1024, 2048, 4096, 8192, 16384, 32768, 65536), 500_000, 32
BOUND = 8 << 30  # bytes
DENSE_COPIES = 6  # of training: weights, momentum, gradient and the next one; of textbook RigL: what sorting copies
COLUMNS = {
    "method": ("method", "s"), "n": ("n", ",d"), "resident_mb": ("resident MB", ",.1f"),
    "traced_mb": ("traced MB", ",.1f"), "over_sparse": ("× sparse", ",.2f"), "over_dense": ("× dense", ",.3f"),
    "skipped": ("", "s"),
}  # fmt: skip
NOTES = (
    "resident: peak of the process beyond what it held after importing and compiling; traced: peak of Python's "
    "allocator; both of building the network and training it, in a fresh process per row.",
    "× sparse: traced over the sparse bound, the bytes of values, indices, optimizer state and activations of the "
    "static network; × dense: traced over the dense bound, Σ n_out·n_in·4 bytes.",
    f"What holds a dense layer is skipped where {DENSE_COPIES} of them pass {BOUND >> 30} GiB.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every method at every width; those that hold a dense layer only where it stays below the bound."""
    widths, connections = ((48,), 1500) if quick else (WIDTHS, CONNECTIONS)
    rows: list[dict[str, Any]] = []
    for n in widths:
        of_n = {}
        for name in ("static", "rigl") if quick else METHODS_MEASURED:
            say(f"{name}, n = {n:,}")
            of_n[name] = measure_one(name, n, connections, found.machine.threads)
        sparse = of_n["static"]["sparse_bound_mb"]
        for row in of_n.values():
            row["sparse_bound_mb"] = sparse
            if traced := row.get("traced_mb"):
                row |= {"over_sparse": traced / sparse, "over_dense": traced / row["dense_bound_mb"]}
        rows += of_n.values()
    title = f"784-n-n-10 with {connections:,} connections, B = {BATCH}, one topology update"
    settings = {"batch": BATCH, "connections": connections, "bound_bytes": BOUND, "quick": quick}
    return Result("memory", found.machine, [Part(title, COLUMNS, rows, NOTES)], settings)


def measure_one(name: str, n: int, connections: int, threads: int) -> dict[str, Any]:
    """The row of one method at one width."""
    textbook = name == TEXTBOOK
    method = "rigl" if textbook else name
    run = Workload((784, n, n, 10), connections, method, BATCH, textbook=textbook, threads=threads)
    row: dict[str, Any] = {"method": name, "n": n, "dense_bound_mb": run.dense_bytes / 1e6, "skipped": ""}
    if (textbook or name == "dense") and DENSE_COPIES * run.dense_bytes > BOUND:
        return row | {"skipped": "skipped"}
    measured = in_a_fresh_process(run)
    for key in ("resident", "traced", "training"):
        row[f"{key}_mb"] = measured[f"{key}_bytes"] and measured[f"{key}_bytes"] / 1e6
    reported = measured["reported"]
    sparse = sum(reported[key] for key in ("values", "indices", "optimizer_state", "activations"))
    row |= {"reported_mb": sum(reported.values()) / 1e6, "sparse_bound_mb": sparse / 1e6}
    return row | {"seconds_per_step": measured["seconds_per_step"]}


def draw(result: Result) -> Figure:
    """Traced peaks against the width, between the two bounds."""
    part = result.parts[0]
    picture, (axes,) = figure([part.title], "traced peak of building and training", result.machine)
    picture.set_size_inches(8, 5)
    widths = sorted({row["n"] for row in part.rows})
    series = [{"n": n, **{row["method"]: row.get("traced_mb") for row in part.rows if row["n"] == n}} for n in widths]
    curves(axes, series, "n", {row["method"]: row["method"] for row in part.rows})
    static = [row for row in part.rows if row["method"] == "static"]
    for key, label, dashes in (("dense_bound_mb", "dense bound", "--"), ("sparse_bound_mb", "sparse bound", ":")):
        axes.plot(widths, [row[key] for row in static], color="black", linestyle=dashes, label=label)
    axes.set(xlabel="width n", ylabel="memory (MB)")
    axes.legend(frameon=False, fontsize=7, loc="upper left", ncols=2)
    return picture


MEMORY = Subject("memory", "the memory that training takes, measured", measure, draw)
