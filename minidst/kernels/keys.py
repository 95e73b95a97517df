"""Sets of connections as sorted keys i·n_in + j: sorted, merged, subtracted, and split into row and column.

Which keys stay is hard to predict, so the loops below avoid branches on it: a key is written before it is known whether
it stays, and if not the next one takes its place.
"""

from typing import Any

import numpy as np

from .arrays import Bool, Index, Offset
from .jit import jit
from .radix_sort import BITS, PILES, begin_piles


@jit
def sort_keys(keys: Offset) -> None:
    """Sort keys in place: a radix sort, least digit first (radix_sort.py)."""
    spare, starts = np.empty_like(keys), np.empty(PILES, np.int64)
    largest = keys.max() if keys.size else 0
    shift = 0
    while largest >> shift > 0:
        begin_piles(keys, shift, starts)
        for key in keys:
            pile = key >> shift & PILES - 1
            spare[starts[pile]] = key
            starts[pile] += 1
        keys[:] = spare
        shift += BITS


@jit
def merge(keys: Offset, keeps: Bool, born: Offset, out: Offset, source: Offset) -> None:
    """The keys that are kept and those that are born, two increasing runs, as one.

    source[e] = p where out[e] = keys[p], −1 where it is born.
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
        carried = aligned[max(source[e], 0)]  # looked up in either case
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
def keep_absent(keys: Offset, excluded: Offset) -> int:
    """Move the keys that are not excluded to the front, each once, and return how many there are; both are sorted."""
    kept, s, t, last = 0, 0, 0, np.int64(-1)
    while s < keys.size and t < excluded.size:
        key = keys[s]
        behind = excluded[t] < key
        stays = key < excluded[t] and key != last
        keys[kept] = key
        last = key if stays else last
        kept += stays
        s += not behind
        t += behind
    for key in keys[s:]:
        keys[kept] = key
        kept += key != last
        last = key
    return kept


@jit
def gaps(ranks: Offset, excluded: Offset, out: Offset) -> None:
    """out[s] = ranks[s] + |{t : excluded[t] − t ≤ ranks[s]}|, the ranks[s]-th (from 0) not excluded; both sorted."""
    t = 0
    for s in range(ranks.size):
        while t < excluded.size and excluded[t] - t <= ranks[s]:
            t += 1
        out[s] = ranks[s] + t
