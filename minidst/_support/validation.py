"""Argument checks. Every failure is a ValueError of one line that names the value and the remedy.

    density 1.5 must lie in (0, 1]; 1 is the dense network

The functions named `check_…` return nothing, or raise; `as_…` return the value converted.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from difflib import get_close_matches
from functools import partial
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

INT32_MAX = 2**31 - 1  # the most units of a level, or connections of a layer: int32 numbers them
A_GENERATOR = "a NumPy Generator, such as np.random.default_rng(0)"
QUOTE_LENGTH = 80  # characters of a value, or of a list of names, in a message


def quoted(value: object) -> str:
    """repr(value) on one line, cut to QUOTE_LENGTH characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= QUOTE_LENGTH else text[: QUOTE_LENGTH - 1] + "…"


def is_integer(value: Any, least: int = 1, most: float = inf) -> bool:
    """Whether `value` is an integer in [least, most], Python's or NumPy's; True and 3.0 are not."""
    return isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) <= most


is_size = partial(is_integer, most=INT32_MAX)
"""Whether a value is an integer in [1, 2³¹ − 1], as int32 numbers the units of a level."""


def in_interval(value: Any, interval: str) -> bool:
    """Whether `value` is a finite number in an interval, given as text: "(0, 1]" or "[0, ∞)"; True is not a number."""
    try:
        if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
            return False
    except OverflowError:  # an int that is larger than any float
        return False
    number: Any = value  # a Fraction is compared as it is
    low, high = map(float, interval[1:-1].replace("∞", "inf").split(","))
    above = low <= number if interval[0] == "[" else low < number
    below = number <= high if interval[-1] == "]" else number < high
    return bool(above and below)


def check_integer(name: str, value: Any, least: int = 1, most: float = inf, why: str = "") -> None:
    """Raise ValueError unless `value` is an integer in [least, most]."""
    if not is_integer(value, least, most):
        wanted = f"a whole number, at least {least}" if most == inf else f"a whole number from {least} to {most}"
        raise ValueError(f"{name} {quoted(value)} must be {wanted}{why and f'; {why}'}")


def check_interval(name: str, value: Any, interval: str, why: str = "") -> None:
    """Raise ValueError unless `value` is a finite number in the interval."""
    if not in_interval(value, interval):
        raise ValueError(f"{name} {quoted(value)} must lie in {interval}{why and f'; {why}'}")


def check_choice(name: str, value: Any, known: Collection[str], more: str = "") -> None:
    """Raise ValueError unless `value` is one of the known names; list them or, if there are many, the nearest."""
    if isinstance(value, str) and value in known:
        return
    hint = f"choose one of {', '.join(known)}"
    if len(hint) > QUOTE_LENGTH + 20:
        near = get_close_matches(str(value).lower(), known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one such as {', '.join([*known][:3])};"
    raise ValueError(f"{name} {quoted(value)} is unknown; {hint}{more and f' {more}'}")


def check_type(name: str, value: Any, kind: Any, wanted: str) -> None:
    """Raise ValueError unless `value` is an instance of `kind`. wanted: what to pass, in words."""
    if isinstance(value, type) or not isinstance(value, kind):
        raise ValueError(f"{name} {quoted(value)} must be {wanted}")


def check_callable(name: str, value: Any, wanted: str) -> None:
    """Raise ValueError unless `value` can be called."""
    if not callable(value):
        raise ValueError(f"{name} {quoted(value)} must be {wanted}")


def as_path(name: str, value: Any) -> Path:
    """`value` as a path. Raises ValueError unless it can name a file or a folder."""
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise ValueError(f"{name}={quoted(value)} is not a path: give the name of a file or folder")
    return Path(value)


def as_array(name: str, value: Any) -> NDArray[Any]:
    """`value` as an array. Raises ValueError where NumPy cannot convert it, such as rows of different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} {quoted(value)} is no array; give rows of one length") from None
