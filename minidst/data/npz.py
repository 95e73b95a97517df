"""npz files, NumPy's archives of arrays: read without unpickling or over-allocating, and as a data set."""

import math
import os
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from .dataset import ARRAYS, Array, Dataset, train_test_split
from .reading import DEFLATE_RATIO, expanded_path, reading, shown

WHOLE = ("x", "y")
REMEDY = "write it with np.savez_compressed from plain number arrays"
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
AT_ONCE = 1 << 20  # bytes: reading needs no second copy of an array


def load_npz(path: object, test: float = 0.2, seed: int = 0) -> Dataset:
    """Return the arrays x_train, y_train, x_test, y_test of an npz file, or x and y split at random.

    x: (samples, features), taken as it is: features are NOT rescaled. y: whole numbers (samples,), the labels
    0..classes-1, each occurring; or floats (samples, outputs), which makes it a regression set.
    test, seed: fraction and shuffle of the split; without effect on a file that is split already.
    Raises ValueError for other keys, shapes and dtypes, and for a damaged file. Pickled objects are never loaded.
    """
    file = expanded_path(path, "path")
    arrays = read_npz(file)
    name = file.stem
    if set(arrays) == set(ARRAYS):
        x_train, y_train, x_test, y_test = (arrays[key] for key in ARRAYS)
    else:
        x_train, y_train, x_test, y_test = train_test_split(arrays["x"], arrays["y"], test, seed, name)
    return Dataset(x_train, y_train, x_test, y_test, _classes(y_train, y_test, name), name)


def _classes(y_train: Array, y_test: Array, name: str) -> int:
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
            raise ValueError(f"{name}: there is a label {label} and none {expected}: number the classes "
                             f"0..{len(labels) - 1}, for instance by np.unique(y, return_inverse=True)")  # fmt: skip
    return len(labels)


def read_npz(path: Path) -> dict[str, Array]:
    """Return the numeric arrays of an npz file that has the keys of ARRAYS or of WHOLE."""
    with reading(path, "npz file", REMEDY):
        archive = zipfile.ZipFile(path)
    with archive:
        keys = [name.removesuffix(".npy") for name in archive.namelist()]
        if sorted(keys) not in (sorted(ARRAYS), sorted(WHOLE)):
            found = ", ".join(repr(key[:40]) for key in keys[:8]) or "none"
            raise ValueError(f"{shown(path)} has the keys {found}: wanted {', '.join(ARRAYS)}, or {', '.join(WHOLE)}")
        arrays = {}
        with reading(path, "npz file", REMEDY):
            file_size = os.path.getsize(path)
            for key in keys:
                info = archive.getinfo(f"{key}.npy")
                if info.file_size > DEFLATE_RATIO * file_size:
                    raise ValueError(f"{key} claims {info.file_size} bytes in a file of {file_size}")
                with archive.open(info) as file:
                    arrays[key] = read_npy(file, key, info.file_size)
        return arrays


def read_npy(file: IO[bytes], name: str, size: int) -> Array:
    """Return the array of real numbers in the npy file `file` of `size` bytes, writable.

    Nothing is allocated before the header's shape and dtype agree with the size; nothing is ever unpickled.
    Raises ValueError, or what NumPy raises on a malformed header.
    """
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"{name} is npy version {version}")
    shape, fortran, dtype = HEADERS[version](file)
    if dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {dtype}, not real numbers")
    claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed != held:
        raise ValueError(f"{name} claims {claimed} bytes and holds {held}")
    content = np.empty(claimed, np.uint8)
    for start in range(0, claimed, AT_ONCE):
        part = content[start : start + AT_ONCE]
        part[:] = np.frombuffer(file.read(part.size), np.uint8)  # raises if the file is cut short
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")
