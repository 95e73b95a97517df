"""What topology updates cost: each method's against a training step, and how it grows with the width of a layer."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..dst import METHODS, Method, exchange, method, update_topology
from ..kernels.threads import one_blas_thread
from ..models.mlp import mlp
from ..nn import Network
from .clock import FULL, QUICK, Effort, race
from .operands import samples
from .peers import Peers
from .picture import bars, curves, figure
from .result import Part, Result, Say
from .step import BATCH, NETWORKS, QUICK_NETWORKS, batch, ours

PEERS: tuple[str, ...] = ()
EVERY = 100  # ΔT
LEARNING_RATE = 0.01
CURVES = {"gse-grabo": "GSE (grabo)", "rigl": "RigL"}
WIDTHS, CONNECTIONS = (1024, 2048, 4096, 8192, 16384), 200_000
COSTS = {
    "method": ("method", "s"),
    "step_ms": ("step ms", ".2f"),
    "update_ms": ("update ms", ".2f"),
    "steps": ("= steps", ".1f"),
    "share": ("share of training", ".1%"),
}
GROWTH = {
    "n": ("n", ",d"),
    "density": ("density", ".3g"),
    **{f"{name}_ms": (f"{label} ms", ".2f") for name, label in CURVES.items()},
}


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """A table of methods per network, then one of widths."""
    effort = QUICK if quick else FULL
    networks = QUICK_NETWORKS if quick else (NETWORKS[0], NETWORKS[2])
    parts = [costs(sizes, density, effort, say) for sizes, density in networks]
    parts.append(growth((32, 64) if quick else WIDTHS, 500 if quick else CONNECTIONS, effort, say))
    return Result("update", found.machine, parts, {"batch": BATCH, "every": EVERY, "quick": quick})


def costs(sizes: tuple[int, ...], density: float, effort: Effort, say: Say) -> Part:
    """What every method that rewires a sparse network adds to the training of a static one."""
    names = ["static", *(name for name, record in METHODS.items() if record.dynamic and record.start == "sparse")]
    x, y = batch(sizes)
    nets = {name: mlp(sizes, density=density, method=name) for name in names}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    say("-".join(map(str, sizes)))
    for name, net in nets.items():
        if begin := METHODS[name].begin:
            begin(net, lambda: iter([(x.T, y)]), net.rng)
    for r in range(effort.rounds + 1):
        for name, net in nets.items():
            seconds = _step_and_update(net, method(name), x, y)
            if r:  # the first round compiles
                taken[name].append(seconds)
    steps, updates = ({name: 1e3 * float(np.median(taken[name], axis=0)[i]) for name in names} for i in (0, 1))
    rows = []
    for name in names:
        every_step = steps[name] - steps["static"] if METHODS[name].after_step else 0.0
        row = {"method": name, "step_ms": steps[name], "update_ms": updates[name] if METHODS[name].dynamic else None}
        if METHODS[name].dynamic:
            row |= {"steps": updates[name] / steps["static"]}
            row |= {"share": (updates[name] / EVERY + every_step) / steps["static"]}
        rows.append(row)
    note = (
        f"share of training: what the method adds to a step of the static network, an update every {EVERY} steps, at "
        "the α its record starts with; an update includes the next pass's view of the new topology by columns."
    )
    title = f"{'-'.join(map(str, sizes))}, density {density:g}, {nets['static'].connections:,} connections, B = {BATCH}"
    return Part(title, COSTS, rows, (note,))


def _step_and_update(net: Network, record: Method, x: Any, y: Any) -> tuple[float, float]:
    """Seconds of a step, with what the method does after each, and of an update with the column views it costs."""
    step = ours(net, x, y, LEARNING_RATE)
    step()
    start = perf_counter()
    step()
    if record.after_step:
        record.after_step(net, LEARNING_RATE, net.rng)
    between = perf_counter()
    if record.dynamic:
        with one_blas_thread():
            update_topology(net, record, record.schedule.alpha, net.rng)
        for layer in net.sparse:
            layer.W.columns  # noqa: B018  built at the first use
    return between - start, perf_counter() - between


def growth(widths: tuple[int, ...], connections: int, effort: Effort, say: Say) -> Part:
    """The update of a single layer as it becomes wider, with as many connections."""
    rows = []
    for n in widths:
        say(f"one layer, n = {n}")
        times = race({name: _updater(n, connections, method(name)) for name in CURVES}, effort)
        rows.append({"n": n, "density": connections / n**2} | {f"{k}_ms": 1e3 * t.median for k, t in times.items()})
    first, last = rows[-2], rows[-1]
    slopes = []
    for name, label in CURVES.items():
        longer, wider = last[f"{name}_ms"] / first[f"{name}_ms"], last["n"] / first["n"]
        slopes.append(f"{label}'s grows as n to the {np.log(longer) / np.log(wider):.1f}")
    title = f"update of one n × n layer of {connections:,} connections, B = {BATCH}"
    return Part(title, GROWTH, rows, (f"Over the last two widths {' and '.join(slopes)}.",))


def _updater(n: int, connections: int, record: Method) -> Any:
    net = mlp((n, n), density=connections / n**2, method=record)
    (layer,) = net.sparse
    layer.X, layer.DY = samples(n, BATCH), samples(n, BATCH)[::-1].copy()
    layer.weight.grad = layer.W.grad(layer.DY, layer.X)

    def run() -> None:
        with one_blas_thread():
            exchange(layer, record, 0.3, net.rng, net)

    return run


def draw(result: Result) -> Figure:
    """The shares of the last network's methods, and the curves over the width."""
    *tables, widths = result.parts
    titles = [part.title.removesuffix(f", B = {BATCH}") for part in (tables[-1], widths)]
    picture, (left, right) = figure(titles, f"topology updates, ΔT = {EVERY}, B = {BATCH}", result.machine)
    dynamic = [row for row in tables[-1].rows if "share" in row]
    bars(left, [row["method"] for row in dynamic], [100 * row["share"] for row in dynamic])
    left.set(xlabel="added to training (% of a static step)", xscale="log")
    curves(right, widths.rows, "n", {f"{name}_ms": label for name, label in CURVES.items()})
    right.set(xlabel="width n", ylabel="time of an update (ms)")
    return picture
