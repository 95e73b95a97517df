from pathlib import Path

import numpy as np
import pytest

import minidst.data
from minidst.data import load
from minidst.data.images import DIGITS_MEAN, DIGITS_STD

pytestmark = pytest.mark.small


def test_there_are_1437_and_360_standardised_images_of_64_pixels():
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


def test_the_split_is_stratified():
    data = load("digits")
    train, test = np.bincount(data.y_train), np.bincount(data.y_test)
    # The class counts of UCI's test part, in the order of the digits.
    np.testing.assert_array_equal(train + test, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    assert np.abs(test - (train + test) * 360 / 1797).max() < 1


def test_no_image_is_in_both_parts():
    data = load("digits")
    assert not {row.tobytes() for row in data.x_train} & {row.tobytes() for row in data.x_test}


def test_loading_is_not_random():
    first, second = load("digits"), load("digits")
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_the_file_is_small_and_its_licence_lies_beside_it():
    folder = Path(minidst.data.__file__).parent
    assert (folder / "digits.npz").stat().st_size < 80_000
    licence = (folder / "digits.LICENSE.md").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "1998", "https://doi.org/10.24432/C50P49", "CC BY 4.0", "What was changed"):
        assert words in licence
