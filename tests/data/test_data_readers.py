"""What was written is read again: IDX files, CIFAR-10 batches, npz archives and tables; and known digests."""

import hashlib
import struct

import numpy as np
import pytest
from builders import refused, rng
from data_files import BATCHES, X, Y, idx, npz, write_cifar, write_mnist

from minidst.data import image_files, load
from minidst.data.images import CIFAR_MEAN, CIFAR_STD, MNIST_MOMENTS, read_batch


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_mnist_is_read_and_standardised(name, packed, tmp_path):
    arrays = write_mnist(tmp_path, packed)
    data = load(name, data_dir=tmp_path)
    mean, std = MNIST_MOMENTS[name]
    images = arrays["train-images-idx3-ubyte"].reshape(5, 4)
    np.testing.assert_allclose(data.x_train, (images / 255 - mean) / std, rtol=1e-6)
    np.testing.assert_array_equal(data.y_test, arrays["t10k-labels-idx1-ubyte"])
    assert (data.classes, data.name, data.features) == (10, name, 4)


@pytest.mark.parametrize(
    ("version", "protocol", "order"), [("bin", 0, "C"), ("py", 2, "C"), ("py", 4, "C"), ("py", 2, "F"), ("py", 3, "F")]
)
def test_cifar_is_read_and_standardised_per_channel(version, protocol, order, tmp_path):
    records = write_cifar(tmp_path, version, protocol, order)
    data = load("cifar10", data_dir=tmp_path)
    train = np.concatenate([records[name] for name in BATCHES[:5]])
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


def test_a_label_above_nine_is_refused(tmp_path):
    records = write_cifar(tmp_path, "bin")["test_batch"]
    records[1, 0] = 17
    (tmp_path / "cifar-10-batches-bin/test_batch.bin").write_bytes(records.tobytes())
    with refused("y_test[1] is 17", "0..9"):
        load("cifar10", data_dir=tmp_path)
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([0, 1, 2, 10, 3])))
    with refused("y_train[3] is 10", "0..9"):
        load("mnist", data_dir=tmp_path)


def test_a_file_as_long_as_a_known_one_must_have_its_digest_and_is_recognised_under_another_name(tmp_path, monkeypatch):
    content = idx(write_mnist(tmp_path, packed=True)["t10k-labels-idx1-ubyte"])
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(image_files.KNOWN, "mnist/t10k-labels-idx1-ubyte", {digest: len(content)})
    monkeypatch.setitem(image_files.KNOWN, "fashion-mnist/t10k-labels-idx1-ubyte", {"cd" * 32: len(content)})
    load("mnist", data_dir=tmp_path)  # the digest is that of the unpacked bytes
    with refused("this is mnist/t10k-labels-idx1-ubyte"):
        load("fashion-mnist", data_dir=tmp_path)
    monkeypatch.setitem(image_files.KNOWN, "mnist/t10k-images-idx3-ubyte", {"ab" * 32: 16 + 12})
    with refused("t10k-images-idx3-ubyte", "abababababab...", "check=False"):
        load("mnist", data_dir=tmp_path)
    load("mnist", data_dir=tmp_path, check=False)
    monkeypatch.delitem(image_files.KNOWN, "fashion-mnist/t10k-labels-idx1-ubyte")
    load("fashion-mnist", data_dir=tmp_path)  # the other set's digest is not compared


@pytest.mark.parametrize(("version", "order"), [("bin", "C"), ("py", "C"), ("py", "F")])
def test_both_versions_of_cifar_share_one_digest(version, order, tmp_path, monkeypatch):
    digest = hashlib.sha256(write_cifar(tmp_path, version, order=order)["data_batch_3"].tobytes()).hexdigest()
    monkeypatch.setitem(image_files.KNOWN, "cifar10/data_batch_3", {digest: 2 * 3073})
    load("cifar10", data_dir=tmp_path)
    monkeypatch.setitem(image_files.KNOWN, "cifar10/data_batch_3", {"ab" * 32: 2 * 3073})
    with refused("data_batch_3", digest[:12], "abababababab", "check=False"):
        load("cifar10", data_dir=tmp_path)
    load("cifar10", data_dir=tmp_path, check=False)


@pytest.fixture
def own(tmp_path):
    """Load a CSV file of this text, or an npz file of these arrays."""

    def read(content, **where):
        kind, content = ("csv", content.encode()) if isinstance(content, str) else ("npz", npz(**content))
        (tmp_path / "flowers").write_bytes(content)
        return load(kind, path=tmp_path / "flowers", **where)

    return read


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_split_archive_is_taken_as_it_is(order, own):
    x = np.array(X, dtype=">f8", order=order)
    data = own({"x_train": x, "y_train": Y, "x_test": x[:4], "y_test": Y[:4].astype("u1")})
    np.testing.assert_array_equal(data.x_train, X)
    np.testing.assert_array_equal(data.y_test, Y[:4])
    assert (data.classes, data.name) == (2, "flowers")
    assert data.x_train.flags.writeable


def test_a_whole_archive_is_split_and_float_targets_make_it_a_regression(own):
    data = own({"x": X, "y": Y}, test=0.3, seed=1)
    order = rng(1).permutation(10)
    np.testing.assert_array_equal(data.x_test, X[order[:3]])
    np.testing.assert_array_equal(data.y_train, Y[order[3:]])
    regression = own({"x": X, "y": X[:, :1]})
    assert regression.classes == 0
    assert regression.y_train.shape == (8, 1)


def lines(label=lambda i: i % 2, head=""):
    return head + "".join(f"{i},{i * i},7,{label(i)}\n" for i in range(10))


def test_the_features_of_a_table_are_standardised_by_the_train_part_and_constant_ones_become_0(own):
    data = own(lines(), test=0.3)
    assert data.x_train.shape == (7, 3)
    assert data.x_test.shape == (3, 3)
    np.testing.assert_allclose(data.x_train[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.x_train[:, :2].std(axis=0), 1, atol=1e-6)
    assert data.name == "flowers"
    constant = own("".join(f"0.1,{i},{i % 2}\n" for i in range(10)))
    assert not constant.x_train[:, 0].any()
    assert not constant.x_test[:, 0].any()


@pytest.mark.parametrize("head", ["", "a,b,c,kind\n", "1,2,3,kind\n", "\ufeffa,b,c,kind\n", '"a","b\nb",c,kind\n'])
def test_a_header_is_optional(head, own):
    data = own(lines(head=head))
    assert len(data.x_train) + len(data.x_test) == 10


def test_text_labels_are_numbered_in_sorted_order_and_numeric_ones_as_numbers(own):
    data = own(lines(lambda i: ["rose", "iris", "aster"][i % 3]), seed=3)
    assert data.classes == 3
    # aster is every third line from 2: i² there tells the rows apart in any order.
    order = rng(3).permutation(10)
    np.testing.assert_array_equal(data.y_test, [[2, 1, 0][i % 3] for i in order[:2]])
    np.testing.assert_array_equal(data.y_train, [[2, 1, 0][i % 3] for i in order[2:]])
    data = own("1,10\n2,9\n3,10\n4,9\n", test=0.5, seed=0)
    np.testing.assert_array_equal(data.y_test, [[1, 0, 1, 0][i] for i in rng().permutation(4)[:2]])


@pytest.mark.parametrize("target", [0, -4, "kind"])
def test_the_label_column_is_chosen_by_index_or_name(target, own):
    data = own("kind,a,b,c\n" + "".join(f"{'xy'[i % 2]},{i},{-i},{i * i}\n" for i in range(10)), target=target)
    assert (data.classes, data.features) == (2, 3)


def test_the_same_seed_gives_the_same_split(own):
    one, same, other = (own(lines(), seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.x_train, same.x_train)
    assert not np.array_equal(one.x_train, other.x_train)
