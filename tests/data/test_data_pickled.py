import os
import pickle

import numpy as np
import pytest

from minidst.data.pickled import read_batch_dict

pytestmark = pytest.mark.small

DATA = np.zeros((2, 12), np.uint8)


class Command:
    """Runs a shell command when unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.fixture
def batch(tmp_path):
    def make(content: object, protocol: int = 2):
        path = tmp_path / "data_batch_1"
        path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
        return path

    return make


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_command_is_refused_and_nothing_runs(protocol, batch, tmp_path, refused):
    path = batch({b"data": DATA, b"labels": [0, Command(f"touch {tmp_path}/ran")]}, protocol)
    with refused("data_batch_1"):
        read_batch_dict(path, 12)
    assert not (tmp_path / "ran").exists()
    pickle.loads(path.read_bytes())
    assert (tmp_path / "ran").exists()  # the payload works where it is let


@pytest.mark.parametrize("name", ["builtins\neval", "numpy\nload", "os\nsystem", "functools\npartial"])
def test_no_other_name_is_looked_up(name, batch, refused):
    with refused(name.replace("\n", ".")):
        read_batch_dict(batch(b"\x80\x02c" + name.encode() + b"\n."), 12)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], ["dict"]),
        ({b"data": DATA}, ["labels"]),
        ({"data": DATA, "labels": [0, 1]}, ["b'data'"]),
        ({b"data": [0] * 24, b"labels": [0, 1]}, ["uint8 array"]),
        ({b"data": np.array([[None] * 12] * 2), b"labels": [0, 1]}, ["uint8 array"]),
        ({b"data": DATA.astype(np.int8), b"labels": [0, 1]}, ["uint8 array"]),
        ({b"data": DATA.astype(np.uint16), b"labels": [0, 1]}, ["uint8 array"]),
        ({b"data": DATA.ravel(), b"labels": [0] * 24}, ["uint8 array"]),
        ({b"data": DATA[:0], b"labels": []}, ["(0, 12)"]),
        ({b"data": DATA[:, :6], b"labels": [0, 1]}, ["(2, 6)", "12"]),
        ({b"data": DATA, b"labels": [0]}, ["1 labels", "2 images"]),
        ({b"data": DATA, b"labels": None}, ["2 images"]),
        ({b"data": DATA, b"labels": [0, 10]}, ["0..9"]),
        ({b"data": DATA, b"labels": [0, -1]}, ["0..9"]),
        ({b"data": DATA, b"labels": [0, 1.0]}, []),
        ({b"data": DATA, b"labels": [0, 2**70]}, ["0..9"]),
    ],
)
def test_only_the_dict_of_a_batch_is_accepted(content, words, batch, refused):
    with refused("data_batch_1", *words):
        read_batch_dict(batch(content, protocol=3), 12)


def test_a_shape_that_claims_more_than_the_bytes_is_refused(batch, refused):
    content = pickle.dumps({b"data": DATA, b"labels": [0, 1]}, 4)
    shape = b"K\x02K\x0c\x86"
    assert content.count(shape) == 1
    for claimed in (b"K\x03K\x0c\x86", b"J\xff\xff\xff\x7fK\x0c\x86", b"J\xff\xff\xff\xffK\x0c\x86", b"NK\x0c\x86"):
        with refused("data_batch_1"):
            read_batch_dict(batch(content.replace(shape, claimed)), 12)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02Nr\xff\xff\xff\x7f.",  # memo index 2**31-1: unpickling it as it is takes 32 GB
        b"\x80\x02})" + b"\x85" * 300_000 + b"Ns.",  # a key nested so deep that hashing it overflows the C stack
        b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.",  # a bytearray of 2**63-1 bytes
        b"\x80\x04\x95" + b"\xff" * 8 + b"N.",  # an endless frame
        b"\x80\x02cnumpy\ndtype\n}U\x04nameNsb.",  # sets attributes on what a name stands for
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R(tb.",  # an array whose state is not one
        b"\x80\x02c_codecs\nencode\nK\x01\x85R.",
        b"",
        b".",
        b"\x80\x02.",
        b"not a pickle",
    ],
)
def test_pickles_made_to_harm_or_broken_are_refused(content, batch, refused):
    with refused("data_batch_1"):
        read_batch_dict(batch(content), 12)
