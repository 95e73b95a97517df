"""What a bench leaves behind: tables of plain numbers, with the machine they were measured on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._support.atomic_write import atomic_write
from .machine import Machine

Say = Callable[[str], None]
"""Told what is measured next."""


@dataclass(frozen=True)
class Part:
    """One table: rows of numbers by name, and which of them to print, under which heading, in which format.

    columns: key → (heading, format), where a format is Python's, such as ",d" or ".2f"; a row that lacks the key, or
    has None, prints as —. notes: sentences below the table.
    """

    title: str
    columns: dict[str, tuple[str, str]]
    rows: list[dict[str, Any]]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        return {"title": self.title, "rows": self.rows, "notes": list(self.notes)}


@dataclass(frozen=True)
class Result:
    """name: of the subject; settings: what all parts have in common, such as batch and dtype."""

    name: str
    machine: Machine
    parts: list[Part]
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """name; machine: cpu, cores, threads, versions, missing, system, load; settings; parts: title, rows, notes."""
        return {
            "name": self.name,
            "machine": self.machine.to_dict(),
            "settings": self.settings,
            "parts": [part.to_dict() for part in self.parts],
        }

    def save(self, path: Path) -> None:
        """Write it as JSON. Raises ValueError if it cannot be written."""
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
