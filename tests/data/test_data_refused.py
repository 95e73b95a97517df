"""Files that are damaged, hostile or of something else are refused in one line, and cost no memory."""

import gzip
import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from builders import LYING_NPY, npy_header, refused
from data_files import X, Y, idx, npy, npz, zipped

from minidst.data import load
from minidst.data.images import read_batch, read_idx
from minidst.data.pickled import read_batch_dict

MB = 1_000_000
HUGE = struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"\0" * 100
BOMB = gzip.compress(struct.pack(">HBB1I", 0, 8, 1, 10) + bytes(50 * MB))
EMPTY = [(0, 28, 28), (5, 0, 28), (0, 2**32 - 1, 2**32 - 1)]
STREAM = gzip.compress(idx(np.arange(50).reshape(5, 10)))


def both(number, content, *words):
    """The row of a plain file and that of a gzipped one."""
    return [(number, content, words), (number, gzip.compress(content), words)]


IDX = [
    *both(2, idx(np.ones((10, 10)))[:-30], "82 bytes", "claims 112"),
    *both(2, idx(np.ones((2, 2))) + b"!", "more than 16 bytes", "claims 16"), *both(3, HUGE, (2**32 - 1) ** 3 + 16),
    (1, BOMB, ["more than 18 bytes", "claims 18"]), *((2, STREAM[:length], []) for length in range(len(STREAM))),
    (2, gzip.compress(idx(np.ones((2, 2)))) + b"tail", ["gzip"]),
    *((3, struct.pack(">HBB3I", 0, 8, 3, *shape), [shape]) for shape in EMPTY),
    *((1, head, ["header"]) for head in (b"", b"\0\0\x08")),
    *((1, head + bytes(4), [head.hex()]) for head in (b"\0\0\x08\x02", b"\0\0\x0d\x01", b"\x01\0\x08\x01", b"<htm")),
]  # fmt: skip
CSV = [
    ("a,b,kind\n1,2,x\n3,,y\n", ["line 3", "column 2 ('b')", "''"]),
    ("1,2,0\n3,nan,1\n", ["line 2", "column 2", "'nan'"]), ("1,2,0\n3,1e39,1\n", ["line 2", "'1e39'"]),
    ("1,2,0\n3,four,1\n", ["line 2", "'four'"]), ("1,2,0\n\n3,4\n", ["line 3", "2 columns", "3"]),
    ("1,2,0\n3,4,\n", ["line 2", "blank label"]), ("1,2,0.5\n3,4,1\n", ["line 1", "'0.5'", "npz"]),
    ("1,2,0\n3,4,nan\n", ["line 2", "'nan'"]), ("1,2,0\n3,4,0\n1,1,0\n", ["classes=1"]), ("1,2,0\n", ["1 samples"]),
    ("a,b,c\n", ["0 samples"]), *((text, ["2 columns"]) for text in ("1\n2\n", "", "\n\n")),
    (b"\xff\xfe1,2", ["UTF-8"]), ('1,"2,3\n', ["CSV"]), ("1,2," + "9" * 200_000 + "\n", ["field limit"]),
]  # fmt: skip


class Trap:
    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


ARRAYS = [
    ({"x": X, "labels": Y}, ["'x', 'labels'", "x_train"]), ({"x": X, "y": Y, "z": Y}, ["'z'"]), ({}, ["none"]),
    ({"x": X, "y": Y[:9]}, ["(10, 2)", "(9,)"]), ({"x": X, "y": Y + 1}, ["label 1", "none 0"]),
    ({"x": X, "y": Y * 10**15}, ["label 1000000000000000", "none 1"]), ({"x": X, "y": Y - 1}, ["label -1"]),
    ({"x": X, "y": Y * 0}, ["classes=1"]), ({"x": X, "y": Y * 0.5}, ["float64 (8,)", "whole numbers"]),
    ({"x": X * np.nan, "y": Y}, ["nan"]), ({"x": X * 1j, "y": Y}, ["complex128"]),
    ({"x": X.astype(object), "y": Y}, ["object"]), ({"x": np.array([Trap()] * 10), "y": Y}, ["object"]),
    ({"x": X, "y": Y.astype(str)}, ["<U"]), ({"x": X[0, 0], "y": Y}, ["()"]), ({"x": X[:, 0], "y": Y}, ["(8,)"]),
    ({"x": X, "y": np.stack([Y, Y], 1)}, ["(8, 2)"]),
]  # fmt: skip


def claiming_more_than_it_can_hold():
    """An archive whose directory says that a member of some bytes unpacks to 4 GB."""
    member = npy_header("(10000000000000,)") + bytes(8)
    content = bytearray(zipped(member, npy(Y)))
    held = len(member).to_bytes(4, "little")
    for at in [i for i in range(len(content) - 4) if content[i : i + 4] == held]:
        content[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    return bytes(content)


DATA = np.zeros((2, 12), np.uint8)
BATCHES = [
    ([1, 2], ["dict"]), ({b"data": DATA}, ["labels"]), ({"data": DATA, "labels": [0, 1]}, ["b'data'"]),
    ({b"data": [0] * 24, b"labels": [0, 1]}, ["uint8 array"]),
    ({b"data": np.array([[None] * 12] * 2), b"labels": [0, 1]}, ["uint8 array"]),
    ({b"data": DATA.astype(np.int8), b"labels": [0, 1]}, ["uint8 array"]),
    ({b"data": DATA.astype(np.uint16), b"labels": [0, 1]}, ["uint8 array"]),
    ({b"data": DATA.ravel(), b"labels": [0] * 24}, ["uint8 array"]), ({b"data": DATA[:0], b"labels": []}, ["(0, 12)"]),
    ({b"data": DATA[:, :6], b"labels": [0, 1]}, ["(2, 6)", "12"]),
    ({b"data": DATA, b"labels": [0]}, ["1 labels", "2 images"]), ({b"data": DATA, b"labels": None}, ["2 images"]),
    *(({b"data": DATA, b"labels": [0, label]}, ["0..9"]) for label in (10, -1, 2**70)),
    ({b"data": DATA, b"labels": [0, 1.0]}, []),
]  # fmt: skip
CLAIMED = [b"K\x03", b"J\xff\xff\xff\x7f", b"J\xff\xff\xff\xff", b"N"]  # rows, where there are 2
RIGHT = pickle.dumps({b"data": DATA, b"labels": [0, 1]}, 4)
HOSTILE = [
    b"\x80\x02Nr\xff\xff\xff\x7f.",  # memo index 2**31-1: unpickling it as it is takes 32 GB
    b"\x80\x02})" + b"\x85" * 300_000 + b"Ns.",  # a key nested so deep that hashing it overflows the C stack
    b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.",  # a bytearray of 2**63-1 bytes
    b"\x80\x04\x95" + b"\xff" * 8 + b"N.",  # an endless frame
    b"\x80\x02cnumpy\ndtype\n}U\x04nameNsb.",  # sets attributes on what a name stands for
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R(tb.",  # an array whose state is not one
    b"\x80\x02c_codecs\nencode\nK\x01\x85R.",
    *(b"", b".", b"\x80\x02.", b"not a pickle"),
    *(RIGHT.replace(b"K\x02K\x0c\x86", rows + b"K\x0c\x86") for rows in CLAIMED),  # more than the bytes
]
NAMES = ["builtins.eval", "numpy.load", "os.system", "functools.partial"]  # none of which may be looked up

READERS = {
    "flowers.csv": lambda path: load("csv", path=path, test=0.5),
    "own.npz": lambda path: load("npz", path=path),
    "test_batch.bin": read_batch,
    "data_batch_1": lambda path: read_batch_dict(path, 12),
    **{f"images{ndim}": lambda path, ndim=ndim: read_idx(path, ndim) for ndim in (1, 2, 3)},
}
FILES = [
    *((f"images{ndim}", content, words) for ndim, content, words in IDX),
    *(("test_batch.bin", bytes(n), [f"test_batch.bin' holds {n} bytes", "3073"]) for n in (0, 1, 3072, 3074, 6145)),
    *(("flowers.csv", text if isinstance(text, bytes) else text.encode(), words) for text, words in CSV),
    *(("own.npz", npz(**arrays), words) for arrays, words in ARRAYS),
    *(("own.npz", zipped(member, npy(Y)), ["own.npz"]) for member in LYING_NPY.values()),
    ("own.npz", claiming_more_than_it_can_hold(), ["own.npz"]),
    ("own.npz", b"PK\x03\x04 but no zip", ["own.npz", "npz file"]),
    *(("data_batch_1", pickle.dumps(batch, 3), words) for batch, words in BATCHES),
    *(("data_batch_1", content, []) for content in HOSTILE),
    *(("data_batch_1", b"\x80\x02c" + name.replace(".", "\n").encode() + b"\n.", [name]) for name in NAMES),
]


@pytest.mark.parametrize(("name", "content", "words"), FILES, ids=lambda part: part if type(part) is str else "")
def test_a_bad_file_is_refused_without_memory(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    try:
        with refused(name.split(".")[0], *words):
            READERS[name](tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < (MB if "images" in name else 5 * MB)
    finally:
        tracemalloc.stop()


class Command:
    """Runs a shell command when unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_command_is_refused_and_nothing_runs(protocol, tmp_path):
    content = pickle.dumps({b"data": DATA, b"labels": [0, Command(f"touch {tmp_path}/ran")]}, protocol)
    (tmp_path / "data_batch_1").write_bytes(content)
    with refused("data_batch_1"):
        read_batch_dict(tmp_path / "data_batch_1", 12)
    assert not (tmp_path / "ran").exists()
    pickle.loads(content)
    assert (tmp_path / "ran").exists()  # the payload works where it is let
