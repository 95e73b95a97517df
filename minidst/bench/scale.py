"""More of everything: a second thread, wider layers at as many connections, and a million neurons on demand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..formats import CSR
from ..kernels.threads import threads
from .clock import FULL, QUICK, Effort, race
from .one_run import Workload, in_a_fresh_process
from .operands import samples, weight
from .peers import Peers
from .picture import bars, curves, figure
from .result import Part, Result, Say
from .widths import QUICK_STUDIES, STUDIES, WIDTHS_TITLE, width_study

PEERS: tuple[str, ...] = ()
BATCH, WIDTH, DENSITIES = 128, 4096, (0.2, 0.05, 0.01)
THREADS = {
    "n": ("n", ",d"),
    "density": ("density", "g"),
    "busy": ("other load", "s"),
    "one_ms": ("1 thread ms", ".2f"),
    "many_ms": ("all threads ms", ".2f"),
    "speedup": ("times as fast", ".2f"),
}
MILLION = {
    "sizes": ("network", "s"),
    "connections": ("connections", ",d"),
    "batch": ("B", "d"),
    "steps": ("steps", "d"),
    "seconds_per_step": ("s/step", ".2f"),
    "seconds": ("s in all", ".0f"),
    "process_gb": ("peak of process GB", ".2f"),
}


def measure(
    found: Peers, say: Say, *, quick: bool = False, neurons: int = 0, connections: int = 0, steps: int = 0
) -> Result:
    """Threads and widths; or, with `neurons` of a network's two hidden layers together, one long run of that alone."""
    if neurons:
        return Result("scale", found.machine, [many_neurons(neurons, connections, steps, found, say)])
    count = max(2, found.machine.threads)
    parts = [two_threads(count, QUICK if quick else FULL, 64 if quick else WIDTH, say, busy=not quick)]
    parts += [part for study in (QUICK_STUDIES if quick else STUDIES) if (part := width_study(study, say))]
    return Result("scale", replace(found.machine, threads=count), parts, {"batch": BATCH, "quick": quick})


def two_threads(count: int, effort: Effort, n: int, say: Say, *, busy: bool) -> Part:
    """A layer forward and backward on one thread and on `count`, in turn, on the machine as it is and on a busy one."""
    rows, before = [], threads()
    try:
        for loaded in (False, True) if busy else (False,):
            with spinning(count if loaded else 0):
                for density in DENSITIES:
                    say(f"{count} threads, density {density:g}" + (", busy" if loaded else ""))
                    times = race({"one": _layer(n, density, 1), "many": _layer(n, density, count)}, effort)
                    row: dict[str, Any] = {"n": n, "density": density}
                    row["busy"] = f"{count} processes" if loaded else "none"
                    row |= {f"{name}_ms": 1e3 * taken.median for name, taken in times.items()}
                    rows.append(row | {"speedup": times["one"].over(times["many"])})
    finally:
        threads(before)
    title = f"one layer, forward and backward, B = {BATCH}, on one thread and on {count}"
    note = "other load: processes that do nothing but count, as many as threads; none: what the machine had anyway."
    return Part(title, THREADS, rows, (note,))


def _layer(n: int, density: float, count: int) -> Callable[[], None]:
    W, X, DY, bias = weight(CSR, (n, n), density), samples(n, BATCH), samples(n, BATCH), np.zeros(n, np.float32)

    def run() -> None:
        threads(count)
        W.affine(X, bias)
        W.backward(DY, X)

    return run


@contextmanager
def spinning(processes: int) -> Iterator[None]:
    """Keep that many processes counting within the block."""
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def many_neurons(neurons: int, connections: int, steps: int, found: Peers, say: Say) -> Part:
    """gse-grabo on two hidden layers of neurons/2 each, in a fresh process; an update at every third of the steps."""
    sizes = (784, neurons // 2, neurons // 2, 10)
    run = Workload(sizes, connections, "gse-grabo", BATCH, steps, max(1, steps // 3), traced=False,
              threads=found.machine.threads)  # fmt: skip
    say(f"{neurons:,} neurons")
    measured = in_a_fresh_process(run)
    row = {"sizes": "-".join(map(str, sizes)), "connections": connections, "batch": BATCH, "steps": steps, **measured}
    row["process_gb"] = measured["process_bytes"] and measured["process_bytes"] / 1e9
    note = f"Dense, its weights alone would take {run.dense_bytes / 1e9:,.1f} GB."
    return Part("many neurons: gse-grabo, SGD with momentum, float32", MILLION, [row], (note,))


def draw(result: Result) -> Figure:
    """Speed-ups, then a curve of accuracy per data set; or the memory of the one run."""
    first, *studies = result.parts
    titles = [first.title, *(study.title.removeprefix(WIDTHS_TITLE) for study in studies)]
    picture, (left, *panels) = figure(titles, "scale", result.machine)
    if "speedup" in first.columns:
        labels = [f"density {row['density']:g}" + ("" if row["busy"] == "none" else ", busy") for row in first.rows]
        bars(left, labels, [row["speedup"] for row in first.rows])
        left.set(xlabel="speed-up by threads (times)")
    else:
        bars(left, [row["sizes"] for row in first.rows], [row["process_gb"] for row in first.rows])
        left.set(xlabel="peak of the process (GB)")
    for axes, study in zip(panels, studies, strict=True):
        curves(axes, study.rows, "width", {"accuracy": "test accuracy"})
        axes.set(xlabel="width n", ylabel="accuracy (%)", yscale="linear")
    return picture
