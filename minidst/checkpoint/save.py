"""What is written: a run between two of its steps, as a header and arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..data.reading import as_path
from ..given import instance
from ..kernels.arrays import Offset
from ..overflow import stop_unless_finite
from ..run import Run
from ..store import written_whole
from ..version import __version__
from .archive import write
from .names import described, described_method
from .network import Arrays, packed

FORMAT = 1
"""Rises with every change that an older minidst would misread."""


def save(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the complete state of a run, all but its data; what was at `path` stays until the new file is safe.

    Raises ValueError if the run holds what a file cannot (a function of your own), was interrupted in the middle of a
    step, or the file cannot be written; FloatingPointError if it has diverged, for then an earlier file is worth more.
    """
    instance("run", run, Run, "a minidst.Run: Run(net, data, method) is one before its first step")
    file = as_path(path, "path")
    run.check_whole()
    last = max(run.progress.at.t - 1, 0)
    stop_unless_finite(run.net, last, last // run.per_epoch, float(run.config.lr))
    arrays: Arrays = {}
    header = _header(run, arrays)
    with written_whole(file) as temporary:
        write(temporary, header, arrays)


def _header(run: Run, arrays: Arrays) -> dict[str, Any]:
    progress, sums = run.progress, run.progress.sums
    middle = progress.at.t % run.per_epoch > 0  # of an epoch, whose order is still needed
    arrays["drawn"] = _narrow(progress.drawn)
    arrays["order"] = _narrow(progress.at.order if middle else progress.at.order[:0])
    arrays["losses"] = np.array(sums.losses, np.float64)
    return {
        "format": FORMAT,
        "minidst": __version__,
        "numpy": np.__version__,
        "data": run.identity,
        "method": described_method(run.method),
        "config": described(run.config, "the run cannot be saved: its config"),
        "notes": run.notes,
        "progress": {
            "plan": list(progress.plan),
            "t": progress.at.t,
            "most": sums.most,
            "exchanged": sums.exchanged,
            "considered": sums.considered,
            "seconds": sums.seconds,
        },
        "history": progress.history.to_dict(),
        "network": packed(run.net, arrays),
    }


def _narrow(order: Offset) -> Any:
    """Sample numbers in as few bytes as the largest needs."""
    return order.astype(np.min_scalar_type(max(order.size - 1, 0)))
