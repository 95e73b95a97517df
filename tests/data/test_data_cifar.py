import hashlib
import struct

import numpy as np
import pytest

from minidst.data import image_files, load
from minidst.data.images import CIFAR_MEAN, CIFAR_STD, read_batch

pytestmark = pytest.mark.small


@pytest.mark.parametrize(
    ("version", "protocol", "order"), [("bin", 0, "C"), ("py", 2, "C"), ("py", 4, "C"), ("py", 2, "F"), ("py", 3, "F")]
)
def test_what_was_written_is_read_and_standardised_per_channel(version, protocol, order, cifar_folder):
    folder, records = cifar_folder(version, protocol, order)
    data = load("cifar10", data_dir=folder)
    train = np.concatenate([records[f"data_batch_{i}"] for i in range(1, 6)])
    np.testing.assert_array_equal(data.y_train, train[:, 0])
    np.testing.assert_array_equal(data.y_test, records["test_batch"][:, 0])
    pixels = train[:, 1:].reshape(10, 3, 1024) / 255
    wanted = (pixels - np.array(CIFAR_MEAN)[:, None]) / np.array(CIFAR_STD)[:, None]
    np.testing.assert_allclose(data.x_train, wanted.reshape(10, 3072), rtol=1e-5, atol=1e-6)
    assert (data.classes, data.name, data.features) == (10, "cifar10", 3072)


def test_a_batch_as_python_2_wrote_it_is_read(tmp_path):
    pixels = np.arange(2 * 3072).astype(np.uint8).reshape(2, 3072)
    content = (
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(K\x06K\x09e"
        b"U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09"
        b"(K\x01K\x02M\x00\x0c\x86cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + struct.pack("<I", 6144) + pixels.tobytes() + b"tbU\x09filenamesq\x0c]q\x0d(U\x05a.pngU\x05b.pngeu."
    )
    (tmp_path / "data_batch_1").write_bytes(content)
    records = read_batch(tmp_path / "data_batch_1")
    np.testing.assert_array_equal(records[:, 1:], pixels)
    assert records[:, 0].tolist() == [6, 9]


@pytest.mark.parametrize("length", [0, 1, 3072, 3074, 6145])
def test_a_file_that_is_no_whole_number_of_records_is_refused(length, tmp_path, refused):
    (tmp_path / "test_batch.bin").write_bytes(bytes(length))
    with refused("test_batch.bin", f"{length} bytes", "3073"):
        read_batch(tmp_path / "test_batch.bin")


def test_a_label_above_nine_is_refused(cifar_folder, refused):
    folder, records = cifar_folder("bin")
    records["test_batch"][1, 0] = 17
    (folder / "cifar-10-batches-bin/test_batch.bin").write_bytes(records["test_batch"].tobytes())
    with refused("y_test[1] is 17", "0..9"):
        load("cifar10", data_dir=folder)


@pytest.mark.parametrize(("version", "order"), [("bin", "C"), ("py", "C"), ("py", "F")])
def test_both_versions_share_one_digest(version, order, cifar_folder, monkeypatch, refused):
    folder, records = cifar_folder(version, order=order)
    digest = hashlib.sha256(records["data_batch_3"].tobytes()).hexdigest()
    monkeypatch.setitem(image_files.KNOWN, "cifar10/data_batch_3", {digest: 2 * 3073})
    load("cifar10", data_dir=folder)
    monkeypatch.setitem(image_files.KNOWN, "cifar10/data_batch_3", {"ab" * 32: 2 * 3073})
    with refused("data_batch_3", digest[:12], "abababababab", "check=False"):
        load("cifar10", data_dir=folder)
    load("cifar10", data_dir=folder, check=False)
