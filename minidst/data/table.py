"""The table: a CSV file of numeric features and one column of class labels, as a data set."""

import csv
from pathlib import Path

import numpy as np

from minidst.data.csv_cells import features, is_name, labels, number
from minidst.data.dataset import Dataset
from minidst.data.reading import as_path, reading, shown
from minidst.data.split import train_test_split

REMEDY = "save it as comma-separated UTF-8 text"
Rows = list[tuple[int, list[str]]]  # line number in the file, cells


def load_csv(path: object, target: int | str = -1, test: float = 0.2, seed: int = 0) -> Dataset:
    """Return the rows of a CSV file, split at random, with features standardised by the train part.

    target: column of the labels, by index (negative from the right) or by its name in the header.
    Labels are whole numbers or text and become 0..classes-1 in sorted order; all other cells are numbers as
    Python's float() reads them. Columns constant in the train part become 0. test, seed: fraction and shuffle.
    A first line counts as header if `target` is a name, if none of its feature cells is a number, or if only
    its target cell is not a number.
    Raises ValueError naming line and column of a cell that is blank, NaN or not a number.
    """
    file = as_path(path, "path")
    rows = _read_rows(file)
    column = _target_column(rows, target, file)
    header = rows[0][1] if isinstance(target, str) or _is_header(rows, column) else None
    if header is not None:
        rows = rows[1:]
    x = np.array([features(line, cells, column, header, file) for line, cells in rows], np.float64)
    y, classes = labels([(line, cells[column]) for line, cells in rows], file)
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
            raise ValueError(
                f"{shown(path)} line {line} has {len(cells)} columns, line {rows[0][0]} has {width}: "
                "give every line the same columns"
            )
    return rows


def _target_column(rows: Rows, target: object, path: Path) -> int:
    """Return the index of the label column, counted from the left."""
    first = rows[0][1]
    if isinstance(target, str):
        names = [cell.strip() for cell in first]
        if names.count(target) != 1:
            listed = ", ".join(repr(name[:40]) for name in names[:8])
            raise ValueError(
                f"{shown(path)} has {names.count(target)} columns named {target!r} in its first line "
                f"({listed}): give a name that occurs once, or a column index"
            )
        return names.index(target)
    if isinstance(target, bool) or not isinstance(target, int) or not -len(first) <= target < len(first):
        raise ValueError(
            f"{shown(path)} has {len(first)} columns, target={target!r}: "
            f"give {-len(first)}..{len(first) - 1} or a header name"
        )
    return target % len(first)


def _is_header(rows: Rows, column: int) -> bool:
    """Tell a line of column names from a line of values."""
    first = rows[0][1]
    if all(is_name(cell) for i, cell in enumerate(first) if i != column):
        return True
    below = [cells[column] for _, cells in rows[1:]]
    return is_name(first[column]) and bool(below) and all(number(cell) is not None for cell in below)
