"""A study: a grid of trials, settings × seeds, read from a TOML file.

    title = "Where to prune"
    seeds = 5                       # or a list of them

    [fixed]                         # settings of all trials, see Settings
    epochs = 100

    [[grid]]                        # every combination of the values in lists; overrides [fixed]
    data = "cifar10"
    prune = ["magnitude", "snip"]
    growth = ["random", "gradient"]
    density = [0.05, 0.1]

    [[grid]]
    data = "digits"
    instead_of = "cifar10"          # only where that data set is not found
    …

    [full]                          # what --full changes: seeds, [full.fixed], [[full.grid]] (one per grid)

Settings that a method does not use are dropped, and trials that become equal are run once: rigl with gamma = [1, 2] is
one trial. `hidden` and `milestones` are lists already, and vary as lists of lists.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Self

from ..._support.validation import as_path, check_integer, quoted
from ...data import sources
from .settings import EXCLUSIVE, Settings
from .trial import Trial

PARTS = ("title", "source", "seeds", "fixed", "grid", "full")
LISTS = ("hidden", "milestones")  # settings of which a single value is a list already
MOST_RUNS = 100_000


@dataclass(frozen=True)
class Study:
    """Its title, the source of its idea, the settings in the cells of its grid, and the seeds that each is run with."""

    name: str
    title: str
    source: str
    cells: tuple[Settings, ...]
    seeds: tuple[int, ...]

    @property
    def trials(self) -> list[Trial]:
        """All trials, seed by seed, so that an interrupted study has run the whole grid with fewer seeds."""
        return [Trial(self.name, cell, seed) for seed in self.seeds for cell in self.cells]

    def only(self, conditions: Sequence[str]) -> Self:
        """The study with the cells that meet all conditions `setting=value`. Raises ValueError if none is left."""
        cells = self.cells
        for condition in conditions:
            name, equals, value = condition.partition("=")
            if not equals or name not in Settings.__dataclass_fields__:
                raise ValueError(f"--only {condition!r} is not setting=value, such as data=digits")
            known = [_on_command_line(getattr(cell, name)) for cell in cells]
            cells = tuple(cell for cell, known_value in zip(cells, known, strict=True) if known_value == value)
            if not cells:
                raise ValueError(f"--only {condition!r} leaves no run; {name} is one of {', '.join(sorted({*known}))}")
        return replace(self, cells=cells)


def shipped() -> dict[str, Path]:
    """Name → file of the studies that come with the package."""
    return {path.stem: path for path in sorted(Path(__file__).parent.parent.glob("studies/*.toml"))}


def find(study: str) -> Path:
    """The file of a shipped study, or else the path itself. Raises ValueError for a name that is neither."""
    known = shipped()
    if study not in known and not Path(study).suffix and not Path(study).exists():
        near = difflib.get_close_matches(study, known, n=2) or list(known)
        raise ValueError(f"there is no study {study!r}: did you mean {' or '.join(near)}? Or give a TOML file")
    return known.get(study, Path(study))


def load_study(path: str | os.PathLike[str], *, full: bool = False) -> Study:
    """Read a study. Raises ValueError naming the file, the grid and the value that is wrong."""
    path = as_path("path", path)
    try:
        return _study(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), full)
    except OSError as error:
        raise ValueError(f"cannot read study {str(path)!r}: {error.strerror}; see `minidst sweep --list`") from None
    except UnicodeDecodeError:
        raise ValueError(f"study {str(path)!r} is not UTF-8 text; give a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"study {str(path)!r} is no TOML: {error}; write settings as name = value") from None
    except ValueError as error:
        raise ValueError(f"study {str(path)!r}: {error}") from None


def _study(name: str, content: dict[str, Any], full: bool) -> Study:
    _check_parts(content)
    if full:
        content = _at_full_size(content)
    grids = content.get("grid", [])
    if not grids:
        raise ValueError("there is no [[grid]]; write at least one, with a method or with prune and growth")
    cells: dict[str, Settings] = {}
    for number, grid in _grids_to_run(grids):
        try:
            for cell in _combinations(content.get("fixed", {}), grid):
                key = Trial(name, cell, 0).key
                cells[key] = replace(cell, masks=cell.masks or (key in cells and cells[key].masks))
        except ValueError as error:
            raise ValueError(f"grid {number}: {error}") from None
    seeds = _seeds(content.get("seeds", 5))
    return Study(name, content.get("title", name), content.get("source", ""), tuple(cells.values()), seeds)


def _check_parts(content: Mapping[str, Any], known: Sequence[str] = PARTS, where: str = "the file") -> None:
    """Raise ValueError for an unknown part of a study, and for one of the wrong type."""
    for name in content:
        if name not in known:
            raise ValueError(f"{where} has {name!r}, which is unknown; it takes {', '.join(known)}")
    for name in ("title", "source", "fixed", "full"):
        kind = str if name in ("title", "source") else dict
        if not isinstance(content.get(name, kind()), kind):
            wanted = "text in quotes" if kind is str else f"table; write [{name}] above its settings"
            raise ValueError(f"{name} {content[name]!r} is not a {wanted}")
    grids = content.get("grid", [])
    if not isinstance(grids, list) or not all(isinstance(grid, dict) for grid in grids):
        raise ValueError("grid is not a list of tables; write [[grid]], in double brackets, above its settings")
    if "full" in content:
        _check_parts(content["full"], ("seeds", "fixed", "grid"), "[full]")


def _at_full_size(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the changes of its [full] part."""
    if "full" not in content:
        raise ValueError("there is no [full] part; leave --full out, or write one")
    full, grids = content["full"], content.get("grid", [])
    changes = full.get("grid", []) or [{}] * len(grids)
    if len(changes) != len(grids):
        raise ValueError(f"[[full.grid]] occurs {len(changes)} times and [[grid]] {len(grids)} times; match them")
    return {**content, "seeds": full.get("seeds", content.get("seeds", 5)),
            "fixed": content.get("fixed", {}) | full.get("fixed", {}),
            "grid": [_overridden(grid, change) for grid, change in zip(grids, changes, strict=True)]}  # fmt: skip


def _grids_to_run(grids: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number from 1, grid), but of a grid and its stand-ins (`instead_of`) only those whose turn it is."""
    known = {source.name: bool(source.found) for source in sources()}
    absent = [name for name, found in known.items() if not found]
    replaced = [grid["instead_of"] for grid in grids if grid.get("instead_of") in absent]
    for number, grid in enumerate(grids, start=1):
        instead = grid.get("instead_of")
        if instead is not None and instead not in list(known):
            raise ValueError(f"grid {number}: instead_of {instead!r} is no data set; choose from {', '.join(known)}")
        if (instead is None or instead in absent) and grid.get("data") not in replaced:
            yield number, {name: value for name, value in grid.items() if name != "instead_of"}


def _combinations(fixed: Mapping[str, Any], grid: Mapping[str, Any]) -> Iterator[Settings]:
    """The settings of every combination of the grid's values."""
    axes: dict[str, list[Any]] = {}
    for name, value in _overridden(fixed, grid).items():
        several = isinstance(value, list) and (name not in LISTS or all(isinstance(one, list) for one in value))
        axes[name] = value if several else [value]
        if not axes[name]:
            raise ValueError(f"{name} is an empty list; give it a value, or leave it out")
    count = prod(map(len, axes.values()))
    if count > MOST_RUNS:
        raise ValueError(f"{count} combinations are more than {MOST_RUNS}; vary fewer settings")
    cells = [Settings.of(dict(zip(axes, values, strict=True))) for values in product(*axes.values())]
    for name, values in axes.items():
        if len(values) > 1 and name in grid and all(getattr(cell, name) is None for cell in cells):
            raise ValueError(f"{name} {values} changes nothing, because no method here uses it; take it out")
    yield from cells


def _overridden(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`table | changes`, where a change also removes the setting that excludes it, such as density for connections."""
    replaced = {name for pair in EXCLUSIVE for name in pair if any(one in changes for one in pair)}
    return {name: value for name, value in table.items() if name not in replaced} | dict(changes)


def _seeds(seeds: Any) -> tuple[int, ...]:
    listed = seeds if isinstance(seeds, list) else [seeds]
    if not listed or not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in listed):
        raise ValueError(f"seeds {quoted(seeds)} must be a number of seeds, such as 5, or a list of whole numbers")
    if isinstance(seeds, list):
        if min(seeds) < 0:
            raise ValueError(f"seeds {quoted(seeds)} must be whole numbers from 0")
        return tuple(dict.fromkeys(seeds))
    check_integer("seeds", seeds, 1, MOST_RUNS)
    return tuple(range(seeds))


def _on_command_line(value: Any) -> str:
    """A value as written after --only."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
