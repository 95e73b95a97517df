"""Plain text for a terminal: columns, and bytes with their unit."""

from __future__ import annotations

from collections.abc import Sequence


def in_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their headings and a rule, two spaces apart."""
    widths = [max(len(row[c]) for row in [columns, *rows]) for c in range(len(columns))]
    lines = [columns, ["─" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def bytes_shown(count: int) -> str:
    """A number of bytes with its unit, such as 27.4 kB."""
    if count < 1000:
        return f"{count} B"
    size, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while size >= 999.95 and len(units) > 1:  # what would print as 1000.0
        size, units = size / 1000, units[1:]
    return f"{size:.1f} {units[0]}"
