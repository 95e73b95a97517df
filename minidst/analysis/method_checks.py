"""`check_method(record)` tests a method of your own for the invariants that every method keeps, in small trainings.

1. The number of connections is constant; with a dense start or a constant fan-in it never rises.
2. Optimizer state has an entry for each connection, and all numbers are finite. (`rewire` itself raises ValueError for
   a connection that exists twice or lies outside its layer.)
3. An update leaves weight and state of surviving connections as they are, bit for bit. Grown connections have state 0,
   and weight 0 if the record's initial_weight is `zeros`; there are no more of them than the update reports.
4. The same seed gives the same bits.
5. A record without `needs_dense` never holds a fifth of the memory that a large layer would take if it were dense.
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
    """Return a sentence for each invariant that the record breaks in small trainings and a wide one; [] if none."""
    broken = []
    for seed in range(seeds):
        try:
            if trained_weights(method, seed) != trained_weights(method, seed):
                broken.append("two runs of one seed differ: draw from the rng you are given, and keep nothing of a run")
        except Exception as error:  # every error is reported, not raised
            broken.append(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
    if not (broken or method.needs_dense) and (peak := grown_and_peak(method)[1]) > 4 * WIDE**2 / 5:
        broken.append(
            f"it holds {peak / 1e6:.0f} MB for {NNZ:,} connections of a {WIDE}×{WIDE} layer, 16 MB if it were dense: "
            "look at fewer places at a time, or say needs_dense=True"
        )
    return list(dict.fromkeys(broken))


def trained_weights(method: Method, seed: int) -> list[bytes]:
    """Weights of a small network after nine steps and four updates. Raises ValueError, naming a broken invariant."""
    record = replace(method, schedule=replace(method.schedule, every=2, until=1.0), rounds=())
    checked = record
    if record.prune or record.update:
        checked = replace(record, update=_CheckedUpdate(record), order="prune_then_grow", update_step=None)
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 12, size=4).tolist()
    net = mlp(sizes, density=rng.uniform(0.3, 0.7), method=record, allocation="uniform", seed=seed)
    constant = (record.start == "sparse" and record.format == "csr") or (record.begin and record.start == "dense")
    before = net.connections
    for step in train(net, _data(sizes, 24), checked, Config(epochs=3, batch=8)):
        n, before = before, net.connections
        if (constant and before != net.budget) or before > n:
            raise ValueError(f"{before} connections after step {step.t} and {n} before: grow as many as you drop")
        for p in net.parameters():
            if any(array.size != p.values.size for array in p.state.values()):
                raise ValueError("an array of state must have one entry for each connection")
            if not all(np.isfinite(array).all() for array in (p.values, *p.state.values())):
                raise ValueError("a weight or its state is not finite")
    return [p.values.tobytes() for p in net.parameters()]


def grown_and_peak(method: Method) -> tuple[int, int]:
    """(connections grown, peak bytes) of five steps with two updates of a large layer."""
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


class _CheckedUpdate:
    """A record's update that compares every sparse layer before and after. Raises ValueError for invariant 3."""

    def __init__(self, record: Method) -> None:
        self.record = record

    def __call__(self, net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
        layers, grown = net.sparse, 0
        before = [(layer.W.keys(), _arrays(layer.weight)) for layer in layers]
        done = update_topology(net, self.record, fraction, rng)
        for layer, (keys, old) in zip(layers, before, strict=True):
            new_keys, new = layer.W.keys(), _arrays(layer.weight)
            _, before_at, at = np.intersect1d(keys, new_keys, assume_unique=True, return_indices=True)
            survives = np.zeros(new_keys.size, bool)
            survives[at] = np.all([new[name][at] == old[name][before_at] for name in old], axis=0)
            must_be_zero = [new[name] for name in old if name != "weight" or self.record.initial_weight is zeros]
            if any(array[~survives].any() for array in must_be_zero):
                raise ValueError("an update changed a survivor, or gave a grown connection more than a first weight")
            grown += int(np.count_nonzero(~survives))
        if grown > done.grown:
            raise ValueError(f"an update says it grew {done.grown} connections, and {grown} are new or regrown")
        return done


def _arrays(weight: Parameter) -> dict[str, Any]:
    """Weight and state of every connection, viewed as integers: equal means the same bits."""
    return {name: array.reshape(-1).copy().view(f"i{array.itemsize}") for name, array in
            {"weight": weight.values, **weight.state}.items()}  # fmt: skip


def _data(sizes: Sequence[int], samples: int) -> Dataset:
    """Noise around a mean for each class."""
    y = np.arange(samples) % sizes[-1]
    x = np.random.default_rng(0).standard_normal((samples, sizes[0])) + y[:, None]
    return Dataset(x, y, x, y, sizes[-1], "noise")
