"""Names of minidst 0.1.0 that have changed: each still works, with a DeprecationWarning, until 0.3."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from warnings import warn

MODULES = {
    "minidst.agreement": "minidst.training.config",
    "minidst.checkpoint": "minidst.training.checkpoint",
    "minidst.compare": "minidst.experiments.compare",
    "minidst.config": "minidst.training.config",
    "minidst.data.cifar": "minidst.data.images",
    "minidst.data.digits": "minidst.data.images",
    "minidst.data.idx": "minidst.data.images",
    "minidst.data.mnist": "minidst.data.images",
    "minidst.data.npy": "minidst.data.npz",
    "minidst.data.places": "minidst.data.image_files",
    "minidst.dst.papers.distributions": "minidst.dst.papers.gse.distributions",
    "minidst.dst.papers.gse_flow": "minidst.dst.papers.gse.synflow",
    "minidst.dst.score": "minidst.dst.grow",
    "minidst.estimator.classifier": "minidst.estimator.estimators",
    "minidst.estimator.regressor": "minidst.estimator.estimators",
    "minidst.exercise": "minidst.analysis.exercise",
    "minidst.flops": "minidst.analysis.flops",
    "minidst.history": "minidst.training.history",
    "minidst.metrics": "minidst.analysis.metrics",
    "minidst.nn.init": "minidst.nn.layer",
    "minidst.nn.layers": "minidst.nn.linear",
    "minidst.nn.parameter": "minidst.nn.layer",
    "minidst.nn.schedules": "minidst.nn.optim",
    "minidst.nn.tangent": "minidst.nn.hessian",
    "minidst.promises": "minidst.analysis.method_checks",
    "minidst.report": "minidst.experiments.report",
    "minidst.run": "minidst.training.run",
    "minidst.sweep": "minidst.experiments.sweep",
    "minidst.version": "minidst._support.version",
}
"""Modules by their old names. `minidst.mlp`, `train` and `fit` were functions to everyone, and still are."""

MOVED = {
    "minidst.metrics.half_width": "minidst._support.statistics.half_width",
    "minidst.promises.broken_promises": "minidst.analysis.method_checks.check_method",
    "minidst.sweep.measure": "minidst.experiments.sweep.run_trial",
}
"""Names that did not move with their module."""


class _OldModules(MetaPathFinder, Loader):
    """Finds a module of MODULES under its old name, as one that looks every attribute up at its new place."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for the modules of the table, None for all others."""
        return ModuleSpec(fullname, self) if fullname in MODULES else None

    def exec_module(self, module: ModuleType) -> None:
        """Warn, and let attributes be looked up in the new module."""
        old, new = module.__name__, MODULES[module.__name__]
        warn(f"{old} is now {new}; the old name goes with minidst 0.3", DeprecationWarning, stacklevel=2)

        def find(name: str) -> Any:
            place, _, leaf = MOVED.get(f"{old}.{name}", f"{new}.{name}").rpartition(".")
            return getattr(import_module(place), leaf)

        module.__getattr__ = find  # type: ignore[method-assign]


def install() -> None:
    """Let the old module names be imported."""
    if not any(isinstance(finder, _OldModules) for finder in sys.meta_path):
        sys.meta_path.append(_OldModules())


def renamed(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` for names that have changed: old name → "package.module.name" of today."""

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        place, _, leaf = names[name].rpartition(".")
        note = f"{module}.{name} is now {names[name]}; the old name goes with minidst 0.3"
        warn(note, DeprecationWarning, stacklevel=2)
        return getattr(import_module(place), leaf)

    return find


class CallableModule(ModuleType):
    """`minidst.dst.update` was a function and is a module: called, it does what `update_topology` does."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """`update_topology(net, method, fraction, rng)`."""
        warn(
            "minidst.dst.update(…) is now minidst.dst.update_topology(…); the old call goes with minidst 0.3",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.update_topology(*arguments, **keywords)
