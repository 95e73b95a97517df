"""Every method by its name. A new paper adds one line here."""

from dataclasses import replace
from typing import Any

from ..given import one_of
from .method import Method
from .papers.criteria import COMBINATIONS
from .papers.deepr import DEEPR
from .papers.dsr import DSR
from .papers.gradual import GRADUAL
from .papers.grasp import GRASP, GRASP_ABS
from .papers.gse import GSE_2022, GSE_GRABO, GSE_GRAEST, GSE_L2, GSE_SYNFLOW, GSE_UNIFORM
from .papers.lottery import LOTTERY
from .papers.mest import MEST
from .papers.rigl import RIGL
from .papers.set import SET
from .papers.small_dense import SMALL_DENSE
from .papers.snfs import SNFS
from .papers.snip import SNIP
from .papers.srigl import SRIGL, SRIGL_NO_ABLATION
from .papers.static import DENSE, STATIC
from .papers.synflow import SYNFLOW

METHODS: dict[str, Method] = {
    record.name: record
    for record in [
        STATIC,
        SET,
        RIGL,
        GSE_UNIFORM,
        GSE_SYNFLOW,
        GSE_GRABO,
        GSE_GRAEST,
        GSE_L2,
        GSE_2022,
        SRIGL,
        SRIGL_NO_ABLATION,
        SNFS,
        DSR,
        DEEPR,
        MEST,
        SNIP,
        GRASP,
        GRASP_ABS,
        SYNFLOW,
        GRADUAL,
        LOTTERY,
        SMALL_DENSE,
        DENSE,
    ]
}


def method(name: str | Method, /, **changes: Any) -> Method:
    """The record of that name, or the one given, with some fields changed, such as `method("rigl", prune=snip)`.

    Beside METHODS it knows the pruning study's, a criterion and a growth: `method("snip-random")`.
    Raises ValueError for an unknown name (naming the nearest), an unknown field, or a contradictory record.
    """
    record = name
    if not isinstance(record, Method):
        known = METHODS | COMBINATIONS
        one_of("method", name, known, "`minidst methods` lists all")
        record = known[record]
    unknown = changes.keys() - Method.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"method {record.name!r} has no field {', '.join(sorted(unknown))}; see `minidst.dst.Method`")
    return replace(record, **changes)


def has_published_schedule(record: Method) -> bool:
    """Whether a record keeps the schedule that the one of its name has here."""
    known = (METHODS | COMBINATIONS).get(record.name)
    return known is not None and known.schedule == record.schedule
