"""What a network does beside sparse products: one pass over a dense array each.

Transposing a batch, summing over its samples, ReLU, and the steps of SGD and Adam, for which NumPy would need six
passes and as many temporaries.
"""

from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from .arrays import Float, Offset, Scalar
from .jit import jit
from .memory import aligned
from .simd.tiles import OCTET, add, fill, load, store

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
    if H.dtype not in (np.float32, np.float64):  # integers, as when one steps through a layer by hand
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


@jit
def relu(out: Float) -> None:
    """y ← max(y, 0) for each of (n,) numbers; nan stays nan, so that the trainer sees it."""
    for e in range(out.size):
        out[e] = 0 if out[e] <= 0 else out[e]


@jit
def relu_backward(Y: Float, out: Float) -> None:
    """dy ← dy where y > 0, else 0."""
    for e in range(out.size):
        out[e] = out[e] if Y[e] > 0 else 0


@jit
def sgd(
    grad: Float, velocity: Float, lr: Scalar, momentum: Scalar, weight_decay: Scalar, nesterov: bool, w: Float
) -> None:
    """g = ∇ + λw;  v ← μv + g;  w ← w − η·(g + μv) with Nesterov's look-ahead, else w − η·v."""
    for e in range(w.size):
        g = grad[e] + weight_decay * w[e]
        v = momentum * velocity[e] + g
        velocity[e] = v
        w[e] -= lr * (g + momentum * v if nesterov else v)


@jit
def adam(
    grad: Float, m: Float, v: Float, lr: Scalar, beta1: Scalar, rest1: Scalar, beta2: Scalar, rest2: Scalar,
    epsilon: Scalar, decay: Scalar, correction1: Scalar, correction2: Scalar, w: Float,
) -> None:  # fmt: skip
    """m ← β₁m + r₁∇;  v ← β₂v + r₂∇²;  w ← (1 − ηλ)w − η·(m/c₁) / (√(v/c₂) + ε);  r = 1 − β, c = 1 − βᵗ, decay = ηλ.

    r is an argument because 1 − 0.999 computed in float32 has only four digits left.
    """
    for e in range(w.size):
        g = grad[e]
        m[e] = beta1 * m[e] + rest1 * g
        v[e] = beta2 * v[e] + rest2 * g * g
        w[e] -= decay * w[e] + lr * (m[e] / correction1) / (sqrt(v[e] / correction2) + epsilon)
