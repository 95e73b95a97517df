"""Exercises that check themselves: `check` prints whether an answer is right, and if not, where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from .._support.validation import check_callable, check_interval, check_type, quoted

Cases = tuple[tuple[Any, ...], ...]
Mistakes = Sequence[tuple[Any, str]]
BLANK = "· not answered yet: put your answer in place of the ..."


def check(answer: Any, want: Any, *cases: tuple[Any, ...], mistakes: Mistakes = (), rtol: float = 1e-5) -> None:
    """Print ✓ if `answer` equals `want`, ✗ and the first difference if not, and · while it still is `...`.

    answer: a number, string, tuple or array. Or a function: then `want` is the right function, and both are called
        with a copy of each of `cases`, tuples of arguments.
    want: the right answer. Or, if the answer is not a function, a function want(answer) that returns None for a right
        answer, else what is wrong with it.
    mistakes: pairs of a known wrong answer (or function) and the remark to print for it.
    rtol: tolerance of floats, relative to the largest finite entry of the right answer.
    """
    if callable(answer) and not cases:
        raise ValueError("check got a function and no case to try it on; add tuples of arguments after `want`")
    for case in cases:
        check_type("case", case, tuple, "a tuple of arguments, such as (1,)")
    if cases:
        check_callable("want", want, "the right function, which is called with each case")
    for pair in mistakes:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"mistake {quoted(pair)} must be a pair of a wrong answer and the remark to print for it")
    check_interval("rtol", rtol, "[0, 1)", "1e-5 allows for rounding")
    print(_blank(answer, cases) or _fault(answer, want, cases, rtol, mistakes) or "✓ right")


def _blank(answer: Any, cases: Cases) -> str:
    """BLANK if the answer, or what it returns for the first case, is still `...`; a body of `...` returns None."""
    if callable(answer):
        try:
            answer = answer(*deepcopy(cases[0]))
        except Exception:  # _fault reports it
            return ""
        return BLANK if answer is None or answer is ... else ""
    parts = answer if isinstance(answer, (tuple, list)) else [answer]
    return BLANK if any(part is ... for part in parts) else ""


def _fault(answer: Any, want: Any, cases: Cases, rtol: float, mistakes: Mistakes) -> str:
    """What is wrong with the answer, or "" if it is right."""
    if not callable(answer):
        said = want(answer) if callable(want) else _difference(answer, want, rtol)
        return said and "✗ " + _remark(answer, mistakes, rtol, said)
    for case in cases:
        try:
            got = answer(*deepcopy(case))
        except Exception as error:
            return f"✗ it raises {type(error).__name__}: {error}\n  for {_shown(case)}"
        said = _difference(got, want(*deepcopy(case)), rtol)
        if said:
            known = [(wrong(*deepcopy(case)), remark) for wrong, remark in mistakes]
            return f"✗ {_remark(got, known, rtol, said)}\n  for {_shown(case)}"
    return ""


def _remark(answer: Any, mistakes: Mistakes, rtol: float, otherwise: str) -> str:
    """The remark of the first known mistake that equals the answer, else `otherwise`."""
    return next((remark for wrong, remark in mistakes if not _difference(answer, wrong, rtol)), otherwise)


def _difference(got: Any, want: Any, rtol: float) -> str:
    """The first difference between `got` and `want` in words, or ""."""
    if isinstance(want, (str, bool)) or want is None:
        return "" if got == want else f"it is {got!r}, and should be {want!r}"
    try:
        a, b = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    except (TypeError, ValueError):
        return f"it is {got!r}, and should hold numbers"
    if a.shape != b.shape:
        return f"its shape is {a.shape}, and should be {b.shape}"
    largest = np.abs(b[np.isfinite(b)]).max(initial=0)  # where `want` has an ∞, its other entries are still compared
    near = np.isclose(a, b, rtol=0, atol=rtol * largest, equal_nan=True)
    if near.all():
        return ""
    at = tuple(int(index) for index in np.argwhere(~near)[0])
    place = f"entry [{', '.join(map(str, at))}]" if at else "it"
    return f"{place} is {a[at]:.6g}, and should be {b[at]:.6g}"


def _shown(case: tuple[Any, ...]) -> str:
    """The arguments of a case in at most 300 characters."""
    text = ", ".join(f"an array of shape {one.shape}" if isinstance(one, np.ndarray) and one.size > 12 else repr(one)
                     for one in case)  # fmt: skip
    return text if len(text) < 300 else text[:297] + "..."
