"""Small runs of every method, and every bit that one consists of."""

import hashlib
from dataclasses import replace

import numpy as np

from minidst import METHODS, Config, Dataset, Run, mlp
from minidst.dst import Cosine
from minidst.nn import SGD, SparseLinear


def toy(samples=45, features=12, classes=4, seed=7):
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    x = 2 * np.eye(classes, features)[y] + rng.standard_normal((samples, features))
    return Dataset(x, y, x[:10], y[:10], classes, "toy")


def often(record, every=2):
    """The record with an update at every second step."""
    if not record.dynamic:
        return record
    own = replace(record.schedule, every=every, until=1.0)
    return replace(record, schedule=own if record.start == "dense" else Cosine(0.3, every, 1.0))


def begun(name="rigl", *, format=None, optimizer=None, data=None, epochs=3, seed=0, width=16, **settings):
    """A run before its first step: three steps an epoch."""
    record = often(METHODS[name])
    net = mlp((12, width, width, 4), density=0.3, method=record, format=format, seed=seed)
    config = Config(epochs=epochs, batch=16, optimizer=optimizer or SGD(), **settings)
    return Run(net, data or toy(), record, config)


def bits(run):
    """Everything that a run is, but for the time it took: equal for runs that will go on alike."""
    net, progress = run.net, run.progress
    state = {"layers": [type(layer).__name__ for layer in net.layers], "budget": net.budget}
    for l, layer in enumerate(net.weighted):
        if isinstance(layer, SparseLinear):
            state[f"{l}"] = type(layer.W), layer.W.shape, layer.W.keys().tobytes()
            assert np.shares_memory(layer.W.values, layer.weight.values)
        for name, p in (("weight", layer.weight), ("bias", layer.bias)):
            state[f"{l} {name}"] = p.values.shape, p.values.dtype, p.values.tobytes(), p.steps
            state[f"{l} {name} state"] = {key: (array.dtype, array.tobytes()) for key, array in p.state.items()}
    state["memory"] = {
        key: (kept.shape, kept.dtype, kept.tobytes()) if isinstance(kept, np.ndarray) else (type(kept), kept)
        for key, kept in net.memory.items()
    }
    state["rng"] = net.rng.bit_generator.state
    middle = progress.t % run.per_epoch > 0
    state["at"] = progress.t, progress.order.tolist() if middle else None, run.drawn.tolist(), run.plan
    state["sums"] = progress.losses, progress.exchanged, progress.considered, progress.peak_bytes
    state["method"], state["config"] = run.method, run.config
    columns = run.history.to_dict()
    for training in (columns, *columns.get("earlier", ())):
        del training["seconds"]
    state["history"] = columns
    return state


def digest(run):
    return hashlib.sha256(repr({**bits(run), "method": run.method.name, "config": None}).encode()).hexdigest()


def stepped(run, steps):
    """Take so many steps, or as many as there are."""
    for _ in zip(range(steps), run, strict=False):
        pass
    return run
