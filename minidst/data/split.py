"""The split: cutting one table of samples into a train and a test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidst._support.validation import in_interval, is_integer, quoted

Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def train_test_split(x: NDArray[Any], y: NDArray[Any], test: float, seed: int, name: str) -> Arrays:
    """Return x_train, y_train, x_test, y_test: round(samples * test) random rows go to the test part.

    x and y have samples along their first axis; `seed` fixes the shuffle, the order of the rows is random.
    Raises ValueError for different lengths, a fraction that leaves a part empty, or a seed that is none.
    """
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{name}: x has shape {x.shape} and y {y.shape}: give one y per row of x")
    if not is_integer(seed, 0):
        raise ValueError(f"{name}: seed={quoted(seed)}: give a whole number from 0 up")
    if not in_interval(test, "(0, 1)"):
        raise ValueError(f"{name}: test={quoted(test)}: give the fraction of test samples, between 0 and 1")
    held_out = round(len(x) * test)
    if not 0 < held_out < len(x):
        raise ValueError(
            f"{name}: test={test} of {len(x)} samples leaves {len(x) - held_out} to train on and {held_out} to "
            "test on: give more samples or another fraction"
        )
    order = np.random.default_rng(seed).permutation(len(x))
    test_rows, train_rows = order[:held_out], order[held_out:]
    return x[train_rows], y[train_rows], x[test_rows], y[test_rows]
