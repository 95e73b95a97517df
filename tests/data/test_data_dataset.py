"""What a Dataset takes, and the sets themselves: the digits in the package, the real ones where they are at hand."""

import os
from pathlib import Path

import numpy as np
import pytest
from builders import refused

import minidst.data
from minidst.data import Dataset, load, sources
from minidst.data.images import DIGITS_MEAN, DIGITS_STD

DATA = os.environ.get("MINIDST_DATA")  # read before the fixture of this folder takes it away


def make(**changes):
    parts = {"x_train": np.arange(6.0).reshape(3, 2), "y_train": np.array([0, 1, 0])}
    parts |= {"x_test": np.ones((2, 2)), "y_test": np.array([1, 0]), "classes": 2, "name": "toy"}
    return Dataset(**parts | changes)


def test_arrays_become_float32_rows_and_int64_labels_that_are_writable_in_a_frozen_dataset():
    read_only = np.ones((2, 2), np.float32)
    read_only.flags.writeable = False
    columns = np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(3, 2))
    data = make(x_train=columns, x_test=read_only, y_test=np.array([1, 0], "u1"))
    assert data.x_train.dtype == data.x_test.dtype == np.float32
    assert data.x_train.flags.c_contiguous
    assert data.x_test.flags.writeable
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert data.features == 2
    with pytest.raises(AttributeError):
        data.classes = 3
    regression = make(classes=0, y_train=np.ones((3, 2)), y_test=np.ones((2, 2)))
    assert regression.y_train.dtype == np.float32
    assert regression.y_train.shape == (3, 2)


@pytest.mark.parametrize(("changes", "words"), [
    ({"x_train": np.ones(3)}, ["x_train", "(3,)"]), ({"x_test": np.ones((2, 3))}, ["2 columns", "3"]),
    ({"y_train": np.array([0, 1])}, ["3 samples", "2"]),
    ({"x_train": np.array([[0, 1], [2, 3], [4, np.nan]])}, ["x_train[2, 1]", "nan"]),
    ({"x_test": np.array([[0, 1], [1e300, 3]])}, ["x_test[1, 0]", "1e+300"]),
    ({"x_test": np.array([[0, -np.inf], [1, 3]])}, ["x_test[0, 1]", "-inf"]),
    ({"x_train": np.empty((0, 2)), "y_train": np.empty(0, int)}, ["(0, 2)"]),
    ({"x_train": np.array([["a", "b"]] * 3)}, ["<U1"]), ({"y_train": np.array([0, 2, 0])}, ["y_train[1] is 2", "0..1"]),
    ({"y_test": np.array([0, -1])}, ["y_test[1] is -1", "0..1"]),
    ({"y_test": np.array([0, 2**64 - 1], np.uint64)}, [2**64 - 1, "0..1"]),
    ({"y_test": np.array([0.0, 1.0])}, ["float64", "astype"]), ({"y_test": np.array([[0], [1]])}, ["(2, 1)"]),
    *(({"classes": classes}, [f"classes={classes}"]) for classes in (1, -2, 2.0)),
    ({"classes": 0}, ["y_train", "(3,)"]),
    ({"classes": 0, "y_train": np.ones((3, 2)), "y_test": np.ones((2, 1))}, ["y_train has 2", "y_test has 1"]),
])  # fmt: skip
def test_bad_arrays_are_refused_by_name_and_number(changes, words):
    with refused("toy", *words):
        make(**changes)


def test_the_digits_are_1437_and_360_standardised_images_of_64_pixels_the_same_at_every_load():
    data = load("digits")
    assert data.x_train.shape == (1437, 64)
    assert data.x_test.shape == (360, 64)
    assert data.classes == 10
    assert abs(data.x_train.mean()) < 1e-3
    assert abs(data.x_train.std() - 1) < 1e-3
    for x in (data.x_train, data.x_test):
        pixels = x * DIGITS_STD + DIGITS_MEAN
        np.testing.assert_allclose(pixels, np.round(pixels), atol=1e-5)
        assert (np.round(pixels.min()), np.round(pixels.max())) == (0, 16)
    again = load("digits")
    np.testing.assert_array_equal(data.x_train, again.x_train)
    np.testing.assert_array_equal(data.y_test, again.y_test)


def test_the_split_of_the_digits_is_stratified_and_no_image_is_in_both_parts():
    data = load("digits")
    train, test = np.bincount(data.y_train), np.bincount(data.y_test)
    # The class counts of UCI's test part, in the order of the digits.
    np.testing.assert_array_equal(train + test, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    assert np.abs(test - (train + test) * 360 / 1797).max() < 1
    assert not {row.tobytes() for row in data.x_train} & {row.tobytes() for row in data.x_test}


def test_the_file_of_the_digits_is_small_and_its_licence_lies_beside_it():
    folder = Path(minidst.data.__file__).parent
    assert (folder / "digits.npz").stat().st_size < 80_000
    licence = (folder / "digits.LICENSE.md").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "1998", "https://doi.org/10.24432/C50P49", "CC BY 4.0", "What was changed"):
        assert words in licence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "features", "train", "per_class"), [("fashion-mnist", 784, 60000, 6000), ("cifar10", 3072, 50000, 5000)]
)
def test_a_real_set_has_its_published_shape_and_is_standardised(name, features, train, per_class):
    source = next(source for source in sources(DATA) if source.name == name)
    if source.found is None:
        pytest.skip(f"{name} is not here: {source.how}")
    data = load(name, data_dir=source.found)
    assert data.x_train.shape == (train, features)
    assert data.x_test.shape == (10000, features)
    assert data.classes == 10
    assert set(np.bincount(data.y_train)) == {per_class}
    assert set(np.bincount(data.y_test)) == {1000}
    for x in (data.x_train, data.x_test):
        assert abs(x.mean(dtype=np.float64)) < 0.02
        # The root mean square, as the mean is 0: x.std() would copy the whole set.
        assert abs(np.sqrt(np.vdot(x, x) / x.size) - 1) < 0.02
