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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._support import validation as given
from ..._support.validation import check_integer, quoted
from .grids import MOST_RUNS, check_tables, enlarged, settings_of, wanted
from .settings import Settings
from .trial import Trial


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
    path = given.as_path("path", path)
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
    check_tables(content)
    if full:
        if "full" not in content:
            raise ValueError("there is no [full] part; leave --full out, or write one")
        content = enlarged(content)
    grids = content.get("grid", [])
    if not grids:
        raise ValueError("there is no [[grid]]; write at least one, with a method or with prune and growth")
    cells: dict[str, Settings] = {}
    for number, grid in wanted(grids):
        try:
            for cell in settings_of(content.get("fixed", {}), grid):
                key = Trial(name, cell, 0).key
                cells[key] = replace(cell, masks=cell.masks or (key in cells and cells[key].masks))
        except ValueError as error:
            raise ValueError(f"grid {number}: {error}") from None
    return Study(name, content.get("title", name), content.get("source", ""), tuple(cells.values()), _seeds(content))


def _seeds(content: Mapping[str, Any]) -> tuple[int, ...]:
    seeds = content.get("seeds", 5)
    listed = seeds if isinstance(seeds, list) else [seeds]
    if not listed or not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in listed):
        raise ValueError(f"seeds {quoted(seeds)} must be how many, such as 5, or a list of whole numbers")
    if isinstance(seeds, list):
        if min(seeds) < 0:
            raise ValueError(f"seeds {quoted(seeds)} must be whole numbers from 0")
        return tuple(dict.fromkeys(seeds))
    check_integer("seeds", seeds, 1, MOST_RUNS)
    return tuple(range(seeds))


def _shown(value: Any) -> str:
    """As one would write it after --only."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
