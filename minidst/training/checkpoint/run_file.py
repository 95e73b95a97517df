"""`save` and `load_run`: a run between two of its steps as a file, which goes on with the same bits."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._support.atomic_write import atomic_write
from ..._support.validation import check_type
from ..._support.version import __version__
from ...data import LOADERS, Dataset, identity, load
from ...data.reading import expanded_path, reading, shown
from ...dst import Method
from ...kernels.arrays import Offset
from ..config import Config, check_weights
from ..history import History
from ..loop import Progress
from ..run import Run, held_out_samples
from .archive import read, write
from .format1 import upgraded
from .names import from_json, method_to_json, to_json
from .network import Arrays, counted, packed, unpacked

FORMAT = 2
"""Rises with every change that an older minidst would misread."""

KIND, REMEDY = "file of a run", "take an earlier copy of it, or start anew"


def save(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the complete state of a run, all but its data; what was at `path` stays until the new file is safe.

    Raises ValueError if the run holds what a file cannot (a function of your own), was interrupted in the middle of a
    step, or the file cannot be written; FloatingPointError if it has diverged, when an earlier file is worth more.
    """
    check_type("run", run, Run, "a minidst.Run: Run(net, data, method) is one before its first step")
    file = expanded_path(path, "path")
    run.check_between_steps()
    last = max(run.progress.t - 1, 0)
    check_weights(run.net, last, last // run.per_epoch, float(run.config.lr))
    arrays: Arrays = {}
    header = _header(run, arrays)
    with atomic_write(file) as temporary:
        write(temporary, header, arrays)


def _header(run: Run, arrays: Arrays) -> dict[str, Any]:
    at = run.progress
    in_epoch = at.t % run.per_epoch > 0  # whose order is still needed
    arrays["drawn"] = _narrow(run.drawn)
    arrays["order"] = _narrow(at.order if in_epoch else at.order[:0])
    arrays["losses"] = np.array(at.losses, np.float64)
    return {
        "format": FORMAT, "minidst": __version__, "numpy": np.__version__, "data": run.identity,
        "method": method_to_json(run.method), "config": to_json(run.config, "the run cannot be saved: its config"),
        "notes": run.notes,
        "progress": {"plan": list(run.plan), "t": at.t, "most": at.peak_bytes, "exchanged": at.exchanged,
                     "considered": at.considered, "seconds": at.seconds},
        "history": run.history.to_dict(), "network": packed(run.net, arrays),
    }  # fmt: skip


def _narrow(order: Offset) -> Any:
    """Sample numbers in as few bytes as the largest needs."""
    return order.astype(np.min_scalar_type(max(order.size - 1, 0)))


def load_run(path: str | os.PathLike[str], data: Dataset | None = None) -> Run:
    """The run that was saved at `path`; `data`: what it was trained on, if `load(name)` does not give it.

    A file can call none but minidst's own functions, and is read in as much memory as it has bytes. A method with
    functions of your own has to be in METHODS under its name, as when it was saved.
    Raises ValueError for a file that is missing, damaged, or of a newer minidst, and for other data.
    """
    file = expanded_path(path, "path")
    with reading(file, KIND, REMEDY):
        header, arrays = read(file)
        version = counted(header["format"], "format")
    if version > FORMAT:
        by = str(header.get("minidst"))[:20]
        raise ValueError(f"{shown(file)} is of format {version}, written by minidst {by}, "
                         f"and this one reads up to {FORMAT}: install that version")  # fmt: skip
    with reading(file, KIND, REMEDY):
        header = upgraded(header) if version < 2 else header
        wanted = header["data"]
        name = str(wanted["name"])
    if data is None:
        data = _by_name(name, file)
    check_type("data", data, Dataset, "the Dataset that it was trained on")
    given = identity(data)
    if given != wanted:
        raise ValueError(
            f"{shown(file)} was trained on {_told(wanted)} and is given {_told(given)}: hand the same data to load_run"
        )
    with reading(file, KIND, REMEDY):
        return _run(header, arrays, data)


def _by_name(name: str, file: Path) -> Dataset:
    if name not in LOADERS or name in ("csv", "npz"):
        raise ValueError(f"{shown(file)} was trained on {name[:40]!r}, which has to be handed in: load_run(path, data)")
    return load(name)


def _told(data: Any) -> str:
    """An identity on one line, whatever it is."""
    if not isinstance(data, dict):
        return "what is not said"
    shapes = data.get("shapes")
    wide = shapes.get("x_train") if isinstance(shapes, dict) else shapes
    name, shape, sha256 = (" ".join(str(part).split()) for part in (data.get("name"), wide, data.get("sha256")))
    return f"{name[:40]} ({shape[:20]}, SHA-256 {sha256[:8]}…)"


def _run(header: dict[str, Any], arrays: Arrays, data: Dataset) -> Run:
    method, config = from_json(header["method"]), from_json(header["config"])
    if not isinstance(method, Method) or not isinstance(config, Config):
        raise ValueError("its method or its config is none")
    if not isinstance(header["notes"], dict):
        raise ValueError("its notes are no dict")
    place = _place(header, arrays, data, config)
    net = unpacked(header["network"], arrays)
    if arrays:
        raise ValueError(f"its array {min(arrays)[:40]!r} belongs to nothing")
    run = Run.resume(net, data, method, config, header["notes"], *place)
    run.__dict__["identity"] = header["data"]  # known to be that of the data
    return run


def _place(header: dict[str, Any], arrays: Arrays, data: Dataset, config: Config) -> tuple[Any, ...]:
    """(drawn, plan, history, progress) of the run."""
    given, history = header["progress"], History.from_dict(header["history"])
    n = data.x_train.shape[0]
    apart = held_out_samples(n, config.validation)
    per_epoch = ceil((n - apart) / config.batch)
    t = counted(given["t"], "t", config.epochs * per_epoch)
    plan = tuple(counted(keep, "plan") for keep in given["plan"])
    if len(plan) <= len(history.earlier):
        raise ValueError(f"it has had {len(history.earlier)} trainings of {len(plan)}")
    drawn = _order("drawn", arrays, n if apart else 0)
    order = _order("order", arrays, n - apart if t % per_epoch else 0)
    losses = arrays.pop("losses")
    if losses.dtype != np.float64 or losses.shape != (t % per_epoch,) or len(history.epochs) != t // per_epoch:
        raise ValueError(f"step {t} follows {len(history.epochs)} epochs and {losses.size} steps")
    most, exchanged, considered = (counted(given[name], name) for name in ("most", "exchanged", "considered"))
    progress = Progress(t, order, losses.tolist(), exchanged, considered, float(given["seconds"]), most)
    return drawn, plan, history, progress


def _order(name: str, arrays: dict[str, NDArray[Any]], n: int) -> Offset:
    """Every number from 0 to n − 1, once."""
    order = arrays.pop(name)
    if order.dtype.kind not in "iu" or order.shape != (n,) or not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError(f"{name} is no order of {n} samples")
    return order.astype(np.int64)
