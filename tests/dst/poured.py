"""Shares of a total, in exact fractions: what `topology.deal` rounds to whole numbers."""

from fractions import Fraction


def poured(total, weights, room):
    """min(room_l, ε·w_l) with the sum `total`: raise ε, close what is full, and so on. None if w > 0 is full."""
    if total > sum(r for w, r in zip(weights, room, strict=True) if w > 0):
        return None
    share, closed = [Fraction(0)] * len(room), {l for l, w in enumerate(weights) if w == 0}
    left = Fraction(total)
    while left > 0:
        epsilon = left / sum(weights[l] for l in range(len(room)) if l not in closed)
        over = {l for l in range(len(room)) if l not in closed and epsilon * weights[l] > room[l]}
        if not over:
            return [s if l in closed else epsilon * weights[l] for l, s in enumerate(share)]
        for l in over:
            share[l] = Fraction(room[l])
            left -= room[l]
        closed |= over
    return share


def assert_dealt(counts, weights, room):
    """Whole shares within one of the exact ones, none above its room, nothing for w = 0 before the others are full."""
    assert all(0 <= n <= r for n, r in zip(counts, room, strict=True))
    share = poured(sum(counts), weights, room)
    if share is None:
        assert all(n == r for n, w, r in zip(counts, weights, room, strict=True) if w > 0)
    else:
        assert all(abs(n - s) < 1 for n, s in zip(counts, share, strict=True))
