"""The samples: what is done to them between the user's hands and the trainer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array

from ..data import Dataset


def checked_weights(sample_weight: Any, samples: int) -> NDArray[np.float64]:
    """(samples,) numbers, at least 0. Raises ValueError for others, and if all are 0."""
    weights: NDArray[np.float64] = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (samples,) or weights.min() < 0 or weights.max() == 0:
        raise ValueError(
            f"sample_weight has shape {weights.shape} and numbers from {weights.min()} to {weights.max()}; "
            f"give one for each of {samples} samples, at least zero, and not all of them zero"
        )
    return weights


def validation_split(data: Dataset, fraction: float, rng: np.random.Generator) -> tuple[Dataset, Dataset]:
    """(a part to train on, a part to judge by), with the same share of every class.

    Raises ValueError for too few samples to be split like that.
    """
    samples, seed = np.arange(len(data.x_train)), int(rng.integers(2**31 - 1))
    alike = data.y_train if data.classes else None
    rest, out = train_test_split(samples, test_size=fraction, random_state=seed, stratify=alike)
    if len(out) < 2:
        raise ValueError(
            f"validation_fraction={fraction} of {len(samples)} samples is 1 to judge by; raise it, "
            "or set early_stopping=False"
        )
    return data.only(rest), data.only(out)
