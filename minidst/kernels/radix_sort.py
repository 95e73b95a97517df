"""Radix sort of non-negative integers, and of floats by their bits: no comparison is needed.

Least digit first: each pass distributes the numbers to 2048 piles by eleven of their bits and keeps the order within a
pile. A layer's keys have three such digits at most, or four; NumPy's sort takes four times as long.
"""

import numpy as np

from .arrays import Float, Index, Offset
from .jit import jit

BITS = 11
PILES = 1 << BITS


@jit
def begin_piles(numbers: Offset, shift: int, out: Offset) -> None:
    """Where the pile of each digit begins, if the piles lie one after the other."""
    out[:] = 0
    for number in numbers:
        out[number >> shift & PILES - 1] += 1
    total = 0
    for pile in range(PILES):
        out[pile], total = total, total + out[pile]


@jit
def stable_order(bits: Offset) -> Index:
    """The positions of numbers from 0 in increasing order, equal ones as they come."""
    order, spare = np.arange(bits.size, dtype=np.int32), np.empty(bits.size, np.int32)
    starts = np.empty(PILES, np.int64)
    largest = bits.max() if bits.size else bits.dtype.type(0)
    shift = 0
    while largest >> shift > 0:
        begin_piles(bits, shift, starts)
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
