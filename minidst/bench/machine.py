"""Where a figure was measured: without it, a number of milliseconds says nothing."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from .. import __version__


@dataclass(frozen=True)
class Machine:
    """cpu: its model; cores: how many it has; system; load: processes that wanted to run, mean of the last minute.

    threads: that each contestant may use; versions: of everything that was imported to be measured; missing: the peers
    that could not be imported. Raises ValueError where cpu, cores, threads or versions are not known.
    """

    cpu: str
    cores: int
    threads: int
    versions: dict[str, str]
    missing: tuple[str, ...] = ()
    system: str = ""
    load: float | None = None

    def __post_init__(self) -> None:
        for name in ("cpu", "cores", "threads", "versions"):
            if not getattr(self, name):
                raise ValueError(f"{name} of this machine unknown: a time without it could not be compared with any")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {**vars(self), "missing": list(self.missing)}


def this_machine(threads: int, imported: Iterable[str] = (), missing: Iterable[str] = ()) -> Machine:
    """The machine this runs on. imported: names of packages measured, besides NumPy, Numba and minidst."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    versions = {"minidst": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", *imported):
        versions[name] = _version(name)
    return Machine(
        cpu=cpu_model(),
        cores=os.cpu_count() or 0,
        threads=threads,
        versions=versions | _blas(),
        missing=tuple(missing),
        system=f"{platform.system()} {platform.release()}",
        load=load,
    )


def cpu_model() -> str:
    """What the processor calls itself; its architecture where it cannot be asked."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), flags=re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return str(getattr(sys.modules.get(name), "__version__", "of unknown version"))


def _blas() -> dict[str, str]:
    """The library behind NumPy's dense products."""
    return {
        f"{library['internal_api']} (BLAS)": str(library["version"])
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy" in library["filepath"]
    }
