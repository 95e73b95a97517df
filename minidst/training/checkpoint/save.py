"""`save`: a run between two of its steps, as a header and arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..._support.atomic_write import atomic_write
from ..._support.validation import check_type
from ..._support.version import __version__
from ...data.reading import as_path
from ...kernels.arrays import Offset
from ..config import check_weights
from ..run import Run
from .archive import write
from .names import method_to_json, to_json
from .network import Arrays, packed

FORMAT = 2
"""Rises with every change that an older minidst would misread."""


def save(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the complete state of a run, all but its data; what was at `path` stays until the new file is safe.

    Raises ValueError if the run holds what a file cannot (a function of your own), was interrupted in the middle of a
    step, or the file cannot be written; FloatingPointError if it has diverged, for then an earlier file is worth more.
    """
    check_type("run", run, Run, "a minidst.Run: Run(net, data, method) is one before its first step")
    file = as_path(path, "path")
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
        "format": FORMAT,
        "minidst": __version__,
        "numpy": np.__version__,
        "data": run.identity,
        "method": method_to_json(run.method),
        "config": to_json(run.config, "the run cannot be saved: its config"),
        "notes": run.notes,
        "progress": {
            "plan": list(run.plan),
            "t": at.t,
            "most": at.peak_bytes,
            "exchanged": at.exchanged,
            "considered": at.considered,
            "seconds": at.seconds,
        },
        "history": run.history.to_dict(),
        "network": packed(run.net, arrays),
    }


def _narrow(order: Offset) -> Any:
    """Sample numbers in as few bytes as the largest needs."""
    return order.astype(np.min_scalar_type(max(order.size - 1, 0)))
