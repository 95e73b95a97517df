"""The libraries that ours is compared with: whichever can be imported, and none of them a dependency of minidst."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType

from threadpoolctl import threadpool_limits

from .machine import Machine, this_machine

PEERS = ("scipy", "torch", "sparseprop", "sparselab")


@dataclass(frozen=True)
class Peers:
    """modules: name → module of those that were asked for and found; machine: which says so, and names the others."""

    machine: Machine
    modules: Mapping[str, ModuleType] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.modules

    def __getitem__(self, name: str) -> ModuleType:
        return self.modules[name]


@contextmanager
def peers(wanted: tuple[str, ...] = PEERS, threads: int = 1) -> Iterator[Peers]:
    """Import those that can be, and keep them, and the BLAS behind NumPy, to `threads` threads within the block."""
    modules = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs are not about what is measured
        for name in wanted:
            try:
                modules[name] = importlib.import_module(name)
            except (ImportError, OSError):  # not installed; or installed, and without a library that it needs
                continue
        if "torch" in modules:
            modules["torch"].set_num_threads(threads)
        with threadpool_limits(limits=threads):  # after the imports, for it limits what is loaded
            missing = [name for name in wanted if name not in modules]
            yield Peers(this_machine(threads, modules, missing), modules)
