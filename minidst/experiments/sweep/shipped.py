"""The studies that come with the package, by name."""

from __future__ import annotations

import difflib
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "studies"


def shipped() -> dict[str, Path]:
    """Name → file."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def find(study: str) -> Path:
    """The file of a shipped study, or else the path itself. Raises ValueError for a name that is neither."""
    known = shipped()
    if study in known:
        return known[study]
    if not Path(study).suffix and not Path(study).exists():
        near = difflib.get_close_matches(study, known, n=2) or list(known)
        raise ValueError(f"there is no study {study!r}: did you mean {' or '.join(near)}? Or give a TOML file")
    return Path(study)
