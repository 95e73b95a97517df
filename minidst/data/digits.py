"""The digits: the small data set that ships inside the package. Attribution: `digits.LICENSE.md`."""

from pathlib import Path

import numpy as np

from minidst.data.dataset import Dataset
from minidst.data.npz import read_npz

FILE = Path(__file__).with_name("digits.npz")
MEAN, STD = np.float32(4.8951), np.float32(6.0211)  # of the training pixels, which are whole numbers 0..16


def load_digits() -> Dataset:
    """Return UCI's handwritten digits: x (1437, 64) and (360, 64), 8×8 pixels row by row; 10 classes.

    Standardised by one mean and one standard deviation for all pixels. The split is stratified and fixed in the
    file. Source: E. Alpaydin and C. Kaynak, https://doi.org/10.24432/C50P49, CC BY 4.0.
    """
    arrays = read_npz(FILE)
    x_train, x_test = ((arrays[key] - MEAN) / STD for key in ("x_train", "x_test"))
    return Dataset(x_train, arrays["y_train"], x_test, arrays["y_test"], 10, "digits")
