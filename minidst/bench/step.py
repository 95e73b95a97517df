"""Whole training steps: forward, loss, backward and momentum SGD, against what a mask over dense PyTorch takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..kernels.arrays import Float
from ..kernels.dense import as_columns
from ..kernels.threads import one_blas_thread
from ..models.mlp import mlp
from ..nn import SGD, Network
from .clock import FULL, QUICK, race
from .peers import Peers
from .picture import bars, figure
from .result import Part, Result, Say

PEERS = ("torch",)
BATCH = 128
NETWORKS = (
    ((784, 1000, 1000, 1000, 10), 0.045),
    ((3072, 1024, 512, 10), 0.063),
    ((3072, 4096, 4096, 10), 0.012),
)
QUICK_NETWORKS = (((16, 32, 32, 10), 0.3),)
NAMES = {"ours": "ours", "masked": "PyTorch masked", "dense": "PyTorch dense"}
COLUMNS = {
    "network": ("network", "s"),
    "connections": ("connections", ",d"),
    "density": ("density", ".3f"),
    "ours_ms": ("ours ms", ".2f"),
    "masked_ratio": ("masked", ".1f"),
    "dense_ratio": ("dense", ".1f"),
}
NOTES = (
    "masked, dense: how many times as long as ours PyTorch takes. Masked: weights times masks in the forward pass, by "
    "which gradients are masked too, as codes of RigL and SET do; dense: without the masks.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """One row per network."""
    rows = []
    for sizes, density in QUICK_NETWORKS if quick else NETWORKS:
        name = "-".join(map(str, sizes))
        say(name)
        net = mlp(sizes, density=density, method="set")
        x, y = batch(sizes)
        steps = {"ours": ours(net, x, y)}
        if "torch" in found:
            steps |= {"masked": torch_step(found, net, x, y, masked=True)}
            steps |= {"dense": torch_step(found, net, x, y, masked=False)}
        times = race(steps, QUICK if quick else FULL)
        row: dict[str, Any] = {"network": name, "connections": net.connections, "density": density}
        for name, taken in times.items():
            row |= {f"{name}_ms": 1e3 * taken.median, f"{name}_least_ms": 1e3 * taken.least}
            row[f"{name}_ratio"] = taken.over(times["ours"])
        rows.append(row)
    title = f"one training step, cross-entropy, SGD with momentum, ERK allocation, B = {BATCH}, float32"
    return Result("step", found.machine, [Part(title, COLUMNS, rows, NOTES)], {"batch": BATCH, "quick": quick})


def batch(sizes: Sequence[int]) -> tuple[Float, Any]:
    """(x, y): random samples in rows and their labels."""
    rng = np.random.default_rng(1)
    return rng.standard_normal((BATCH, sizes[0]), np.float32), rng.integers(sizes[-1], size=BATCH)


def ours(net: Network, x: Float, y: Any, lr: float = 0.01) -> Callable[[], None]:
    """What `minidst.train` does in a step without a topology update."""
    optimizer = SGD()

    def step() -> None:
        with one_blas_thread():
            Z = net.forward(as_columns(x, np.arange(len(x)), net.dtype), training=True)
            _, DZ = net.loss(Z, y)
            net.backward(DZ)
            optimizer.step(list(net.parameters()), lr)

    return step


def torch_step(found: Peers, net: Network, x: Float, y: Any, *, masked: bool) -> Callable[[], None]:
    """The same network and the same optimizer in PyTorch, over dense weights."""
    torch = found["torch"]
    F = torch.nn.functional
    weights = [torch.tensor(layer.W.to_dense()).requires_grad_(True) for layer in net.sparse]
    biases = [torch.tensor(layer.bias.values).requires_grad_(True) for layer in net.sparse]
    masks = [(w != 0).float() for w in weights]
    optimizer = torch.optim.SGD([*weights, *biases], lr=0.01, momentum=0.9, weight_decay=5e-4)
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
    """A panel per network, a bar per contestant."""
    rows = result.parts[0].rows
    titles = [f"{row['network']}, {row['connections']:,} connections" for row in rows]
    picture, panels = figure(titles, f"one training step, B = {BATCH}", result.machine)
    for axes, row in zip(panels, rows, strict=True):
        measured = [key for key in NAMES if f"{key}_ms" in row]
        bars(axes, [NAMES[key] for key in measured], [row[f"{key}_ms"] for key in measured])
        axes.set(xlabel="time (ms)")
    return picture
