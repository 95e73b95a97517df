"""Small runs of every method, every bit that one consists of, and files with the right checksum of any content."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
from builders import clusters

from minidst import METHODS, Config, Run, load_run, mlp, save
from minidst.dst import Cosine
from minidst.nn import SGD, SparseLinear
from minidst.training.checkpoint.archive import HEADER, SIGNATURE, read, write


def toy(features=12):
    return replace(clusters(45, 4, features, noise=1, test=10), name="toy")


def often(record, every=2):
    """The record with an update at every second step."""
    if not record.dynamic:
        return record
    own = replace(record.schedule, every=every, until=1.0)
    return replace(record, schedule=own if record.start == "dense" else Cosine(0.3, every, 1.0))


def small_run(record="rigl", config=None):
    return Run(mlp((12, 8, 4), density=0.5, method=record), toy(), record, config)


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


def saved_and_loaded(run, path):
    save(run, path)
    return load_run(path, toy())


def parts_of(run, path):
    """(header, arrays) of the file that the run makes."""
    save(run, path)
    return read(path)


def written(path, header, arrays):
    """The path of a file with these parts and the right checksum."""
    write(path, header, arrays)
    return path


def signed(content):
    """These bytes, the last of them replaced by the checksum of the others."""
    body = content[:-SIGNATURE]
    return body + hashlib.sha256(body).hexdigest().encode()


def zipped(header, members, compression=zipfile.ZIP_STORED):
    """A signed file of any members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.comment = bytes(SIGNATURE)
        if header is not None:
            archive.writestr(HEADER, header if isinstance(header, str | bytes) else json.dumps(header))
        for name, content in members:
            archive.writestr(name, content)
    return signed(buffer.getvalue())
