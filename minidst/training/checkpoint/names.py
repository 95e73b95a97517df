"""The names by which a file may refer to functions and records: those of minidst itself, and no others.

A file says `{"name": "dst.prune.magnitude"}`, or a record's name with its fields. What is not in the table, such as a
function of the user, has no name, and no file can make it be imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from ... import dst
from ...dst import METHODS, Method

MODULES = ("minidst.training.config", "minidst.nn.optim", "minidst.nn.losses")
NUMBERS = ["bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float32", "float64"]


@cache
def known() -> dict[str, Any]:
    """Every public function and class that is written in one of MODULES or of `dst`, and the callable records there.

    A record such as a Score is found wherever it is imported; its own name, by the module of its class, comes first.
    """
    modules = [*MODULES, *(info.name for info in pkgutil.walk_packages(dst.__path__, "minidst.dst."))]
    found: list[tuple[bool, str, Any]] = []
    for module in modules:
        for name, value in vars(importlib.import_module(module)).items():
            written_here = getattr(value, "__module__", None) == module
            record = is_dataclass(value) and not isinstance(value, type) and type(value).__module__ in modules
            if callable(value) and (written_here or record) and not name.startswith("_"):
                found.append((not written_here, f"{module.removeprefix('minidst.')}.{name}", value))
    return {name: value for _, name, value in sorted(found, key=lambda one: one[0])}


@cache
def _names() -> dict[Any, str]:
    """The first name of each."""
    return {value: name for name, value in reversed(known().items())}


def to_json(value: Any, where: str) -> Any:
    """A value as JSON from which `from_json` makes it again.

    Plain values; NumPy numbers; tuples; functions and frozen records of minidst; `functools.partial` of them.
    Raises ValueError for anything else, naming `where` it is.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, tuple | list):
        return [to_json(part, f"{where}[{i}]") for i, part in enumerate(value)]
    if isinstance(value, np.generic) and value.dtype.name in NUMBERS:
        return {"dtype": value.dtype.name, "value": value.item()}
    if isinstance(value, partial):
        keywords = {key: to_json(part, f"{where}.{key}") for key, part in value.keywords.items()}
        return {"partial": to_json(value.func, where), "args": to_json(value.args, where), "keywords": keywords}
    try:
        name = _names().get(value)
    except TypeError:  # not hashable, so none of ours
        name = None
    if name:
        return {"name": name}
    if is_dataclass(value) and (name := _names().get(type(value))):
        parts = {f.name: to_json(getattr(value, f.name), f"{where}.{f.name}") for f in fields(value)}
        return {"record": name, "fields": parts}
    raise ValueError(f"{where} is {' '.join(repr(value).split())[:80]}, which is not minidst's own and has no name")


def from_json(given: Any) -> Any:
    """The value that `to_json` was called with. Raises ValueError, or what a record raises, for any other JSON."""
    match given:
        case None | bool() | int() | float() | str():
            return given
        case list():
            return tuple(map(from_json, given))
        case {"dtype": str(dtype), "value": bool() | int() | float() as value} if dtype in NUMBERS:
            return np.dtype(dtype).type(value)
        case {"partial": dict() as function, "args": list() as args, "keywords": dict() as keywords}:
            return partial(from_json(function), *from_json(args), **{k: from_json(v) for k, v in keywords.items()})
        case {"name": str(name)} if name in known() and not isinstance(known()[name], type):
            return known()[name]
        case {"record": str(name), "fields": dict() as parts} if is_dataclass(kind := known().get(name)):
            return kind(**{key: from_json(part) for key, part in parts.items()})  # type: ignore[operator]
        case {"of": str(name), "field": str(field)} if name in METHODS:
            return getattr(METHODS[name], field)
        case {"of": str(name), "field": _}:
            raise ValueError(f"method {name!r} is not in minidst.METHODS; put its record there first")
    raise ValueError(f"{str(given)[:80]} is no value, function or record of minidst")


def method_to_json(method: Method) -> Any:
    """The record, each field by itself; a function without a name by that of the METHODS' record that has it.

    Raises ValueError if there is none, naming the field and the remedy.
    """
    parts, registered = {}, METHODS.get(method.name)
    for name in (f.name for f in fields(Method)):
        value = getattr(method, name)
        try:
            parts[name] = to_json(value, f"method {method.name!r} cannot be saved: its {name}")
        except ValueError as error:
            if registered is None or getattr(registered, name) is not value:
                remedy = f"put the record into minidst.METHODS[{method.name!r}], now and before load_run"
                raise ValueError(f"{error}; {remedy}") from None
            parts[name] = {"of": method.name, "field": name}
    return {"record": _names()[Method], "fields": parts}
