"""The tables of a study: which are meant, and the settings that each grid stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from ...data import sources
from .schema import LISTS
from .settings import EITHER, Settings

MOST_RUNS = 100_000
PARTS = ("title", "source", "seeds", "fixed", "grid", "full")


def check_tables(content: Mapping[str, Any], known: Sequence[str] = PARTS, where: str = "the file") -> None:
    """Raises ValueError for a part that is unknown, or not the kind of table, or text, that it must be."""
    for name in content:
        if name not in known:
            raise ValueError(f"{where} has {name!r}, which is unknown; it takes {', '.join(known)}")
    for name in ("title", "source"):
        if not isinstance(content.get(name, ""), str):
            raise ValueError(f"{name} {content[name]!r} is not a text in quotes")
    for name in ("fixed", "full"):
        if not isinstance(content.get(name, {}), dict):
            raise ValueError(f"{name} {content[name]!r} is not a table; write [{name}] above its settings")
    grids = content.get("grid", [])
    if not isinstance(grids, list) or not all(isinstance(grid, dict) for grid in grids):
        raise ValueError("grid is not a list of tables; write [[grid]], in double brackets, above its settings")
    if "full" in content:
        check_tables(content["full"], ("seeds", "fixed", "grid"), "[full]")


def wanted(grids: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The grids, numbered from 1: of those on data that have a stand-in the ones on what is found."""
    found = {source.name: bool(source.found) for source in sources()}
    stood_in_for = {grid["instead_of"] for grid in grids if "instead_of" in grid}
    for number, grid in enumerate(grids, start=1):
        asked = dict(grid)
        instead = asked.pop("instead_of", None)
        if instead is not None and instead not in found:
            raise ValueError(f"grid {number}: instead_of {instead!r} is no data set; choose from {', '.join(found)}")
        absent = grid.get("data") in stood_in_for and not found.get(grid["data"], True)
        if not absent and not (instead and found[instead]):
            yield number, asked


def settings_of(fixed: Mapping[str, Any], grid: Mapping[str, Any]) -> Iterator[Settings]:
    """One Settings per combination."""
    stated = _without(fixed, grid) | dict(grid)
    axes = {name: value if _varies(name, value) else [value] for name, value in stated.items()}
    for name, values in axes.items():
        if not values:
            raise ValueError(f"{name} is an empty list; give it a value, or leave it out")
    many = prod(map(len, axes.values()))
    if many > MOST_RUNS:
        raise ValueError(f"{many} combinations are more than {MOST_RUNS}; vary fewer settings")
    made = [Settings.of(dict(zip(axes, values, strict=True))) for values in product(*axes.values())]
    for name in (name for name, values in axes.items() if len(values) > 1):
        if name in grid and all(getattr(cell, name) is None for cell in made):
            raise ValueError(f"{name} {axes[name]} changes nothing, for no method here has a use for it; take it out")
    yield from made


def enlarged(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content at full size."""
    full = content["full"]
    grids, larger = content.get("grid", []), full.get("grid", [])
    if larger and len(larger) != len(grids):
        raise ValueError(f"[[full.grid]] stands {len(larger)} times and [[grid]] {len(grids)} times; match them")
    both = zip(grids, larger or [{}] * len(grids), strict=True)
    return {**content, "seeds": full.get("seeds", content.get("seeds")),
            "fixed": content.get("fixed", {}) | full.get("fixed", {}),
            "grid": [_without(grid, more) | more for grid, more in both]}  # fmt: skip


def _without(grid: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """A table less what another one contradicts: of each pair that excludes each other the later word holds."""
    stated = {name for pair in EITHER for name in pair if any(one in more for one in pair)}
    return {name: value for name, value in grid.items() if name not in stated}


def _varies(name: str, value: Any) -> bool:
    return isinstance(value, list) and (name not in LISTS or all(isinstance(one, list) for one in value))
