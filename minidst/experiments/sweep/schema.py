"""The kinds of values that a study may give to a setting, and what is said of one of another kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..._support.validation import INT32_MAX, check_choice, is_integer, quoted


class Kind(NamedTuple):
    """Which values of TOML a setting takes, and how a message says so."""

    holds: Callable[[Any], bool]
    words: str


def _whole(value: Any) -> bool:
    return is_integer(value, -INT32_MAX, INT32_MAX)


def _number(value: Any) -> bool:
    return _whole(value) or isinstance(value, float)


TEXT = Kind(lambda value: isinstance(value, str), 'a text in quotes, such as "rigl"')
WHOLE = Kind(_whole, f"a whole number of at most {INT32_MAX}")
NUMBER = Kind(_number, "a number")
FLAG = Kind(lambda value: isinstance(value, bool), "true or false")
SIZES = Kind(lambda value: isinstance(value, list) and all(map(_whole, value)), "a list of sizes, such as [256, 256]")
PARTS = Kind(lambda value: isinstance(value, list) and all(map(_number, value)), "a list of numbers such as [0.5]")
PACE = Kind(lambda value: _whole(value) or value == "epoch", 'a whole number of steps, or "epoch"')
LISTS = ("hidden", "milestones")  # whose one value is a list already
KINDS_OF: dict[str, Kind] = (
    dict.fromkeys(("data", "path", "method", "prune", "growth", "guide", "per"), TEXT)
    | dict.fromkeys(("decay", "allocation", "optimizer"), TEXT)
    | dict.fromkeys(("samples", "updates", "connections", "epochs", "batch"), WHOLE)
    | dict.fromkeys(("gamma", "alpha", "until", "density", "width", "lr", "momentum", "weight_decay"), NUMBER)
    | {"every": PACE, "hidden": SIZES, "milestones": PARTS, "nesterov": FLAG, "masks": FLAG}
)


def checked(name: str, value: Any) -> Any:
    """The value as Settings holds it: a tuple for a list, 1.0 for 1 where numbers need not be whole.

    Raises ValueError for a setting that there is not, or a value of the wrong kind.
    """
    check_choice("setting", name, KINDS_OF)
    if not KINDS_OF[name].holds(value):
        raise ValueError(f"{name} {quoted(value)} is not {KINDS_OF[name].words}")
    if KINDS_OF[name] is NUMBER:
        return float(value)
    return tuple(value) if isinstance(value, list) else value
