"""The libraries that ours is compared with, where they can be imported, and the machine that times were taken on."""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from threadpoolctl import threadpool_info, threadpool_limits

from .. import __version__


@dataclass(frozen=True)
class Machine:
    """cpu: its model; cores: how many it has; load: processes ready to run, mean of the last minute; system: its name.

    threads: of each contestant; versions: of every package that is measured; missing: the peers that could not be
    imported. Raises ValueError if cpu, cores, threads or versions are unknown.
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
                raise ValueError(f"{name} of this machine is unknown; times cannot be compared without it")


@dataclass(frozen=True)
class Peers:
    """modules: name → module of the libraries found; machine: names their versions and those that are missing."""

    machine: Machine
    modules: Mapping[str, ModuleType] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.modules

    def __getitem__(self, name: str) -> ModuleType:
        return self.modules[name]


@contextmanager
def peers(wanted: tuple[str, ...], threads: int = 1) -> Iterator[Peers]:
    """Import what can be imported; within the block, limit it and NumPy's BLAS to `threads` threads."""
    modules = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers, and not about what is measured
        for name in wanted:
            with suppress(ImportError, OSError):  # not installed, or installed without a library that it needs
                modules[name] = importlib.import_module(name)
        if "torch" in modules:
            modules["torch"].set_num_threads(threads)
        with threadpool_limits(limits=threads):  # after the imports, because it limits what is loaded
            yield Peers(this_machine(threads, modules, [name for name in wanted if name not in modules]), modules)


def this_machine(threads: int, imported: Iterable[str] = (), missing: Iterable[str] = ()) -> Machine:
    """The machine this runs on. imported: packages measured besides NumPy, Numba and minidst."""
    versions = {"minidst": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", *imported):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = str(getattr(sys.modules.get(name), "__version__", "of unknown version"))
    for library in threadpool_info():
        if library["user_api"] == "blas" and "numpy" in library["filepath"]:  # behind NumPy's dense products
            versions[f"{library['internal_api']} (BLAS)"] = str(library["version"])
    system = f"{platform.system()} {platform.release()}"
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return Machine(cpu_model(), os.cpu_count() or 0, threads, versions, tuple(missing), system, load)


def cpu_model() -> str:
    """The processor's name, or its architecture if the name is unknown."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), flags=re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
