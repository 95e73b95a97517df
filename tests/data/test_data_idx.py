import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from minidst.data import image_files, load
from minidst.data.images import MNIST_MOMENTS, read_idx

pytestmark = pytest.mark.small


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_what_was_written_is_read_and_standardised(name, packed, mnist_folder):
    folder, arrays = mnist_folder(packed)
    data = load(name, data_dir=folder)
    mean, std = MNIST_MOMENTS[name]
    images = arrays["train-images-idx3-ubyte"].reshape(5, 4)
    np.testing.assert_allclose(data.x_train, (images / 255 - mean) / std, rtol=1e-6)
    np.testing.assert_array_equal(data.y_test, arrays["t10k-labels-idx1-ubyte"])
    assert (data.classes, data.name, data.features) == (10, name, 4)


@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_file_says_what_it_holds_and_what_it_promises(packed, tmp_path, idx_bytes, refused):
    content = idx_bytes(np.ones((10, 10)))[:-30]
    (tmp_path / "short").write_bytes(gzip.compress(content) if packed else content)
    with refused("short", "82 bytes", "promises 112"):
        read_idx(tmp_path / "short", 2)


def test_a_gzip_stream_cut_anywhere_is_refused(tmp_path, idx_bytes, refused):
    content = gzip.compress(idx_bytes(np.arange(50).reshape(5, 10)))
    for length in range(len(content)):
        (tmp_path / "cut.gz").write_bytes(content[:length])
        with refused("cut.gz"):
            read_idx(tmp_path / "cut.gz", 2)


@pytest.mark.parametrize("packed", [False, True])
def test_bytes_after_the_last_element_are_refused(packed, tmp_path, idx_bytes, refused):
    content = idx_bytes(np.ones((2, 2))) + b"!"
    (tmp_path / "long").write_bytes(gzip.compress(content) if packed else content)
    with refused("more than 16 bytes", "promises 16"):
        read_idx(tmp_path / "long", 2)


def test_bytes_after_a_gzip_stream_are_refused(tmp_path, idx_bytes, refused):
    (tmp_path / "tail").write_bytes(gzip.compress(idx_bytes(np.ones((2, 2)))) + b"tail")
    with refused("gzip"):
        read_idx(tmp_path / "tail", 2)


@pytest.mark.parametrize("shape", [(0, 28, 28), (5, 0, 28), (0, 2**32 - 1, 2**32 - 1)])
def test_an_array_without_elements_is_refused(shape, tmp_path, refused):
    (tmp_path / "empty").write_bytes(struct.pack(">HBB3I", 0, 8, 3, *shape))
    with refused("empty", shape):
        read_idx(tmp_path / "empty", 3)


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_shape_is_refused_before_anything_is_allocated(packed, tmp_path, refused):
    content = struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"\0" * 100
    (tmp_path / "huge").write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    with refused("huge", (2**32 - 1) ** 3 + 16):
        read_idx(tmp_path / "huge", 3)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_gzip_bomb_is_not_unpacked_beyond_what_its_header_promises(tmp_path, refused):
    (tmp_path / "bomb").write_bytes(gzip.compress(struct.pack(">HBB1I", 0, 8, 1, 10) + bytes(50_000_000)))
    tracemalloc.start()
    with refused("more than 18 bytes", "promises 18"):
        read_idx(tmp_path / "bomb", 1)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("head", [b"", b"\0\0\x08", b"\0\0\x08\x02", b"\0\0\x0d\x01", b"\x01\0\x08\x01", b"<htm"])
def test_a_wrong_or_short_header_is_refused(head, tmp_path, refused):
    (tmp_path / "wrong").write_bytes(head + bytes(4) * (len(head) == 4))
    with refused("wrong", "header" if len(head) < 4 else head.hex()):
        read_idx(tmp_path / "wrong", 1)


def test_a_label_above_nine_is_refused(mnist_folder, idx_bytes, refused):
    folder, _ = mnist_folder()
    (folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.array([0, 1, 2, 10, 3])))
    with refused("y_train[3] is 10", "0..9"):
        load("mnist", data_dir=folder)


def test_a_file_as_long_as_the_known_one_must_have_its_digest(mnist_folder, monkeypatch, refused):
    folder, _ = mnist_folder()
    monkeypatch.setitem(image_files.KNOWN, "mnist/t10k-images-idx3-ubyte", {"ab" * 32: 16 + 12})
    with refused("t10k-images-idx3-ubyte", "abababababab...", "check=False"):
        load("mnist", data_dir=folder)
    load("mnist", data_dir=folder, check=False)
    load("fashion-mnist", data_dir=folder)  # another set's digest is not asked for


def test_a_known_file_under_another_name_is_recognised(mnist_folder, idx_bytes, monkeypatch, refused):
    folder, arrays = mnist_folder(packed=True)
    content = idx_bytes(arrays["t10k-labels-idx1-ubyte"])
    digest = image_files.hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(image_files.KNOWN, "mnist/t10k-labels-idx1-ubyte", {digest: len(content)})
    monkeypatch.setitem(image_files.KNOWN, "fashion-mnist/t10k-labels-idx1-ubyte", {"cd" * 32: len(content)})
    load("mnist", data_dir=folder)  # the digest is that of the unpacked bytes
    with refused("this is mnist/t10k-labels-idx1-ubyte"):
        load("fashion-mnist", data_dir=folder)
