"""Scale: a second thread, wider layers with the same number of connections, and a million neurons on demand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from ..data import load
from ..experiments.compare import compare
from ..formats import CSR
from ..kernels.threads import threads
from ..training.config import Config
from .one_run import Workload, in_a_fresh_process
from .peers import Peers
from .race import FULL, QUICK, Effort, race, samples, weight
from .result import Part, Result, Say, Subject, bars, curves, figure

BATCH, WIDTH, DENSITIES = 128, 4096, (0.2, 0.05, 0.01)
WIDTHS_TITLE = "wider layers, as many connections: "
THREADS = {
    "n": ("n", ",d"), "density": ("density", "g"), "busy": ("other load", "s"), "one_ms": ("1 thread ms", ".2f"),
    "many_ms": ("all threads ms", ".2f"), "speedup": ("times as fast", ".2f"),
}  # fmt: skip
WIDTHS = {
    "width": ("n", ",d"), "factor": ("×", "d"), "sparsity": ("sparsity", ".1%"), "accuracy": ("accuracy %", ".2f"),
    "interval": ("± 95 %", ".2f"), "seconds": ("s/run", ".1f"), "held_mb": ("weights + state MB", ".2f"),
}  # fmt: skip
MILLION = {
    "sizes": ("network", "s"), "connections": ("connections", ",d"), "batch": ("B", "d"), "steps": ("steps", "d"),
    "seconds_per_step": ("s/step", ".2f"), "seconds": ("s in all", ".0f"), "process_gb": ("peak of process GB", ".2f"),
}  # fmt: skip


@dataclass(frozen=True)
class WidthStudy:
    """data: a name; width: of the two hidden layers where the network is dense; factors: by which they are widened."""

    data: str
    width: int
    factors: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    seeds: int = 5
    config: Config = Config()  # noqa: RUF009  frozen itself


QUICK_STUDIES = (WidthStudy("digits", 8, (1, 2), 1, Config(epochs=1, batch=256)),)
STUDIES = (
    WidthStudy("digits", 32),
    WidthStudy("fashion-mnist", 64, (1, 2, 4, 8, 16), 3, Config(epochs=10, batch=128, lr=0.05)),
)


def measure(found: Peers, say: Say, *, quick: bool = False, neurons: int = 0, connections: int = 0,
            steps: int = 0) -> Result:  # fmt: skip
    """Threads and widths; or, with `neurons` of a network's two hidden layers together, one long run of that alone."""
    if neurons:
        return Result("scale", found.machine, [many_neurons(neurons, connections, steps, found.machine.threads, say)])
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
                    row = {"n": n, "density": density, "busy": f"{count} processes" if loaded else "none"}
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


def width_study(study: WidthStudy, say: Say) -> Part | None:
    """gse-grabo at every width with the same number of connections, from the seeds 0, 1, …; None without the data.

    Source: Memory efficient dynamic sparse training, section 4.4.
    """
    try:
        data = load(study.data)
    except ValueError as error:
        say(f"{study.data} left out: {error}")
        return None
    ends = data.features + data.classes  # a dense network features-n-n-classes has n·(ends + n) connections
    connections = study.width * (ends + study.width)
    rows = []
    for factor in study.factors:
        width = factor * study.width
        say(f"{data.name}, width {width}")
        density = connections / (width * (ends + width))
        (row,) = compare(data, ["gse-grabo"], hidden=(width, width), density=density, seeds=study.seeds,
                         config=study.config)  # fmt: skip
        interval = None if np.isnan(row.interval) else 100 * row.interval
        rows.append({"width": width, "factor": factor, "sparsity": 1 - density, "accuracy": 100 * row.score,
                     "interval": interval, "seconds": row.seconds, "held_mb": row.peak_bytes / 1e6})  # fmt: skip
    title = f"{WIDTHS_TITLE}{data.name}, {data.features}-n-n-{data.classes}, {connections:,} connections"
    note = f"gse-grabo; seeds: {study.seeds}; epochs: {study.config.epochs}; at factor 1 the network is dense."
    return Part(title, WIDTHS, rows, (note,))


def many_neurons(neurons: int, connections: int, steps: int, count: int, say: Say) -> Part:
    """gse-grabo on two hidden layers of neurons/2 each, in a fresh process; an update at every third of the steps."""
    sizes = (784, neurons // 2, neurons // 2, 10)
    run = Workload(sizes, connections, "gse-grabo", BATCH, steps, max(1, steps // 3), traced=False, threads=count)
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


SCALE = Subject("scale", "more of everything", measure, draw)
