"""Pickled batches of CIFAR-10's Python version, read without running anything that the pickle asks for.

A pickle is a program: unpickling a stranger's file can run any command. Three measures prevent that:
1. Only the opcodes that dicts, lists, numbers, strings and arrays need are allowed. That also excludes what makes the
   interpreter itself run out of memory or stack: wild memo indices and deeply nested tuples.
2. Only five names may be looked up, and even they give stand-ins: no NumPy code sees a value from the file.
3. The array is built here, from bytes whose number was compared with the shape they claim.
"""

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .reading import reading, shown

REMEDY = "unpack cifar-10-python.tar.gz again, or use the binary version"
OPCODES = frozenset(
    {"PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"}
    | {"NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1"}
    | {"SHORT_BINSTRING", "BINSTRING", "SHORT_BINBYTES", "BINBYTES", "SHORT_BINUNICODE", "BINUNICODE"}
    | {"EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS"}
    | {"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
    | {"GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"}
)
TUPLES = 64  # a batch has about ten; nesting cannot be deeper than there are tuples


def read_batch_dict(path: Path, columns: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return pixels (samples, columns) and labels (samples,), both uint8, of one pickled batch.

    The file must hold a dict with b"data", a uint8 array, and b"labels", a list of as many numbers 0..9.
    Raises ValueError for anything else.
    """
    with reading(path, "CIFAR-10 batch", REMEDY):
        content = path.read_bytes()
        _check_opcodes(content)
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise ValueError(f"{shown(path)} holds no dict with the keys b'data' and b'labels': {REMEDY}")
    data, labels = batch[b"data"], batch[b"labels"]
    match data:
        case _Array(
            state=(1, (int(rows), int(width)), _Dtype(name=b"u1" | "u1"), bool() | 0 | 1 as fortran, bytes(raw))
        ):
            pass
        case _:
            raise ValueError(f"{shown(path)}: b'data' is no 2-dimensional uint8 array: {REMEDY}")
    if rows < 1 or width != columns or len(raw) != rows * columns:
        raise ValueError(f"{shown(path)}: b'data' claims shape ({rows}, {width}) and holds {len(raw)} bytes, "
                         f"wanted (samples, {columns}): {REMEDY}")  # fmt: skip
    if not isinstance(labels, list) or len(labels) != rows:
        held = len(labels) if isinstance(labels, list) else "no list of"
        raise ValueError(f"{shown(path)}: b'labels' holds {held} labels for {rows} images: {REMEDY}")
    if not all(isinstance(label, int) and 0 <= label <= 9 for label in labels):
        raise ValueError(f"{shown(path)}: b'labels' holds something other than whole numbers 0..9: {REMEDY}")
    pixels = np.frombuffer(raw, np.uint8).reshape((rows, columns), order="F" if fortran else "C")
    return np.ascontiguousarray(pixels), np.array(labels, np.uint8)


def _check_opcodes(content: bytes) -> None:
    """Raise ValueError if the pickle uses opcodes that no batch needs; nothing of it is run."""
    tuples = 0
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name not in OPCODES:
            raise ValueError(f"opcode {opcode.name} has no place in it")
        # The C unpickler allocates memo up to the largest index it meets.
        if opcode.name.endswith("BINPUT") and int(argument or 0) > len(content):
            raise ValueError(f"memo index {argument} in {len(content)} bytes")
        tuples += opcode.name.startswith("TUPLE")
        if tuples > TUPLES:
            raise ValueError(f"more than {TUPLES} tuples")


class _Array:
    """Stand-in for an array: keeps the state the pickle gives it, unlooked at."""

    __slots__ = ("state",)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Dtype:
    """Stand-in for a dtype: its name. The state (byte order) means nothing for elements of one byte."""

    __slots__ = ("name",)

    def __init__(self, name: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    """Unpickles nothing but builtin values and stand-ins."""

    def find_class(self, module: str, name: str) -> Any:
        # Fresh objects each time: what a pickle manages to set on them is gone with it.
        match module, name:
            case (("numpy.core.multiarray" | "numpy._core.multiarray"), "_reconstruct"):
                return lambda *_: _Array()
            case "numpy", "dtype":
                return lambda dtype, *_: _Dtype(dtype)
            case "numpy", "ndarray":
                return object()
            case "_codecs", "encode":  # how Python 3 writes bytes in protocol 2
                return lambda text, *_: text.encode("latin-1")
        raise pickle.UnpicklingError(f"it asks for {module[:40]}.{name[:40]}")
