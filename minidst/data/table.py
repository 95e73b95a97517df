"""CSV files: numeric features and one column of class labels, as a data set."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset, train_test_split
from .reading import expanded_path, reading, shown

LARGEST = float(np.finfo(np.float32).max)
REMEDY = "save it as comma-separated UTF-8 text"
Rows = list[tuple[int, list[str]]]  # line number in the file, cells


def load_csv(path: object, target: int | str = -1, test: float = 0.2, seed: int = 0) -> Dataset:
    """Return the rows of a CSV file, split at random, with features standardised by the training part.

    target: column of the labels, by index (negative from the right) or by its name in the header.
    Labels are whole numbers or text and become 0..classes-1 in sorted order; all other cells are numbers as
    Python's float() reads them. Columns constant in the training part become 0. test, seed: fraction and shuffle.
    A first line counts as header if `target` is a name, if none of its feature cells is a number, or if only
    its target cell is not a number.
    Raises ValueError naming line and column of a cell that is blank, NaN or not a number.
    """
    file = expanded_path(path, "path")
    rows = _read_rows(file)
    column = _target_column(rows, target, file)
    has_header = isinstance(target, str) or _is_header(rows, column)
    header, rows = (rows[0][1], rows[1:]) if has_header else (None, rows)
    x = np.array([_features(line, cells, column, header, file) for line, cells in rows], np.float64)
    y, classes = _labels([(line, cells[column]) for line, cells in rows], file)
    x_train, y_train, x_test, y_test = train_test_split(x, y, test, seed, file.stem)
    shift = x_train.mean(axis=0)
    # A constant column has a range of exactly 0, while rounding may leave its deviation at 1e-17.
    std = np.where(np.ptp(x_train, axis=0) > 0, x_train.std(axis=0), 0.0)
    scale = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)
    return Dataset((x_train - shift) * scale, y_train, (x_test - shift) * scale, y_test, classes, file.stem)


def _read_rows(path: Path) -> Rows:
    """Return the non-blank lines of the file, all of the same number of cells, at least two."""
    with reading(path, "CSV file", REMEDY), path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        rows = [(reader.line_num, cells) for cells in reader if cells]
    if not rows or len(rows[0][1]) < 2:
        raise ValueError(f"{shown(path)} has no line with 2 columns, one feature and one label: {REMEDY}")
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise ValueError(f"{shown(path)} line {line} has {len(cells)} columns, line {rows[0][0]} has {width}: "
                             "give every line the same columns")  # fmt: skip
    return rows


def _target_column(rows: Rows, target: object, path: Path) -> int:
    """Return the index of the label column, counted from the left."""
    first = rows[0][1]
    if isinstance(target, str):
        names = [cell.strip() for cell in first]
        if names.count(target) != 1:
            listed = ", ".join(repr(name[:40]) for name in names[:8])
            raise ValueError(f"{shown(path)} has {names.count(target)} columns named {target!r} in its first line "
                             f"({listed}): give a name that occurs once, or a column index")  # fmt: skip
        return names.index(target)
    if isinstance(target, bool) or not isinstance(target, int) or not -len(first) <= target < len(first):
        raise ValueError(f"{shown(path)} has {len(first)} columns, target={target!r}: "
                         f"give {-len(first)}..{len(first) - 1} or a header name")  # fmt: skip
    return target % len(first)


def _is_header(rows: Rows, column: int) -> bool:
    """Tell a line of column names from a line of values."""
    is_name = [cell.strip() != "" and _number(cell) is None for cell in rows[0][1]]
    below = [_number(cells[column]) for _, cells in rows[1:]]
    return all(is_name[:column] + is_name[column + 1 :]) or (is_name[column] and bool(below) and None not in below)


def _number(cell: str) -> float | None:
    """Return the number a cell spells, as Python's float() reads it (NaN and infinity too), or None."""
    try:
        return float(cell)
    except ValueError:
        return None


def _features(line: int, cells: list[str], target: int, header: list[str] | None, path: Path) -> NDArray[np.float64]:
    """Return the numbers of one line without the cell at index `target`, (columns - 1,) float64.

    Raises ValueError naming line and column of the first cell that is blank, no number or no finite float32.
    """
    values = []
    for i, cell in enumerate(cells):
        if i == target:
            continue
        value = _number(cell)
        if value is None or not abs(value) <= LARGEST:  # NaN fails the comparison too
            name = f" ({header[i].strip()[:40]!r})" if header else ""
            raise ValueError(f"{shown(path)} line {line}, column {i + 1}{name}: {cell[:40]!r} is not a finite float32: "
                             "fill the gap, drop the line or turn the column into numbers")  # fmt: skip
        values.append(value)
    return np.array(values)


def _labels(cells: list[tuple[int, str]], path: Path) -> tuple[NDArray[np.int64], int]:
    """Return labels 0..classes-1 and the number of classes, from (line, cell) pairs.

    If all cells are numbers they sort as numbers, else as text.
    Raises ValueError for a blank cell and for a number that is not whole.
    """
    for line, cell in cells:
        if cell.strip() == "":
            raise ValueError(f"{shown(path)} line {line} has a blank label: fill the gap or drop the line")
    values: list[Any] = [_number(cell) for _, cell in cells]
    if None in values:
        values = [cell.strip() for _, cell in cells]
    else:
        for (line, cell), value in zip(cells, values, strict=True):
            if not value.is_integer():
                raise ValueError(
                    f"{shown(path)} line {line} has the label {cell[:40]!r}, classes are whole numbers or text: "
                    "for regression write an npz file with float y of shape (samples, outputs)"
                )
    index = {value: i for i, value in enumerate(sorted(set(values)))}
    return np.array([index[value] for value in values], np.int64), len(index)
