"""SIMD tiles: pieces of one row's samples in vector registers, in which the sparse products are written.

A product visits thousands of rows of X in no order a cache could guess, so it must touch nothing else. A tile y of
out[i] stays in registers while all connections of output i are added to it, and is stored once:

    y = fill(X, bias[i], EIGHT)
    for e in range(indptr[i], indptr[i + 1]):
        y = add(y, values[e], load(X, indices[e], b, EIGHT))     # y + w·x
    store(y, out, i, b)

As plain Python, a tile is a slice of a NumPy row, and the functions below are all there is to it. In compiled code it
is one long LLVM vector, and each function a handful of vector instructions (intrinsics.py). LLVM's own vectorizer,
given the plain loop over b, writes y back to memory for every few connections, at little more than half the speed.
"""

import llvmlite.binding
import numpy as np

from ..arrays import Float, Index, Scalar

Tile = Float
"""A tile: (samples,) of one row."""

Size = tuple[int, ...]
"""How many registers a tile has, as the length of a tuple: compiled code knows a tuple's length as part of its type."""

REGISTER_BYTES = 64 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 32
EIGHT, TWO = (0,) * 8, (0,) * 2  # of 128 and 32 float32 samples on a machine with AVX-512, of half as many elsewhere
OCTET = ()  # eight numbers, whatever the register


def samples(M: Float, size: Size) -> int:
    """How many samples of M a tile of this size holds."""
    return len(size) * REGISTER_BYTES // M.itemsize or 8


def fill(M: Float, number: Scalar, size: Size) -> Tile:
    """A tile of one number, of M's dtype."""
    return np.full(samples(M, size), number, M.dtype)


def load(M: Float, i: int, b: int, size: Size) -> Tile:
    """M[i, b : b + samples]; M is C-contiguous and has that many from b on."""
    return M[i, b : b + samples(M, size)]


def pick(x: Float, j: Index, e: int, size: Size) -> Tile:
    """(x[j[e]], x[j[e + 1]], …) from all over a vector."""
    return x[j[e : e + samples(x, size)]]


def last(tile: Tile, r: int) -> Tile:
    """Its last r numbers, and 0 before them, even where the tile is not finite."""
    return np.where(np.arange(tile.size) >= tile.size - r, tile, tile.dtype.type(0))


def store(tile: Tile, M: Float, i: int, b: int) -> None:
    """M[i, b : b + samples] = tile."""
    M[i, b : b + tile.size] = tile


def add(y: Tile, w: Scalar | Tile, x: Tile) -> Tile:
    """y + w·x, w one number or a tile of them."""
    return y + w * x


def dot(x: Tile, y: Tile) -> Scalar:
    """Σ_b x_b y_b."""
    total: Scalar = (x * y).sum(dtype=x.dtype)
    return total
