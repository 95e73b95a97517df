"""The confidence interval that every table and plot of runs over seeds shows."""

from typing import Any

import numpy as np


def half_width(samples: Any, axis: int = 0) -> Any:
    """t₀.₉₇₅(n − 1) · s/√n: half of the 95 % confidence interval of the mean of n samples along `axis`.

    s is the samples' standard deviation (n − 1 in its denominator); nan for n = 1.
    """
    from scipy.stats import t as student  # takes a second to import, and training does without

    samples = np.asarray(samples)
    n = samples.shape[axis]
    if n < 2:
        return np.full(np.delete(samples.shape, axis), np.nan)[()]
    return student.ppf(0.975, n - 1) * samples.std(axis=axis, ddof=1) / np.sqrt(n)
