"""`rewire`, the one transaction that changes which connections exist."""

from typing import TypeVar

import numpy as np

from .._support.validation import quoted
from ..formats import Sparse, check
from ..kernels.arrays import Float, Offset
from ..kernels.keys import ends, follow, merge

S = TypeVar("S", bound=Sparse)


def rewire(W: S, drop: Offset, born: Offset, born_values: Float | float = 0.0) -> tuple[S, Offset]:
    """A ← (A ∖ P) ∪ G: a new weight without the connections P = `drop` and with the new ones G = `born`.

    drop: numbers e of connections of W, each once; born: keys i·n_in + j, each once, none of them active after the
    drop; born_values: one weight for all or one for each, in the order of `born`. A connection may be dropped and
    born in one transaction: it starts anew, with −1 as its `source`.

    Returns the new weight, in W's format, and `source`, (nnz′,) int64: new connection e was `source[e]` in W, or −1
    if it is born here. All that is aligned to connections follows by `carry(array, source)`. Survivors keep their
    values bit for bit.
    Raises ValueError if a key of `born` is outside the layer, twice in it, or active; Condensed, if rows differ.
    """
    if drop.size and (drop.dtype.kind not in "iu" or drop.min() < 0 or drop.max() >= W.nnz):
        raise ValueError(f"drop runs from {drop.min()} to {drop.max()}; connections are numbered from 0 to {W.nnz - 1}")
    keeps = np.ones(W.nnz, bool)
    keeps[drop] = False
    if np.count_nonzero(keeps) != W.nnz - drop.size:
        raise ValueError(f"drop {quoted(drop)} names a connection twice; name each once")
    if (np.diff(born) < 0).any():
        order = np.argsort(born)
        born, born_values = born[order], np.broadcast_to(born_values, born.shape)[order]
    n_out, n_in = W.shape
    if born.size and born.dtype.kind not in "iu":
        raise ValueError(f"born is {born.dtype}; it holds keys i·n_in + j, so give integers")
    if born.size and not (born[0] >= 0 and born[-1] < n_out * n_in):
        outside = born[0] if born[0] < 0 else born[-1]
        raise ValueError(f"key {outside} is born outside; a {n_out}×{n_in} layer has keys 0 to {n_out * n_in - 1}")
    nnz = np.count_nonzero(keeps) + born.size
    keys, source = np.empty(nnz, np.int64), np.empty(nnz, np.int64)
    merge(W.keys(), keeps, born, keys, source)
    if (twice := np.flatnonzero(keys[1:] == keys[:-1])).size:
        raise ValueError(f"connection {divmod(int(keys[twice[0]]), n_in)} would exist twice; drop it before it is born")
    values = carry(W.values, source)
    values[np.flatnonzero(source < 0)] = born_values  # which stay in their order
    values = check.values(values, 1)
    rows, cols = np.empty(nnz, np.int32), np.empty(nnz, np.int32)
    ends(keys, n_in, rows, cols)
    return type(W).from_sorted(W.shape, rows, cols, values), source


def carry(aligned: Float, source: Offset) -> Float:
    """An array aligned to W's connections, aligned to those of the rewired weight; new connections start at 0.

    aligned: (nnz,) or any shape of that size; returns (nnz′,).
    """
    carried = np.empty(source.size, aligned.dtype)
    follow(aligned.reshape(-1), source, carried)
    return carried
