"""Headers of format 1, which minidst 0.1.0 wrote, in the names of today."""

from __future__ import annotations

from typing import Any

from ...dst import METHODS
from ...dst.papers.criteria import COMBINATIONS
from ...dst.papers.gse.micro_batches import MicroBatches, micro_batched_flops
from .names import to_json

MOVED = {
    "config.": "training.config.",
    "nn.schedules.": "nn.optim.",
    "dst.score.": "dst.grow.",
    "dst.method.zeros": "dst.grow.zeros",
    "dst.method.from_init": "dst.grow.from_init",
    "dst.papers.gse.": "dst.papers.gse.gse.",
    "dst.papers.distributions.": "dst.papers.gse.distributions.",
    "dst.papers.gse_flow.": "dst.papers.gse.synflow.",
}
"""How names began, and how they begin now."""


def upgraded(header: dict[str, Any]) -> dict[str, Any]:
    """The same run as a header of format 2. Raises KeyError and the like for what is no header of format 1."""
    header = _renamed(header)
    parts = header["method"]["fields"]
    parts["initial_weight"] = parts.pop("newborn")
    formula = parts.pop("flops")  # a text; the function of today has it as its docstring
    functions = {str(record.flops.__doc__): record.flops for record in (METHODS | COMBINATIONS).values()}
    parts["flops"] = to_json(functions[formula], "flops")
    micro_batches = parts.pop("micro_batches")
    if micro_batches > 1:
        parts["update_step"] = to_json(MicroBatches(micro_batches), "update_step")
        parts["flops"] = to_json(micro_batched_flops, "flops")
    return header


def _renamed(value: Any) -> Any:
    """The same JSON with today's names of functions and records."""
    if isinstance(value, list):
        return [_renamed(part) for part in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: _renamed(part) for key, part in value.items()}
    for key in ("name", "record"):
        name = value.get(key)
        for old, new in MOVED.items():
            if isinstance(name, str) and name.startswith(old):
                renamed[key] = new + name.removeprefix(old)
    return renamed
