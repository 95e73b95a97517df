"""Sorting and merging of connections, whose keys are whole numbers from 0: no comparison of keys is needed.

Least digit first: each pass deals the numbers to 2048 piles by eleven of their bits and keeps the order within a pile.
A layer's keys have three such digits at most, or four; NumPy's sort takes four times as long.
"""

from typing import Any

import numpy as np

from .arrays import Bool, Float, Index, Offset
from .jit import jit

BITS = 11
PILES = 1 << BITS


@jit
def _begin_piles(numbers: Offset, shift: int, out: Offset) -> None:
    """Where the pile of each digit begins, if the piles lie one after the other."""
    out[:] = 0
    for number in numbers:
        out[number >> shift & PILES - 1] += 1
    total = 0
    for pile in range(PILES):
        out[pile], total = total, total + out[pile]


@jit
def sort_keys(keys: Offset) -> None:
    """Sort numbers from 0 in place."""
    spare, starts = np.empty_like(keys), np.empty(PILES, np.int64)
    largest = keys.max() if keys.size else 0
    shift = 0
    while largest >> shift > 0:
        _begin_piles(keys, shift, starts)
        for key in keys:
            pile = key >> shift & PILES - 1
            spare[starts[pile]] = key
            starts[pile] += 1
        keys[:] = spare
        shift += BITS


@jit
def stable_order(bits: Offset) -> Index:
    """The positions of numbers from 0 in increasing order, equal ones as they come."""
    order, spare = np.arange(bits.size, dtype=np.int32), np.empty(bits.size, np.int32)
    starts = np.empty(PILES, np.int64)
    largest = bits.max() if bits.size else bits.dtype.type(0)
    shift = 0
    while largest >> shift > 0:
        _begin_piles(bits, shift, starts)
        for position in order:
            pile = bits[position] >> shift & PILES - 1
            spare[starts[pile]] = position
            starts[pile] += 1
        order[:] = spare
        shift += BITS
    return order


def by_magnitude(theta: Float) -> Index:
    """The positions of weights from the smallest |θ| to the largest, equal ones as they come.

    The bits of a positive IEEE number, read as a whole number, are in the order of the numbers.
    """
    whole: type = np.int32 if theta.itemsize == 4 else np.int64
    return stable_order(np.abs(theta).view(whole))


@jit
def ranks_by_sign(theta: Float, order: Index, out: Float) -> None:
    """out[e] = (1 + how many weights of e's sign come before it in `order`)/(how many there are); 0 is positive."""
    negatives = 0
    for value in theta:
        negatives += value < 0
    positives, p, n = theta.size - negatives, 0, 0
    for e in order:
        if theta[e] < 0:
            n += 1
            out[e] = n / negatives
        else:
            p += 1
            out[e] = p / positives


@jit
def merge(keys: Offset, keeps: Bool, born: Offset, out: Offset, source: Offset) -> None:
    """The keys that are kept and those that are born, two increasing runs, as one.

    source[e] = p where out[e] = keys[p], −1 where it is born. A key that is not kept is written too, and the next one
    takes its place: which are kept is hard to predict, so there is no branch on it.
    """
    q, e = 0, 0
    for p in range(keys.size):
        while q < born.size and born[q] < keys[p]:
            out[e], source[e] = born[q], -1
            q, e = q + 1, e + 1
        if e < out.size:
            out[e], source[e] = keys[p], p
            e += keeps[p]
    out[e:], source[e:] = born[q:], -1


@jit
def follow(aligned: Any, source: Offset, out: Any) -> None:
    """out[e] = aligned[source[e]], or 0 where source[e] is −1."""
    if aligned.size == 0:
        out[:] = 0
        return
    for e in range(source.size):
        carried = aligned[max(source[e], 0)]  # looked up in either case: again, what is born is hard to predict
        out[e] = carried if source[e] >= 0 else aligned.dtype.type(0)


@jit
def ends(keys: Offset, n_in: int, rows: Index, cols: Index) -> None:
    """rows[e], cols[e] = keys[e] // n_in, keys[e] % n_in of increasing keys, which need no division."""
    i, first = 0, 0
    for e in range(keys.size):
        while keys[e] - first >= n_in:
            i, first = i + 1, first + n_in
        rows[e], cols[e] = i, keys[e] - first


@jit
def kth_smallest(scores: Index, k: int) -> int:
    """The k-th smallest (from 0) of float32 numbers, given and returned as their bits; digits of eleven, first to last.

    Each pass counts, among the numbers that share the digits found so far, how many have each next one: three passes,
    whatever the numbers are, where partitioning slows down if many are equal, as the weights of the newborn are.
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
