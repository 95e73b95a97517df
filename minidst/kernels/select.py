"""The k smallest and the k largest of many scores; between equal scores the earlier position wins."""

import numpy as np

from .arrays import Bool, Float, Offset, Scalar
from .jit import jit

STRIDE = 64  # scores looked at together before a single one is


def k_smallest(scores: Float, k: int) -> Offset:
    """Positions of the k smallest scores, in increasing order of position."""
    if k <= 0:
        return np.empty(0, np.int64)
    if k >= scores.size:
        return np.arange(scores.size)
    cut = np.partition(scores, k - 1)[k - 1]
    if np.isnan(cut):  # NaN sorts last, on either side: it is never among the best while a number is left
        below, ties = np.flatnonzero(~np.isnan(scores)), np.flatnonzero(np.isnan(scores))
    else:
        below, ties = np.flatnonzero(scores < cut), np.flatnonzero(scores == cut)
    ties = ties[: k - below.size]
    return np.sort(np.concatenate([below, ties]))


def k_largest(scores: Float, k: int) -> Offset:
    """Positions of the k largest scores, in increasing order of position."""
    return k_smallest(-scores, k)


def largest_in_rows(scores: Float, counts: Offset) -> Bool:
    """Which entries are among the `counts[r]` largest of their row r; ties go to the smaller column. Both (r, c)."""
    rows, n = np.arange(len(scores)), scores.shape[1]
    at = np.minimum(n - counts, n - 1)
    cut = np.partition(scores, np.unique(at), axis=1)[rows, at][:, None]
    above, level = scores > cut, scores == cut
    room = counts - above.sum(axis=1)
    chosen: Bool = above | (level & (level.cumsum(axis=1, dtype=np.int32) <= room[:, None]))
    return chosen


@jit
def collect(
    scores: Float, start: int, first_key: int, threshold: Scalar, filled: int, keys: Offset, kept: Float
) -> tuple[int, int]:
    """Append (first_key + p, scores[p]) for every p ≥ start with scores[p] > threshold, until the buffers are full.

    Returns how far the scan came and how many entries of `keys` and `kept` are filled.
    """
    p = start
    while p < scores.size:
        stop = min(p + STRIDE, scores.size)
        window = scores[p:stop]
        hits = 0
        for q in range(window.size):  # no branch: 64 comparisons in a few vector instructions
            hits += window[q] > threshold
        if hits == 0:
            p = stop
            continue
        if filled + hits > keys.size:
            return p, filled
        for q in range(window.size):
            if window[q] > threshold:
                keys[filled] = first_key + p + q
                kept[filled] = window[q]
                filled += 1
        p = stop
    return p, filled
