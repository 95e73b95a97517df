"""Every method by its name. A new paper adds one line here."""

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from .method import Method
from .papers.gse import GSE_GRABO, GSE_GRAEST, GSE_L2, GSE_UNIFORM
from .papers.rigl import RIGL
from .papers.set import SET
from .papers.static import DENSE, STATIC

METHODS: dict[str, Method] = {
    record.name: record
    for record in [
        STATIC,
        SET,
        RIGL,
        GSE_UNIFORM,
        GSE_GRABO,
        GSE_GRAEST,
        GSE_L2,
        DENSE,
    ]
}


def method(name: str, **changes: Any) -> Method:
    """The record of that name with some fields changed: `method("rigl", prune=snip)`.

    Raises ValueError for an unknown name (naming the nearest), an unknown field, or a contradictory record.
    """
    if name not in METHODS:
        near = get_close_matches(name.lower(), METHODS, n=3) or list(METHODS)
        raise ValueError(f"method {name!r} is unknown; did you mean {' or '.join(near)}? `minidst methods` lists all")
    unknown = changes.keys() - Method.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"method {name!r} has no field {', '.join(sorted(unknown))}; see `minidst.dst.Method`")
    return replace(METHODS[name], **changes)
