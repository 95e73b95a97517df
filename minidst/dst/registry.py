"""Every method by its name. A new paper adds one line here."""

from dataclasses import replace
from typing import Any
from warnings import warn

from .._support.validation import check_choice
from .method import Method
from .papers.criteria import COMBINATIONS
from .papers.deepr import DEEPR
from .papers.dsr import DSR
from .papers.gradual import GRADUAL
from .papers.grasp import GRASP, GRASP_ABS
from .papers.gse.gse import GSE_2022, GSE_GRABO, GSE_GRAEST, GSE_L2, GSE_SYNFLOW, GSE_UNIFORM
from .papers.gse.micro_batches import micro_batched
from .papers.lottery import LOTTERY
from .papers.mest import MEST
from .papers.rigl import RIGL
from .papers.set import SET
from .papers.snfs import SNFS
from .papers.snip import SNIP
from .papers.srigl import SRIGL, SRIGL_NO_ABLATION
from .papers.static import DENSE, SMALL_DENSE, STATIC
from .papers.synflow import SYNFLOW

RECORDS = (
    STATIC, SET, RIGL,
    GSE_UNIFORM, GSE_SYNFLOW, GSE_GRABO, GSE_GRAEST, GSE_L2, GSE_2022,
    SRIGL, SRIGL_NO_ABLATION, SNFS, DSR, DEEPR, MEST,
    SNIP, GRASP, GRASP_ABS, SYNFLOW, GRADUAL, LOTTERY,
    SMALL_DENSE, DENSE,
)  # fmt: skip
METHODS: dict[str, Method] = {record.name: record for record in RECORDS}


def method(name: str | Method, /, **changes: Any) -> Method:
    """The record of that name, or the one given, with some fields changed, such as `method("rigl", prune=snip)`.

    Beside METHODS it knows the pruning study's, a criterion and a growth: `method("snip-random")`.
    Raises ValueError for an unknown name (naming the nearest), an unknown field, or a contradictory record.
    """
    record = name
    changes, micro_batches = _renamed(changes) if changes else ({}, 1)
    if not isinstance(record, Method):
        known = METHODS | COMBINATIONS
        check_choice("method", name, known, "`minidst methods` lists all")
        record = known[record]
    unknown = changes.keys() - Method.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"method {record.name!r} has no field {', '.join(sorted(unknown))}; see `minidst.dst.Method`")
    record = replace(record, **changes) if changes else record
    return record if micro_batches == 1 else micro_batched(record, micro_batches)


def _renamed(changes: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """(the changes in today's names of fields, micro-batches), with a DeprecationWarning for a name of 0.1.0."""
    now = {"newborn": "the field initial_weight", "micro_batches": "dst.micro_batched(record, parts)"}
    for old in now.keys() & changes.keys():
        warn(f"the field {old} is now {now[old]}; the old name goes with minidst 0.3", DeprecationWarning, stacklevel=3)
    parts = changes.pop("micro_batches", 1)
    return {("initial_weight" if field == "newborn" else field): value for field, value in changes.items()}, parts


def has_published_schedule(record: Method) -> bool:
    """Whether a record keeps the schedule that the one of its name has here."""
    known = (METHODS | COMBINATIONS).get(record.name)
    return known is not None and known.schedule == record.schedule
