"""The npz file: NumPy's own archive of arrays, as a data set."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidst.data.dataset import Dataset
from minidst.data.npy import read_npy
from minidst.data.reading import DEFLATE_RATIO, as_path, reading, shown
from minidst.data.split import train_test_split

SPLIT = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")
REMEDY = "write it with np.savez_compressed from plain number arrays"


def load_npz(path: object, test: float = 0.2, seed: int = 0) -> Dataset:
    """Return the arrays x_train, y_train, x_test, y_test of an npz file, or x and y split at random.

    x: (samples, features), taken as it is: features are NOT rescaled. y: whole numbers (samples,), the labels
    0..classes-1, each occurring; or floats (samples, outputs), which makes it a regression set.
    test, seed: fraction and shuffle of the split; without effect on a file that is split already.
    Raises ValueError for other keys, shapes and dtypes, and for a damaged file. Pickled objects are never loaded.
    """
    file = as_path(path, "path")
    arrays = read_npz(file)
    name = file.stem
    if set(arrays) == set(SPLIT):
        x_train, y_train, x_test, y_test = (arrays[key] for key in SPLIT)
    else:
        x_train, y_train, x_test, y_test = train_test_split(arrays["x"], arrays["y"], test, seed, name)
    return Dataset(x_train, y_train, x_test, y_test, _classes(y_train, y_test, name), name)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return the numeric arrays of an npz file that has the keys of SPLIT or of WHOLE."""
    with reading(path, "npz file", REMEDY):
        archive = zipfile.ZipFile(path)
    with archive:
        keys = [name.removesuffix(".npy") for name in archive.namelist()]
        if sorted(keys) not in (sorted(SPLIT), sorted(WHOLE)):
            found = ", ".join(repr(key[:40]) for key in keys[:8]) or "none"
            raise ValueError(f"{shown(path)} has the keys {found}: wanted {', '.join(SPLIT)}, or {', '.join(WHOLE)}")
        with reading(path, "npz file", REMEDY):
            return {key: _read_npy(archive, key, os.path.getsize(path)) for key in keys}


def _read_npy(archive: zipfile.ZipFile, key: str, file_size: int) -> NDArray[Any]:
    """Read one array after checking that the file can be the archive of that much."""
    info = archive.getinfo(f"{key}.npy")
    if info.file_size > DEFLATE_RATIO * file_size:
        raise ValueError(f"{key} promises {info.file_size} bytes in a file of {file_size}")
    with archive.open(info) as file:
        return read_npy(file, key, info.file_size)


def _classes(y_train: NDArray[Any], y_test: NDArray[Any], name: str) -> int:
    """Return the number of classes in the labels, 0 for the float matrices of a regression set."""
    if y_train.dtype.kind == y_test.dtype.kind == "f" and y_train.ndim == y_test.ndim == 2:
        return 0
    if any(y.dtype.kind == "f" or y.ndim != 1 for y in (y_train, y_test)):
        raise ValueError(
            f"{name}: y_train is {y_train.dtype} {y_train.shape} and y_test {y_test.dtype} {y_test.shape}: "
            "give labels as whole numbers (samples,), or regression targets as floats (samples, outputs)"
        )
    labels = sorted({int(label) for y in (y_train, y_test) for label in np.unique(y)})
    for expected, label in enumerate(labels):
        if label != expected:
            raise ValueError(
                f"{name}: there is a label {label} and none {expected}: number the classes 0..{len(labels) - 1}, "
                "for instance by np.unique(y, return_inverse=True)"
            )
    return len(labels)
