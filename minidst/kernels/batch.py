"""A batch as the network takes it, one column per sample; and sums over its samples."""

from functools import partial
from typing import Any

import numpy as np

from .arrays import Float, Offset, aligned
from .jit import jit
from .lanes import OCTET, add, fill, load, store

BLOCK = 16  # float32 numbers to a cache line: a block of that many samples and features is read and written by lines


def as_columns(x: Float, samples: Offset, dtype: Any) -> Float:
    """X[j, b] = x[samples[b], j], (n_in, B) of `dtype`, from x: (n, n_in), float32 or float64."""
    X = aligned((x.shape[1], samples.size), dtype)
    _transpose(x, samples, X)
    return X


@jit
def _transpose(x: Float, samples: Offset, out: Float) -> None:
    for b0 in range(0, samples.size, BLOCK):
        chosen = samples[b0 : b0 + BLOCK]
        for j0 in range(0, x.shape[1], BLOCK):
            X = out[j0 : j0 + BLOCK]
            for b in range(chosen.size):
                row = x[chosen[b], j0 : j0 + BLOCK]
                for j in range(row.size):
                    X[j, b0 + b] = row[j]


def over_samples(H: Float) -> Float:
    """Σ_b H[i, b] of every unit i, (n,), of H's dtype."""
    if H.dtype not in (np.float32, np.float64):  # whole numbers, as one steps through a layer by hand
        return np.asarray(H.sum(axis=1))
    sums = np.empty(len(H), H.dtype)
    _add_up(np.ascontiguousarray(H), sums)
    return sums


@partial(jit, as_written=True)
def _add_up(H: Float, out: Float) -> None:
    """Eight sums side by side, of every eighth sample each, then those in pairs, then the samples that are left.

    NumPy adds in this order, so up to 128 samples its `H.sum(axis=1)` gives the same bits, in several times the time;
    beyond, its sums are the more exact ones.
    """
    one, eighth = H.dtype.type(1), np.zeros((1, 8), H.dtype)
    whole = H.shape[1] - H.shape[1] % 8
    for i in range(out.size):
        eight = fill(H, 0, OCTET)
        for b in range(0, whole, 8):
            eight = add(eight, one, load(H, i, b, OCTET))
        store(eight, eighth, 0, 0)
        r = eighth[0]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        for b in range(whole, H.shape[1]):
            total += H[i, b]
        out[i] = total
