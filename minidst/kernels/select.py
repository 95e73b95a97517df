"""The k smallest and the k largest of many scores; between equal scores the earlier position wins."""

import heapq

import numpy as np

from .arrays import Bool, Float, Index, Offset, Scalar
from .jit import jit
from .radix_sort import BITS, PILES

STRIDE = 64  # scores looked at together before a single one is


def k_smallest(scores: Float, k: int) -> Offset:
    """Positions of the k smallest scores, in increasing order of position."""
    return _first(scores, k, 1)


def k_largest(scores: Float, k: int) -> Offset:
    """Positions of the k largest scores, in increasing order of position."""
    return _first(scores, k, -1)


def _first(scores: Float, k: int, sign: int) -> Offset:
    """Positions of the k smallest of sign·score."""
    if k <= 0:
        return np.empty(0, np.int64)
    if k >= scores.size:
        return np.arange(scores.size)
    numbers = ~np.isnan(scores)
    if k > (count := np.count_nonzero(numbers)):  # NaN is never among the best while a number is left
        chosen, ties = numbers, ~numbers
    else:
        left, rank = scores if count == scores.size else scores[numbers], k - 1 if sign > 0 else int(count) - k
        if scores.dtype == np.float32:  # + 0: −0 is 0
            cut: Scalar = np.int32(kth_smallest((left + np.float32(0)).view(np.int32), rank)).view(np.float32)
        else:
            cut = np.partition(left, rank)[rank]
        chosen, ties = scores < cut if sign > 0 else scores > cut, scores == cut
    chosen[np.flatnonzero(ties)[: k - np.count_nonzero(chosen)]] = True
    return np.flatnonzero(chosen)


@jit
def kth_smallest(scores: Index, k: int) -> int:
    """The k-th smallest (from 0) of float32 numbers, given and returned as their bits; digits of eleven, first to last.

    Each pass counts, among the numbers that share the digits found so far, how many have each next one: three passes,
    whatever the numbers are, where partitioning slows down if many are equal, as the weights of grown connections are.
    """
    counts, found, left = np.empty(PILES, np.int64), 0, 33
    while left > 0:
        left -= BITS
        counts[:] = 0
        for number in scores:
            bits = np.int64(number)
            place = (bits ^ (bits >> 31 & 0x7FFFFFFF)) + (1 << 31)  # rises with the number: negatives count downwards
            if place >> left + BITS == found:
                counts[place >> left & PILES - 1] += 1
        digit = 0
        while k >= counts[digit]:
            k -= counts[digit]
            digit += 1
        found = found << BITS | digit
    signed = found - (1 << 31)
    return signed ^ (signed >> 31 & 0x7FFFFFFF)


@jit
def largest_in_rows(scores: Float, counts: Offset, out: Bool) -> None:
    """out[r, j] = whether scores[r, j] is among the counts[r] largest of row r; ties go to the smaller column."""
    for r in range(len(scores)):
        row, k = scores[r], counts[r]
        best = [(row[j], -j) for j in range(k)]
        heapq.heapify(best)  # the worst of those kept so far is best[0]
        for j in range(k, row.size):
            if k > 0 and row[j] > best[0][0]:
                heapq.heapreplace(best, (row[j], -j))
        out[r] = False
        for _, j in best:
            out[r, -j] = True


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
