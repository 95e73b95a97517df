"""Whatever bytes a file holds: it is read, or it raises a ValueError of one line."""

import gzip
import math
import pickle

import numpy as np
import pytest
from builders import npy_header, read_or_refused
from data_files import X, Y, npz, zipped
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from strategies import damaged

from minidst.data import load
from minidst.data.images import read_batch, read_idx

SPLIT = ("x_train", "y_train", "x_test", "y_test")
IDX = b"\0\0\x08\x02\0\0\0\x03\0\0\0\x02abcdef"
BATCH = {b"data": np.zeros((1, 3072), np.uint8), b"labels": [3], b"filenames": [b"a"]}
CSV = b"a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"
ORIGINALS = {
    "images": [IDX, gzip.compress(IDX)],
    "test_batch.bin": [bytes(3073), bytes(6146)],
    "test_batch": [pickle.dumps(BATCH, protocol) for protocol in range(6)],
    "table.csv": [CSV, CSV[9:], CSV.replace(b"x", b"0").replace(b"y", b"1")],
    "own.npz": [npz(np.savez, x=X, y=Y), npz(x=X, y=Y), npz(np.savez, **dict(zip(SPLIT, (X, Y, X, Y), strict=True)))],
}
READERS = {
    "images": lambda path: read_idx(path, 2, "mnist/train-images-idx3-ubyte"),
    "test_batch.bin": lambda path: read_batch(path, "cifar10/test_batch"),
    "test_batch": lambda path: read_batch(path, "cifar10/test_batch"),
    "table.csv": lambda path, **where: load("csv", path=path, test=0.5, **where),
    "own.npz": lambda path: load("npz", path=path),
}


@pytest.fixture(scope="module")
def attempt(tmp_path_factory):
    """Write the bytes and read them."""
    folder = tmp_path_factory.mktemp("fuzz")

    def run(name, content, **where):
        (folder / name).write_bytes(content)
        with read_or_refused():
            READERS[name](folder / name, **where)

    return run


@pytest.mark.parametrize("name", ORIGINALS)
@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_file(name, data, attempt):
    attempt(name, data.draw(damaged(*ORIGINALS[name])))


@settings(max_examples=100)
@given(
    rows=st.lists(st.tuples(st.floats(width=64), st.floats(width=64), st.integers(0, 3)), min_size=2, max_size=8),
    seed=st.integers(0, 3),
)
def test_csv_of_any_numbers(rows, seed, attempt):
    attempt("table.csv", "".join(f"{a!r},{b!r},{label}\n" for a, b, label in rows).encode(), seed=seed)


KINDS = arrays.scalar_dtypes() | arrays.unicode_string_dtypes()
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@settings(max_examples=100)
@given(whole=st.booleans(), parts=st.lists(arrays.arrays(KINDS, SHAPES), min_size=4, max_size=4))
def test_npz_of_any_arrays(whole, parts, attempt):
    attempt("own.npz", npz(np.savez, **dict(zip(("x", "y") if whole else SPLIT, parts, strict=False))))


@settings(max_examples=100)
@example(descr="<f4", shape=(2**32, 0), fortran=False, held=b"", version=1)  # rows that take no bytes
@given(
    descr=st.sampled_from(["<f4", "|u1", "|O", "<U900000000", "<c16", "[('a', '<f8')]", "|V999999999", "<M8[s]"]),
    shape=st.lists(st.integers(-(2**70), 2**70) | st.integers(0, 3), max_size=3).map(tuple),
    fortran=st.booleans(),
    held=st.binary(max_size=64),
    version=st.sampled_from([1, 2, 3, 9]),
)
def test_npz_with_a_header_that_claims_anything(descr, shape, fortran, held, version, attempt):
    member = npy_header(shape, descr if descr[0] == "[" else repr(descr), fortran, version) + held
    attempt("own.npz", zipped(member, member))


PARTS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


@settings(max_examples=60)
@given(
    sizes=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=4, max_size=4),
    kinds=st.lists(st.sampled_from([8, 9, 13]), min_size=4, max_size=4),
    surplus=st.sampled_from([-1, 0, 0, 0, 1]),
    value=st.integers(0, 255),
)
def test_mnist_of_files_of_any_shape(sizes, kinds, surplus, value, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    for name, shape, kind in zip(PARTS, sizes, kinds, strict=True):
        shape = shape if surplus else [*shape[:1], *(28, 28)] if "images" in name else shape[:1]
        header = bytes([0, 0, kind if surplus else 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)
        (folder / f"{name}-ubyte").write_bytes(header + bytes([value % 256]) * max(math.prod(shape) + surplus, 0))
    with read_or_refused():
        load("mnist", data_dir=folder)
