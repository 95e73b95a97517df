"""The study: a grid of settings × seeds, read from a TOML file.

    title = "Where to prune"
    seeds = 5                       # or a list of them

    [fixed]                         # settings of all runs, see Settings
    epochs = 100

    [[grid]]                        # every combination of the values in lists; settings win over [fixed]
    data = "cifar10"
    prune = ["magnitude", "snip"]
    growth = ["random", "gradient"]
    density = [0.05, 0.1]

    [[grid]]
    data = "digits"
    instead_of = "cifar10"          # only where that data set is not found
    …

    [full]                          # what --full changes: seeds, [full.fixed], [[full.grid]] (one for each grid)

A setting that a method has no use for is left out, and of runs that thereby become equal one is made: rigl with
gamma = [1, 2] is one run. `hidden` and `milestones` are lists already, and vary as lists of lists.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from .. import given
from ..data import sources
from ..given import quoted, whole
from .kinds import LISTS
from .settings import EITHER, Settings
from .trial import Trial

MOST_RUNS = 100_000
PARTS = ("title", "source", "seeds", "fixed", "grid", "full")


@dataclass(frozen=True)
class Study:
    """A title, where the idea is from, the cells of its grid, and the seeds that each of them is run with."""

    name: str
    title: str
    source: str
    cells: tuple[Settings, ...]
    seeds: tuple[int, ...]

    @property
    def trials(self) -> list[Trial]:
        """All runs, seed by seed, so that what has been run at any time is the whole grid with fewer seeds."""
        return [Trial(self.name, cell, seed) for seed in self.seeds for cell in self.cells]

    def only(self, conditions: Sequence[str]) -> Study:
        """The cells that meet all of some `setting=value`. Raises ValueError where none is left."""
        cells = list(self.cells)
        for condition in conditions:
            name, equals, value = condition.partition("=")
            if not equals or name not in Settings.__dataclass_fields__:
                raise ValueError(f"--only {condition!r} is no setting=value, such as data=digits")
            there = {_shown(getattr(cell, name)) for cell in cells}
            cells = [cell for cell in cells if _shown(getattr(cell, name)) == value]
            if not cells:
                raise ValueError(f"--only {condition!r} leaves no run; {name} is one of {', '.join(sorted(there))}")
        return replace(self, cells=tuple(cells))


def load_study(path: str | os.PathLike[str], *, full: bool = False) -> Study:
    """Read a study. Raises ValueError naming the file, the grid and the value, for whatever is wrong in it."""
    path = given.path("path", path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read study {str(path)!r}: {error.strerror}; see `minidst sweep --list`") from None
    except UnicodeDecodeError:
        raise ValueError(f"study {str(path)!r} is not UTF-8 text; give a TOML file") from None
    try:
        return _study(path.stem, tomllib.loads(text), full)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"study {str(path)!r} is no TOML: {error}; write settings as name = value") from None
    except ValueError as error:
        raise ValueError(f"study {str(path)!r}: {error}") from None


def _study(name: str, content: dict[str, Any], full: bool) -> Study:
    _only_known(content, PARTS, "the file")
    _tables(content)
    if full:
        if "full" not in content:
            raise ValueError("there is no [full] part; leave --full out, or write one")
        content = _enlarged(content)
    grids = content.get("grid", [])
    if not grids:
        raise ValueError("there is no [[grid]]; write at least one, with a method or with prune and growth")
    cells: dict[str, Settings] = {}
    for number, grid in _wanted(grids):
        try:
            for cell in _cells(content.get("fixed", {}), grid):
                key = Trial(name, cell, 0).key
                cells[key] = replace(cell, masks=cell.masks or (key in cells and cells[key].masks))
        except ValueError as error:
            raise ValueError(f"grid {number}: {error}") from None
    return Study(name, content.get("title", name), content.get("source", ""), tuple(cells.values()), _seeds(content))


def _wanted(grids: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The grids, numbered from 1: of those on data that have a stand-in the ones on what is found."""
    found = {source.name: bool(source.found) for source in sources()}
    stood_in_for = {grid["instead_of"] for grid in grids if "instead_of" in grid}
    for number, grid in enumerate(grids, start=1):
        wanted = dict(grid)
        instead = wanted.pop("instead_of", None)
        if instead is not None and instead not in found:
            raise ValueError(f"grid {number}: instead_of {instead!r} is no data set; choose from {', '.join(found)}")
        absent = grid.get("data") in stood_in_for and not found.get(grid["data"], True)
        if not absent and not (instead and found[instead]):
            yield number, wanted


def _cells(fixed: Mapping[str, Any], grid: Mapping[str, Any]) -> Iterator[Settings]:
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


def _varies(name: str, value: Any) -> bool:
    return isinstance(value, list) and (name not in LISTS or all(isinstance(one, list) for one in value))


def _enlarged(content: Mapping[str, Any]) -> dict[str, Any]:
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


def _seeds(content: Mapping[str, Any]) -> tuple[int, ...]:
    seeds = content.get("seeds", 5)
    listed = seeds if isinstance(seeds, list) else [seeds]
    if not listed or not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in listed):
        raise ValueError(f"seeds {quoted(seeds)} must be how many, such as 5, or a list of whole numbers")
    if isinstance(seeds, list):
        if min(seeds) < 0:
            raise ValueError(f"seeds {quoted(seeds)} must be whole numbers from 0")
        return tuple(dict.fromkeys(seeds))
    whole("seeds", seeds, 1, MOST_RUNS)
    return tuple(range(seeds))


def _tables(content: Mapping[str, Any]) -> None:
    """Raises ValueError for a part that is not the kind of table, or text, that it must be."""
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
        _only_known(content["full"], ("seeds", "fixed", "grid"), "[full]")
        _tables({name: value for name, value in content["full"].items() if name != "seeds"})


def _only_known(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise ValueError(f"{where} has {name!r}, which is unknown; it takes {', '.join(known)}")


def _shown(value: Any) -> str:
    """As one would write it after --only."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
