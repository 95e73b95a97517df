"""Tiles: how samples are cut and packed, and that nothing beside a tile is read or written."""

import os
import subprocess
import sys

import numpy as np
import pytest
from builders import rng
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, WITHOUT_JIT, rows_and_cols, whole

from minidst import COO, CSR, Condensed
from minidst.kernels import packing
from minidst.kernels.jit import jit
from minidst.kernels.memory import aligned
from minidst.kernels.simd.tiles import MOST, REGISTER_BYTES, add, dot, fill, load, store, tiles

BATCHES = range(1, 12) if WITHOUT_JIT else [*range(1, 40), 47, 63, 64, 65, 100, 127, 128, 129, 200, 250, 256, 300]
same = np.testing.assert_array_equal


@jit
def copied(M, out, first, end, size):
    for b in range(first, end, size.samples):
        for i in range(M.shape[0]):
            store(load(M, i, b, size), out, i, b)


@jit
def combined(x, y, out, first, end, size):
    """out[0] = 2 + 3·x[0], and the sum over these tiles of x[1]·y[1]."""
    total = x.dtype.type(0)
    for b in range(first, end, size.samples):
        store(add(fill(x, 2, size), x.dtype.type(3), load(x, 0, b, size)), out, 0, b)
        total += dot(load(x, 1, b, size), load(y, 1, b, size))
    return total


@given(B=st.integers(0, 1000), dtype=st.sampled_from(DTYPES))
def test_every_sample_is_in_one_tile_and_no_register_of_a_tile_is_empty(B, dtype):
    cuts, itemsize = tiles(np.empty((3, B), dtype)), np.dtype(dtype).itemsize
    assert [cuts[0][0], *(end for _, end, _ in cuts)] == [*(first for first, _, _ in cuts), B]
    *whole_tiles, (first, end, size) = cuts
    for start, stop, kind in whole_tiles:
        assert (kind.registers, kind.lanes * itemsize, kind.ragged) == (MOST, REGISTER_BYTES, False)
        assert (stop - start) % kind.samples == 0
    if size.ragged:
        assert size.samples - size.lanes < max(end - first, 1) <= size.samples
        assert size.registers > 1 or size.lanes * itemsize == 8 or end - first > size.lanes // 2
    else:
        assert (end - first) % size.samples == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_beside_a_tile_is_read_or_written(dtype):
    """M and out are rows 1 to 3 of larger arrays; what is around the one that is read is nan, and so are other rows."""
    for B in BATCHES:
        around, target = np.full((5, B), np.nan, dtype), np.full((5, B), 77, dtype)
        M, out = around[1:4], target[1:4]
        M[1] = whole(rng(), B, dtype=dtype)
        for cut in tiles(M):
            copied(M, out, *cut)
        same(out, M)
        same(target[[0, 4]], 77)
        M[0] = whole(rng(1), B, dtype=dtype)
        M[2], target[:] = np.inf, 77
        total = sum(combined(M, M, out, *cut) for cut in tiles(M))
        assert total == (M[1].astype(np.float64) ** 2).sum()
        same(out[0], 2 + 3 * M[0])
        same(target[[0, 2, 3, 4]], 77)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loads", [0, 10**9])
def test_pieces_hold_every_sample_once_and_packed_rows_lie_on_lines(dtype, loads):
    for B in BATCHES:
        M, seen = whole(rng(), 5, B, dtype=dtype), np.zeros(B, int)
        for piece, first, end, origin, size in packing.pieces(M, loads):
            same(piece[:, first - origin : end - origin], M[:, first:end])
            seen[first:end] += 1
            if piece is M:
                assert loads == 0 or B * M.itemsize % (size.lanes * M.itemsize) == 0
            else:
                assert piece.shape == (5, size.samples)
                assert piece.ctypes.data % (size.lanes * M.itemsize) == 0
                same(piece[:, end - first :], 0)
        same(seen, 1)


def test_a_batch_of_many_tiles_is_packed_where_it_exceeds_the_cache_and_a_batch_of_one_is_not():
    line = REGISTER_BYTES // 4
    tile = MOST * line
    wide, one = np.zeros((2 * packing.CACHE // tile // 4, 4 * tile), np.float32), aligned((4096, line), np.float32)
    assert len(list(packing.pieces(wide, 10**9))) == 4
    for piece, *_ in packing.pieces(wide, 10**9):
        assert piece is not wide
    few = (packing.WORTH_PACKING - 1) * len(wide)  # loads, which do not make up for a copy
    assert [piece is wide for piece, *_ in packing.pieces(wide, few)] == [True]
    assert [piece is one for piece, *_ in packing.pieces(one, 10**9)] == [True]


@pytest.mark.parametrize("packs", [0, 10**9])
@pytest.mark.parametrize("format", [COO, CSR, Condensed])
def test_a_samples_outputs_have_the_same_bits_in_every_batch_of_two_or_more(format, packs, monkeypatch):
    # one sample alone is added up eight connections at a time
    monkeypatch.setattr(packing, "WORTH_PACKING", packs)
    rows, cols = rows_and_cols([30] * 7, 40, rng())
    W = format.from_connections((7, 40), rows, cols, rng().standard_normal(rows.size).astype(np.float32))
    X, DY = (rng(seed).standard_normal((n, 300)).astype(np.float32) for seed, n in enumerate((40, 7)))
    Y, (_, DX), by_transpose = W @ X, W.backward(DY, X), W.T @ DY
    assert DX.tobytes() == by_transpose.tobytes()
    for B in BATCHES[1:]:
        x, dy = X[:, :B].copy(), DY[:, :B].copy()
        assert (W @ x).tobytes() == Y[:, :B].tobytes()
        assert W.backward(dy, x)[1].tobytes() == (W.T @ dy).tobytes() == DX[:, :B].tobytes()


@pytest.mark.slow
@pytest.mark.skipif(WITHOUT_JIT, reason="nothing is compiled")
@pytest.mark.skipif(REGISTER_BYTES != 64, reason="this machine's registers are narrow already")
def test_narrower_registers_compute_the_same():
    code = """
import numpy as np
from minidst import CSR
from minidst.kernels.memory import aligned
from minidst.kernels.simd.tiles import REGISTER_BYTES
rng = np.random.default_rng(0)
W = CSR.from_dense(rng.integers(-1, 2, (9, 30)).astype(np.float32))
D = W.to_dense()
for B in (1, 2, 3, 7, 8, 9, 31, 63, 64, 65, 127, 200):
    X, DY = rng.integers(-4, 5, (30, B)).astype(np.float32), rng.integers(-4, 5, (9, B)).astype(np.float32)
    DW, DX = W.backward(DY, X)
    assert (W @ X == D @ X).all() and (DX == D.T @ DY).all() and (DW == (DY @ X.T)[D != 0]).all(), B
print(REGISTER_BYTES)
"""
    environment = {**os.environ, "NUMBA_CPU_NAME": "haswell"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("32\n", "")
