"""The cells: text of a table made into numbers and labels."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidst.data.reading import shown

LARGEST = float(np.finfo(np.float32).max)


def number(cell: str) -> float | None:
    """Return the number a cell spells, as Python's float() reads it (NaN and infinity too), or None."""
    try:
        return float(cell)
    except ValueError:
        return None


def is_name(cell: str) -> bool:
    """Whether the cell is neither blank nor a number."""
    return cell.strip() != "" and number(cell) is None


def features(line: int, cells: list[str], target: int, header: list[str] | None, path: Path) -> NDArray[np.float64]:
    """Return the numbers of one line without the cell at index `target`, (columns - 1,) float64.

    Raises ValueError naming line and column of the first that is blank, no number or no finite float32.
    """
    with suppress(ValueError):  # of float(); which cell it was is worked out below
        values = np.array([float(cell) for i, cell in enumerate(cells) if i != target])
        if np.abs(values).max() <= LARGEST:  # NaN fails the comparison too
            return values
    wrong = next(i for i, cell in enumerate(cells) if i != target and not _is_finite(cell))
    name = f" ({header[wrong].strip()[:40]!r})" if header else ""
    raise ValueError(
        f"{shown(path)} line {line}, column {wrong + 1}{name}: {cells[wrong][:40]!r} is not a finite float32: "
        "fill the gap, drop the line or turn the column into numbers"
    )


def _is_finite(cell: str) -> bool:
    """Whether the cell is a number whose squares and sums stay finite in float64."""
    value = number(cell)
    return value is not None and abs(value) <= LARGEST


def labels(cells: list[tuple[int, str]], path: Path) -> tuple[NDArray[np.int64], int]:
    """Return labels 0..classes-1 and the number of classes, from (line, cell) pairs.

    If all cells are numbers they sort as numbers, else as text.
    Raises ValueError for a blank cell and for a number that is not whole.
    """
    for line, cell in cells:
        if cell.strip() == "":
            raise ValueError(f"{shown(path)} line {line} has a blank label: fill the gap or drop the line")
    numbers = [number(cell) for _, cell in cells]
    for (line, cell), value in zip(cells, numbers, strict=True) if None not in numbers else ():
        if value is not None and not value.is_integer():
            raise ValueError(
                f"{shown(path)} line {line} has the label {cell[:40]!r}, classes are whole numbers or text: "
                "for regression write an npz file with float y of shape (samples, outputs)"
            )
    values: list[Any] = [cell.strip() for _, cell in cells] if None in numbers else numbers
    index = {value: i for i, value in enumerate(sorted(set(values)))}
    return np.array([index[value] for value in values], np.int64), len(index)
