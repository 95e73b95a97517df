import gzip
import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst.data import load
from minidst.data.cifar import read_batch
from minidst.data.idx import read_idx

pytestmark = pytest.mark.small

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


def stored(save, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def damaged(*originals):
    """Bytes from nothing, and originals with pieces overwritten, cut out, doubled or cut off."""

    @st.composite
    def draw_one(draw):
        content = bytearray(draw(st.sampled_from(originals)))
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(content)))
            piece = draw(st.binary(max_size=8))
            match draw(st.sampled_from(["overwrite", "insert", "cut", "end"])):
                case "overwrite":
                    content[at : at + len(piece)] = piece
                case "insert":
                    content[at:at] = piece
                case "cut":
                    del content[at : at + len(piece)]
                case "end":
                    del content[at:]
        return bytes(content)

    return st.one_of(draw_one(), st.binary(max_size=200))


IDX = b"\0\0\x08\x02\0\0\0\x03\0\0\0\x02abcdef"
BATCH = {b"data": np.zeros((1, 3072), np.uint8), b"labels": [3], b"filenames": [b"a"]}
CSV = b"a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"


@pytest.fixture(scope="module")
def attempt(tmp_path_factory, refused):
    """Write the bytes, read them: either that works or it raises a one-line ValueError."""
    folder = tmp_path_factory.mktemp("fuzz")

    def run(name, content, read):
        path = folder / name
        path.write_bytes(content)
        message = "read"
        try:
            read(path)
        except ValueError as error:
            message = str(error)
        assert message
        assert "\n" not in message

    return run


@settings(deadline=None, max_examples=100)
@given(content=damaged(IDX, gzip.compress(IDX)))
def test_idx(content, attempt):
    attempt("images", content, lambda path: read_idx(path, 2, "mnist/train-images-idx3-ubyte"))


@settings(deadline=None, max_examples=100)
@given(content=damaged(bytes(3073), bytes(6146)))
def test_cifar_binary(content, attempt):
    attempt("test_batch.bin", content, lambda path: read_batch(path, "cifar10/test_batch"))


@settings(deadline=None, max_examples=300)
@given(content=damaged(*(pickle.dumps(BATCH, protocol) for protocol in range(6))))
def test_cifar_python(content, attempt):
    attempt("test_batch", content, lambda path: read_batch(path, "cifar10/test_batch"))


@settings(deadline=None, max_examples=100)
@given(content=damaged(CSV, CSV[9:], CSV.replace(b"x", b"0").replace(b"y", b"1")))
def test_csv(content, attempt):
    attempt("table.csv", content, lambda path: load("csv", path=path, test=0.5))


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(st.tuples(st.floats(width=64), st.floats(width=64), st.integers(0, 3)), min_size=2, max_size=8),
    seed=st.integers(0, 3),
)
def test_csv_of_any_numbers(rows, seed, attempt):
    text = "".join(f"{a!r},{b!r},{label}\n" for a, b, label in rows)
    attempt("table.csv", text.encode(), lambda path: load("csv", path=path, test=0.5, seed=seed))


@settings(deadline=None, max_examples=300)
@given(
    content=damaged(
        stored(np.savez, x=X, y=Y),
        stored(np.savez_compressed, x=X, y=Y),
        stored(np.savez, x_train=X, y_train=Y, x_test=X, y_test=Y),
    )
)
def test_npz(content, attempt):
    attempt("own.npz", content, lambda path: load("npz", path=path))
