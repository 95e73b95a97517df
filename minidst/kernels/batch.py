"""A batch as the network takes it: one column per sample."""

from typing import Any

from .arrays import Float, Offset, aligned
from .jit import jit

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
