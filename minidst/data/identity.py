"""The identity of a data set: what a file says of data that it does not hold."""

import hashlib
from typing import Any

from minidst.data.dataset import Dataset

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def identity(data: Dataset) -> dict[str, Any]:
    """Name, classes, shapes, and the SHA-256 of all its arrays, ready for JSON; equal for the same data only."""
    digest = hashlib.sha256()
    names = ARRAYS if data.weights is None else (*ARRAYS, "weights")
    for name in names:
        digest.update(getattr(data, name))  # C-contiguous, as Dataset makes them
    shapes = {name: list(getattr(data, name).shape) for name in names}
    return {"name": data.name, "classes": data.classes, "shapes": shapes, "sha256": digest.hexdigest()}
