"""The real sets, where they are at hand: name their folder in $MINIDST_DATA."""

import os

import numpy as np
import pytest

from minidst.data import load, sources

DATA = os.environ.get("MINIDST_DATA")  # read before the fixture of this folder takes it away


@pytest.mark.parametrize(
    ("name", "features", "train", "per_class"), [("fashion-mnist", 784, 60000, 6000), ("cifar10", 3072, 50000, 5000)]
)
def test_the_real_set_has_its_published_shape_and_is_standardised(name, features, train, per_class):
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
