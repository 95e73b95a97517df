"""Training steps compared with masks over dense PyTorch, and what the topology updates of each method add to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..dst import METHODS, Method, exchange, method, update_topology
from ..kernels.arrays import Float
from ..kernels.dense import as_columns
from ..kernels.threads import one_blas_thread
from ..models.mlp import mlp
from ..nn import SGD, Network
from .peers import Peers
from .race import BATCHES, FULL, QUICK, Effort, figures, per_sample, race, samples
from .result import Part, Result, Say, Subject, bar_row, bars, curves, draw_batches, figure

BATCH, LEARNING_RATE = 128, 0.01
NETWORKS = ((784, 1000, 1000, 1000, 10), 0.045), ((3072, 1024, 512, 10), 0.063), ((3072, 4096, 4096, 10), 0.012)
QUICK_NETWORKS = (((16, 32, 32, 10), 0.3),)
NAMES = {"ours": "ours", "masked": "PyTorch masked", "dense": "PyTorch dense"}
COLUMNS = {
    "network": ("network", "s"), "connections": ("connections", ",d"), "density": ("density", ".3f"),
    "ours_ms": ("ours ms", ".2f"), "masked_ratio": ("masked", ".1f"), "dense_ratio": ("dense", ".1f"),
}  # fmt: skip
BATCH_COLUMNS = {
    "B": ("B", ",d"), "ours_sample_us": ("ours µs/sample", ".1f"), "masked_ratio": ("masked", ".1f"),
    "dense_ratio": ("dense", ".1f"),
}  # fmt: skip
NOTES = (
    "masked, dense: how many times as long as ours PyTorch takes. Masked: weights times masks in the forward pass, by "
    "which gradients are masked too, as codes of RigL and SET do; dense: without the masks.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """One row per network, then the first network at every batch size."""
    effort, networks = QUICK if quick else FULL, QUICK_NETWORKS if quick else NETWORKS
    rows, batches = [], []
    for sizes, density in networks:
        network = "-".join(map(str, sizes))
        say(network)
        net, times = timed(sizes, density, BATCH, found, effort)
        rows.append({"network": network, "connections": net.connections, "density": density, **figures(times, "ours")})
    sizes, density = networks[0]
    for B in (1, 10) if quick else BATCHES:
        say(f"B = {B}")
        _, times = timed(sizes, density, B, found, effort)
        batches.append({"B": B, **figures(times, "ours"), **per_sample(times, B)})
    title = f"one training step, cross-entropy, SGD with momentum, ERK allocation, B = {BATCH}, float32"
    parts = [
        Part(title, COLUMNS, rows, NOTES),
        Part(f"the same of {rows[0]['network']} at every batch size B", BATCH_COLUMNS, batches),
    ]
    return Result("step", found.machine, parts, {"batch": BATCH, "quick": quick})


def timed(sizes: tuple[int, ...], density: float, B: int, found: Peers, effort: Effort) -> tuple[Network, Any]:
    """A sparse network, and the times of its step and of PyTorch's."""
    net = mlp(sizes, density=density, method="set")
    x, y = batch(sizes, B)
    contestants = {"ours": ours(net, x, y)}
    if "torch" in found:
        contestants["masked"] = torch_step(found["torch"], net, x, y, masked=True)
        contestants["dense"] = torch_step(found["torch"], net, x, y, masked=False)
    return net, race(contestants, effort)


def batch(sizes: Sequence[int], B: int = BATCH) -> tuple[Float, Any]:
    """(x, y): random samples in rows and their labels."""
    rng = np.random.default_rng(1)
    return rng.standard_normal((B, sizes[0]), np.float32), rng.integers(sizes[-1], size=B)


def ours(net: Network, x: Float, y: Any) -> Callable[[], None]:
    """What `minidst.train` does in a step without a topology update."""
    optimizer = SGD()

    def step() -> None:
        with one_blas_thread():
            Z = net.forward(as_columns(x, np.arange(len(x)), net.dtype), training=True)
            _, DZ = net.loss(Z, y)
            net.backward(DZ)
            optimizer.step(list(net.parameters()), LEARNING_RATE)

    return step


def torch_step(torch: Any, net: Network, x: Float, y: Any, *, masked: bool) -> Callable[[], None]:
    """The same network and the same optimizer in PyTorch, over dense weights."""
    F = torch.nn.functional
    weights = [torch.tensor(layer.W.to_dense()).requires_grad_(True) for layer in net.sparse]
    biases = [torch.tensor(layer.bias.values).requires_grad_(True) for layer in net.sparse]
    masks = [(w != 0).float() for w in weights]
    optimizer = torch.optim.SGD([*weights, *biases], lr=LEARNING_RATE, momentum=0.9, weight_decay=5e-4)
    samples, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> None:
        h = samples
        for l, (w, b, mask) in enumerate(zip(weights, biases, masks, strict=True)):
            h = F.linear(F.relu(h) if l else h, w * mask if masked else w, b)
        loss = F.cross_entropy(h, labels, label_smoothing=0.02)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def draw(result: Result) -> Figure:
    """Bars for each network, and the time of a sample against the batch size."""
    networks, batches = (part.rows for part in result.parts)
    titles = ["{network}, {connections:,} connections, B = {B}".format(**row, B=BATCH) for row in networks]
    picture, panels = figure([*titles, networks[0]["network"]], "one training step", result.machine)
    for axes, row in zip(panels, networks, strict=False):
        bar_row(axes, row, NAMES)
    draw_batches(panels[len(networks)], batches, NAMES)
    return picture


STEP = Subject("step", "whole training steps", measure, draw, ("torch",))

# topology updates: each method's, in training steps, and how two of them grow with the width of a layer

EVERY = 100  # ΔT
CURVES = {"gse-grabo": "GSE (grabo)", "rigl": "RigL"}
WIDTHS, CONNECTIONS = (1024, 2048, 4096, 8192, 16384), 200_000
COSTS = {
    "method": ("method", "s"), "step_ms": ("step ms", ".2f"), "update_ms": ("update ms", ".2f"),
    "steps": ("= steps", ".1f"), "share": ("share of training", ".1%"),
}  # fmt: skip
GROWTH = {
    "n": ("n", ",d"), "density": ("density", ".3g"),
    **{f"{name}_ms": (f"{label} ms", ".2f") for name, label in CURVES.items()},
}  # fmt: skip


def measure_updates(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """A table of methods per network, then one of widths."""
    effort = QUICK if quick else FULL
    networks = QUICK_NETWORKS if quick else (NETWORKS[0], NETWORKS[2])
    parts = [costs(sizes, density, effort, say) for sizes, density in networks]
    parts.append(growth((32, 64) if quick else WIDTHS, 500 if quick else CONNECTIONS, effort, say))
    return Result("update", found.machine, parts, {"batch": BATCH, "every": EVERY, "quick": quick})


def costs(sizes: tuple[int, ...], density: float, effort: Effort, say: Say) -> Part:
    """What every method that rewires a sparse network adds to the training of a static one."""
    records = {"static": METHODS["static"]}
    records |= {name: record for name, record in METHODS.items() if record.dynamic and record.start == "sparse"}
    x, y = batch(sizes)
    nets = {name: mlp(sizes, density=density, method=name) for name in records}
    network = "-".join(map(str, sizes))
    say(network)
    for name, net in nets.items():
        if begin := records[name].begin:
            begin(net, lambda: iter([(x.T, y)]), net.rng)
    taken = [[_step_and_update(net, records[name], x, y) for name, net in nets.items()]
             for _ in range(effort.rounds + 1)]  # fmt: skip
    times = (1e3 * np.median(taken[1:], axis=0)).tolist()  # the first round compiles
    static = times[0][0]
    rows = []
    for (name, record), (step, update) in zip(records.items(), times, strict=True):
        row: dict[str, Any] = {"method": name, "step_ms": step, "update_ms": None}
        if record.dynamic:
            every_step = step - static if record.after_step else 0.0
            row |= {"update_ms": update, "steps": update / static, "share": (update / EVERY + every_step) / static}
        rows.append(row)
    note = (
        f"share of training: what the method adds to a step of the static network, an update every {EVERY} steps, at "
        "the α its record starts with; an update includes the next pass's view of the new topology by columns."
    )
    title = f"{network}, density {density:g}, {nets['static'].connections:,} connections, B = {BATCH}"
    return Part(title, COSTS, rows, (note,))


def _step_and_update(net: Network, record: Method, x: Any, y: Any) -> tuple[float, float]:
    """Seconds of a step and of what the method does after each, and of an update with the column views it costs."""
    step = ours(net, x, y)
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
    """The update of a single layer at ever greater width, with the same number of connections."""
    rows = []
    for n in widths:
        say(f"one layer, n = {n}")
        times = race({name: _updater(n, connections, method(name)) for name in CURVES}, effort)
        rows.append({"n": n, "density": connections / n**2} | {f"{k}_ms": 1e3 * t.median for k, t in times.items()})
    ratios = {key: rows[-1][key] / rows[-2][key] for key in rows[0]}
    slopes = [f"{label}'s grows as n to the {np.log(ratios[f'{name}_ms']) / np.log(ratios['n']):.1f}"
              for name, label in CURVES.items()]  # fmt: skip
    title = f"update of one n × n layer of {connections:,} connections, B = {BATCH}"
    return Part(title, GROWTH, rows, (f"Over the last two widths {' and '.join(slopes)}.",))


def _updater(n: int, connections: int, record: Method) -> Callable[[], None]:
    net = mlp((n, n), density=connections / n**2, method=record)
    (layer,) = net.sparse
    layer.X, layer.DY = samples(n, BATCH), samples(n, BATCH)[::-1].copy()
    layer.weight.grad = layer.W.grad(layer.DY, layer.X)

    def run() -> None:
        with one_blas_thread():
            exchange(layer, record, 0.3, net.rng, net)

    return run


def draw_updates(result: Result) -> Figure:
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


UPDATE = Subject("update", "what topology updates cost", measure_updates, draw_updates)
