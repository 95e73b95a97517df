"""What is handed in: the questions that every door of the house asks, and the one form of their answers.

A message names the value and says what would do: `density 1.5 must lie in (0, 1]; 1 is the dense network`. Each
function here that returns nothing raises ValueError, never TypeError, whatever it is asked about.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from difflib import get_close_matches
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 2**31 - 1  # units of a level, and connections of a layer: int32 numbers them
ROOM = 80  # letters of a value, or of a list of names, in a message


def quoted(value: object) -> str:
    """The value as Python writes it, on one line and cut short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= ROOM else text[: ROOM - 1] + "…"


def is_whole(value: Any, least: int = 1, most: float = inf) -> bool:
    """Whether it is a whole number from `least` to `most`, Python's or NumPy's; True and 3.0 are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) <= most


def is_within(value: Any, interval: str) -> bool:
    """Whether it is a finite number in an interval, written as in a message: "(0, 1]" or "[0, ∞)"; True is none."""
    try:
        if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
            return False
    except OverflowError:  # an int that is larger than any float
        return False
    number: Any = value  # a Fraction is compared as it is
    low, high = (float(end.replace("∞", "inf")) for end in interval[1:-1].split(","))
    above = low <= number if interval[0] == "[" else low < number
    below = number <= high if interval[-1] == "]" else number < high
    return bool(above and below)


def whole(name: str, value: Any, least: int = 1, most: float = inf, why: str = "") -> None:
    """Refuse what is no whole number from `least` to `most`."""
    if not is_whole(value, least, most):
        wanted = f"a whole number, at least {least}" if most == inf else f"a whole number from {least} to {most}"
        raise ValueError(f"{name} {quoted(value)} must be {wanted}{why and f'; {why}'}")


def within(name: str, value: Any, interval: str, why: str = "") -> None:
    """Refuse what is no number in the interval."""
    if not is_within(value, interval):
        raise ValueError(f"{name} {quoted(value)} must lie in {interval}{why and f'; {why}'}")


def flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False: any other text or number would count as one of them in silence."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} {quoted(value)} must be True or False")


def one_of(name: str, value: Any, known: Collection[str], more: str = "") -> None:
    """Refuse a name that is none of those known: list them, or the nearest and `more` where there are many."""
    if isinstance(value, str) and value in known:
        return
    hint = f"choose one of {', '.join(known)}"
    if len(hint) > ROOM + 20:
        near = get_close_matches(str(value).lower(), known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one such as {', '.join([*known][:3])};"
    raise ValueError(f"{name} {quoted(value)} is unknown; {hint}{more and f' {more}'}")


def instance(name: str, value: Any, kind: Any, wanted: str) -> None:
    """Refuse another kind of thing, or a class where one of its objects is meant. wanted: what to give, in words."""
    if isinstance(value, type) or not isinstance(value, kind):
        raise ValueError(f"{name} {quoted(value)} must be {wanted}")


def function(name: str, value: Any, wanted: str) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise ValueError(f"{name} {quoted(value)} must be {wanted}")


def generator(value: Any) -> None:
    """Refuse what draws no random numbers."""
    instance("rng", value, np.random.Generator, "a NumPy Generator, such as np.random.default_rng(0)")


def path(name: str, value: Any) -> Path:
    """The value as a path. Raises ValueError where it cannot name a file or a folder."""
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise ValueError(f"{name}={quoted(value)} is not a path: give the name of a file or folder")
    return Path(value)


def array(name: str, value: Any) -> NDArray[Any]:
    """The value as an array. Raises ValueError where NumPy can make none of it."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} {quoted(value)} is no array; give rows of one length") from None
