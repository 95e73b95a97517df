import io
import zipfile

import numpy as np
import pytest

from minidst.data import load

pytestmark = pytest.mark.small

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


@pytest.fixture
def archive(tmp_path):
    def make(**arrays):
        np.savez_compressed(tmp_path / "own.npz", **arrays)
        return tmp_path / "own.npz"

    return make


@pytest.fixture
def members(tmp_path):
    """Write an archive of raw bytes."""

    def make(x: bytes, y: bytes):
        with zipfile.ZipFile(tmp_path / "own.npz", "w") as file:
            file.writestr("x.npy", x)
            file.writestr("y.npy", y)
        return tmp_path / "own.npz"

    return make


def npy(array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_split_archive_is_taken_as_it_is(order, archive):
    x = np.array(X, dtype=">f8", order=order)
    data = load("npz", path=archive(x_train=x, y_train=Y, x_test=x[:4], y_test=Y[:4].astype("u1")))
    np.testing.assert_array_equal(data.x_train, X)
    np.testing.assert_array_equal(data.y_test, Y[:4])
    assert (data.classes, data.name) == (2, "own")
    assert data.x_train.flags.writeable


def test_a_whole_archive_is_split(archive):
    data = load("npz", path=archive(x=X, y=Y), test=0.3, seed=1)
    order = np.random.default_rng(1).permutation(10)
    np.testing.assert_array_equal(data.x_test, X[order[:3]])
    np.testing.assert_array_equal(data.y_train, Y[order[3:]])


def test_float_targets_make_a_regression_set(archive):
    data = load("npz", path=archive(x=X, y=X[:, :1]))
    assert data.classes == 0
    assert data.y_train.shape == (8, 1)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X, "labels": Y}, ["'x', 'labels'", "x_train"]),
        ({"x": X, "y": Y, "z": Y}, ["'z'"]),
        ({}, ["none"]),
        ({"x": X, "y": Y[:9]}, ["(10, 2)", "(9,)"]),
        ({"x": X, "y": Y + 1}, ["label 1", "none 0"]),
        ({"x": X, "y": Y * 10**15}, ["label 1000000000000000", "none 1"]),
        ({"x": X, "y": Y - 1}, ["label -1"]),
        ({"x": X, "y": Y * 0}, ["classes=1"]),
        ({"x": X, "y": Y * 0.5}, ["float64 (8,)", "whole numbers"]),
        ({"x": X * np.nan, "y": Y}, ["nan"]),
        ({"x": X * 1j, "y": Y}, ["complex128"]),
        ({"x": X.astype(object), "y": Y}, ["object"]),
        ({"x": X, "y": Y.astype(str)}, ["<U"]),
        ({"x": X[0, 0], "y": Y}, ["()"]),
        ({"x": X[:, 0], "y": Y}, ["(8,)"]),
        ({"x": X, "y": np.stack([Y, Y], 1)}, ["(8, 2)"]),
    ],
)
def test_bad_arrays_are_refused(arrays, words, archive, refused):
    with refused("own", *words):
        load("npz", path=archive(**arrays))


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "member",
    [
        header("(1000000000000, 1000)") + bytes(64),
        header("(10, 2)") + bytes(159),
        header("(10, 2)") + bytes(161),
        header("(-10, -2)") + bytes(160),
        header("(10, 2)", "'|O'") + bytes(160),
        header("(10, 2)", "[('a', '<f8')]") + bytes(160),
        header("(10, 2)", "'|V1000000000'"),
        header("(" * 500 + "1" + ")" * 500) + bytes(8),
        header("(" + "1," * 100 + ")") + bytes(8),
        b"\x93NUMPY\x09\x00" + bytes(100),
        b"",
    ],
)
def test_a_header_that_lies_is_refused(member, members, refused):
    with refused("own.npz"):
        load("npz", path=members(member, npy(Y)))


def test_pickled_objects_are_never_loaded(archive, refused):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("it was unpickled",)

    with refused("object"):
        load("npz", path=archive(x=np.array([Trap()] * 10), y=Y))


def test_an_archive_that_claims_more_than_it_can_hold_is_refused(members, refused):
    size = 80 * 10**12
    path = members(header("(10000000000000,)") + bytes(8), npy(Y))
    content = bytearray(path.read_bytes())
    held = len(header("(10000000000000,)")) + 8
    for at in [i for i in range(len(content) - 4) if content[i : i + 4] == held.to_bytes(4, "little")]:
        content[at : at + 4] = min(size, 2**32 - 2).to_bytes(4, "little")
    path.write_bytes(content)
    with refused("own.npz"):
        load("npz", path=path)


def test_what_is_no_archive_is_refused(tmp_path, refused):
    (tmp_path / "own.npz").write_bytes(b"PK\x03\x04 but no zip")
    with refused("own.npz", "npz file"):
        load("npz", path=tmp_path / "own.npz")
    with refused("none.npz", "No such file"):
        load("npz", path=tmp_path / "none.npz")
    with refused("npz file"):
        load("npz", path=tmp_path)
