"""What every method promises, tried on a record of your own: `broken_promises(record)` says what it does not keep.

1. The number of connections stays; of a record that starts dense, or keeps a constant fan-in, it never rises.
2. State has an entry for each connection, and all numbers are finite. (That a connection exists once, and inside its
   layer, needs no promise: `rewire` refuses anything else.)
3. An update leaves weight and state of a survivor as they are, bit for bit. What is born, or dropped and born again,
   has state 0, and weight 0 if the record's newborns are `zeros`; there are no more of those than the update says.
4. The same seed gives the same bits.
5. A record that does not say `needs_dense` never holds a fifth of what a large layer would take if it were dense.
"""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..data import Dataset
from ..dst import Exchange, Method, update_topology, zeros
from ..models.mlp import mlp
from ..nn import Network
from ..nn.layer import Parameter
from ..training.config import Config
from ..training.loop import train

WIDE, NNZ = 2000, 8000  # the large layer, 16 MB if it were dense


def check_method(method: Method, seeds: int = 3) -> list[str]:
    """What the record breaks in a few small trainings and a wide one, a sentence each; [] if it keeps its promises."""
    broken = []
    for seed in range(seeds):
        try:
            if trained_weights(method, seed) != trained_weights(method, seed):
                broken.append("two runs of one seed differ: draw from the rng you are given, and keep nothing of a run")
        except Exception as error:  # whatever it is, it is told
            broken.append(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
    if not (broken or method.needs_dense) and (peak := grown_and_peak(method)[1]) > 4 * WIDE**2 / 5:
        broken.append(
            f"it holds {peak / 1e6:.0f} MB for {NNZ:,} connections of a {WIDE}×{WIDE} layer, 16 MB if it were dense: "
            "look at fewer places at a time, or say needs_dense=True"
        )
    return list(dict.fromkeys(broken))


def trained_weights(method: Method, seed: int) -> list[bytes]:
    """Of a small network, after nine steps with an update in every second one. Raises ValueError, naming a promise."""
    record = replace(method, schedule=replace(method.schedule, every=2, until=1.0), rounds=())
    watched = record
    if record.prune or record.update:
        watched = replace(record, update=_Watch(record), order="prune_then_grow", update_step=None)
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 12, size=4).tolist()
    net = mlp(sizes, density=rng.uniform(0.3, 0.7), method=record, allocation="uniform", seed=seed)
    stays = (record.start == "sparse" and record.format == "csr") or (record.begin and record.start == "dense")
    before = net.connections
    for step in train(net, _data(sizes, 24), watched, Config(epochs=3, batch=8)):
        n, before = before, net.connections
        if (stays and before != net.budget) or before > n:
            raise ValueError(f"{before} connections after step {step.t} and {n} before: grow as many as you drop")
        for p in net.parameters():
            if any(array.size != p.values.size for array in p.state.values()):
                raise ValueError("an array of state has not one entry for each connection")
            if not all(np.isfinite(array).all() for array in (p.values, *p.state.values())):
                raise ValueError("a weight or its state is not finite")
    return [p.values.tobytes() for p in net.parameters()]


def grown_and_peak(method: Method) -> tuple[int, int]:
    """Connections grown, and most bytes held, in five steps with two updates of a large layer."""
    record = replace(method, schedule=replace(method.schedule, every=2), rounds=())

    def grown(sizes: Sequence[int], density: float) -> int:
        net = mlp(sizes, density=density, method=record, allocation="uniform")
        return sum(step.grown for step in train(net, _data(sizes, 20), record, Config(epochs=5, batch=20)))

    grown((20, 20, 10), 0.5)  # compiles
    tracemalloc.start()
    try:
        return grown((WIDE, WIDE, 10), NNZ / WIDE**2), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _Watch:
    """A record's update, and a look at every sparse layer before and after it. Raises ValueError for promise 3."""

    def __init__(self, record: Method) -> None:
        self.record = record

    def __call__(self, net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
        layers, born = net.sparse, 0
        before = [(layer.W.keys(), _arrays(layer.weight)) for layer in layers]
        done = update_topology(net, self.record, fraction, rng)
        for layer, (keys, old) in zip(layers, before, strict=True):
            new, now = layer.W.keys(), _arrays(layer.weight)
            _, was, here = np.intersect1d(keys, new, assume_unique=True, return_indices=True)
            survives = np.zeros(new.size, bool)
            survives[here] = np.all([now[name][here] == old[name][was] for name in old], axis=0)
            must_be_zero = [now[name] for name in old if name != "weight" or self.record.initial_weight is zeros]
            if any(array[~survives].any() for array in must_be_zero):
                raise ValueError("an update changed what a survivor has, or gave a newborn more than a first weight")
            born += int(np.count_nonzero(~survives))
        if born > done.grown:
            raise ValueError(f"an update says it grew {done.grown} connections, and {born} are new or began anew")
        return done


def _arrays(weight: Parameter) -> dict[str, Any]:
    """Weight and state of every connection, as bits."""
    return {name: array.reshape(-1).copy().view(f"i{array.itemsize}") for name, array in
            {"weight": weight.values, **weight.state}.items()}  # fmt: skip


def _data(sizes: Sequence[int], samples: int) -> Dataset:
    """Noise around a mean for each class."""
    y = np.arange(samples) % sizes[-1]
    x = np.random.default_rng(0).standard_normal((samples, sizes[0])) + y[:, None]
    return Dataset(x, y, x, y, sizes[-1], "noise")
