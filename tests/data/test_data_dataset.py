import numpy as np
import pytest

from minidst.data import Dataset

pytestmark = pytest.mark.small


def make(**changes):
    fields = {
        "x_train": np.arange(6.0).reshape(3, 2),
        "y_train": np.array([0, 1, 0]),
        "x_test": np.ones((2, 2)),
        "y_test": np.array([1, 0]),
        "classes": 2,
        "name": "toy",
    }
    return Dataset(**{**fields, **changes})


def test_arrays_become_float32_rows_and_int64_labels():
    data = make(x_train=np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(3, 2)), y_test=np.array([1, 0], "u1"))
    assert data.x_train.dtype == data.x_test.dtype == np.float32
    assert data.x_train.flags.c_contiguous
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert data.features == 2


def test_read_only_arrays_become_writable_ones():
    x = np.ones((2, 2), np.float32)
    x.flags.writeable = False
    assert make(x_test=x).x_test.flags.writeable


def test_regression_targets_are_a_float32_matrix():
    data = make(classes=0, y_train=np.ones((3, 2)), y_test=np.ones((2, 2)))
    assert data.y_train.dtype == np.float32
    assert data.y_train.shape == (3, 2)


def test_a_dataset_is_frozen():
    with pytest.raises(AttributeError):
        make().classes = 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": np.ones(3)}, ["x_train", "(3,)"]),
        ({"x_test": np.ones((2, 3))}, ["2 columns", "3"]),
        ({"y_train": np.array([0, 1])}, ["3 samples", "2"]),
        ({"x_train": np.array([[0, 1], [2, 3], [4, np.nan]])}, ["x_train[2, 1]", "nan"]),
        ({"x_test": np.array([[0, 1], [1e300, 3]])}, ["x_test[1, 0]", "1e+300"]),
        ({"x_test": np.array([[0, -np.inf], [1, 3]])}, ["x_test[0, 1]", "-inf"]),
        ({"x_train": np.empty((0, 2)), "y_train": np.empty(0, int)}, ["(0, 2)"]),
        ({"x_train": np.array([["a", "b"]] * 3)}, ["<U1"]),
        ({"y_train": np.array([0, 2, 0])}, ["y_train[1] is 2", "0..1"]),
        ({"y_test": np.array([0, -1])}, ["y_test[1] is -1", "0..1"]),
        ({"y_test": np.array([0, 2**64 - 1], np.uint64)}, [2**64 - 1, "0..1"]),
        ({"y_test": np.array([0.0, 1.0])}, ["float64", "astype"]),
        ({"y_test": np.array([[0], [1]])}, ["(2, 1)"]),
        ({"classes": 1}, ["classes=1"]),
        ({"classes": -2}, ["classes=-2"]),
        ({"classes": 2.0}, ["classes=2.0"]),
        ({"classes": 0}, ["y_train", "(3,)"]),
        ({"classes": 0, "y_train": np.ones((3, 2)), "y_test": np.ones((2, 1))}, ["y_train has 2", "y_test has 1"]),
    ],
)
def test_bad_arrays_are_refused_by_name_and_number(changes, words, refused):
    with refused("toy", *words):
        make(**changes)
