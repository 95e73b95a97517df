"""SIMD tiles: pieces of one row's samples in vector registers, in which the sparse products are written.

A product visits thousands of rows of X in no order a cache could guess, so it must touch nothing else. A tile y of
out[i] stays in registers while all connections of output i are added to it, and is stored once:

    y = fill(X, bias[i], size)
    for e in range(indptr[i], indptr[i + 1]):
        y = add(y, values[e], load(X, indices[e], b, size))     # y + w·x
    store(y, out, i, b)

As plain Python, a tile is a slice of a NumPy row, and the functions below are all there is to it. In compiled code it
is a handful of vector registers, and each function an instruction or two for each of them (intrinsics.py). LLVM's own
vectorizer, given the plain loop over b, writes y back to memory for every few connections, at little more than half
the speed.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import llvmlite.binding
import numba
import numpy as np

from ..arrays import Float, Index, Scalar

Tile = Float
"""A tile: (samples,) of one row."""


def _register_bytes() -> int:
    """64 with AVX-512, 32 elsewhere: LLVM splits a vector where registers are narrower."""
    config: Any = numba.config
    if config.CPU_NAME or config.CPU_FEATURES is not None:  # Numba has been told to compile for another machine
        return 64 if "+avx512f" in (config.CPU_FEATURES or "") else 32
    return 64 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 32


REGISTER_BYTES = _register_bytes()
MOST = 8  # registers of a tile: 128 float32 samples on a machine with AVX-512, half as many elsewhere
LEAST_BYTES = 8  # of a register: for one or two float32 samples


@dataclass(frozen=True)
class Size:
    """A tile of so many registers of so many numbers; compiled code knows each size as a type of its own.

    A ragged tile may reach past the end of its row: its last register reads 0 there, and writes nothing.
    """

    registers: int
    lanes: int
    ragged: bool = False

    @property
    def samples(self) -> int:
        """How many a tile holds."""
        return self.registers * self.lanes


OCTET = Size(1, 8)


def tiles(M: Float) -> tuple[tuple[int, int, Size], ...]:
    """How the samples of M, (n, B), are cut: (first, the one after the last, size) of tiles of one size, side by side.

    Whole tiles of MOST registers come first, then one ragged tile of what is left: in as few registers as hold it, of
    half the width or less where that is enough, and in three of half the width rather than in two.
    """
    return _tiles(M.shape[1], M.itemsize)


@cache
def _tiles(B: int, itemsize: int) -> tuple[tuple[int, int, Size], ...]:
    lanes = REGISTER_BYTES // itemsize
    rest = B % (MOST * lanes)
    whole = [(0, B - rest, Size(MOST, lanes))] if rest < B else []
    if rest == 0 < B:
        return tuple(whole)
    if lanes < rest <= lanes * 3 // 2 and lanes * itemsize > 32:  # dot products add up sooner
        lanes //= 2
    while rest <= lanes // 2 and lanes * itemsize > LEAST_BYTES:
        lanes //= 2
    return (*whole, (B - rest, B, Size(max(1, ceil(rest / lanes)), lanes, ragged=True)))


def fill(M: Float, number: Scalar, size: Size) -> Tile:
    """A tile of one number, of M's dtype."""
    return np.full(size.samples, number, M.dtype)


def load(M: Float, i: int, b: int, size: Size) -> Tile:
    """M[i, b : b + samples]; M is C-contiguous, and only a ragged tile may reach past its last column."""
    tile = M[i, b : b + size.samples]
    return np.concatenate([tile, np.zeros(size.samples - tile.size, M.dtype)])


def pick(x: Float, j: Index, e: int, size: Size) -> Tile:
    """(x[j[e]], x[j[e + 1]], …) from all over a vector."""
    return x[j[e : e + size.samples]]


def last(tile: Tile, r: int) -> Tile:
    """Its last r numbers, and 0 before them, even where the tile is not finite."""
    return np.where(np.arange(tile.size) >= tile.size - r, tile, tile.dtype.type(0))


def store(tile: Tile, M: Float, i: int, b: int) -> None:
    """M[i, b : b + samples] = tile, as far as the row goes."""
    M[i, b : b + tile.size] = tile[: M.shape[1] - b]


def add(y: Tile, w: Scalar | Tile, x: Tile) -> Tile:
    """y + w·x, w one number or a tile of them."""
    return y + w * x


def dot(x: Tile, y: Tile) -> Scalar:
    """Σ_b x_b y_b."""
    total: Scalar = (x * y).sum(dtype=x.dtype)
    return total
