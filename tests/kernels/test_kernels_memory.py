"""Large arrays reuse the buffers of earlier ones, and never one that is still in use."""

import gc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidst.kernels import memory
from minidst.kernels.memory import aligned

ROWS = 1 << 11  # × 128 float32 are 1 MiB


@pytest.fixture(autouse=True)
def empty_pool(monkeypatch):
    monkeypatch.setattr(memory, "_pool", [])


def test_a_buffer_is_used_again_once_no_array_uses_it():
    first = aligned((ROWS, 128), np.float32)
    address, part = first.ctypes.data, first[3:, :5].T
    del first
    second = aligned((ROWS, 128), np.float32)
    assert second.ctypes.data != address  # `part` still uses it
    del part
    assert aligned((ROWS, 128), np.float32).ctypes.data == address
    assert address % 64 == second.ctypes.data % 64 == 0


def test_a_small_array_is_not_pooled():
    aligned((ROWS - 1, 128), np.float32)
    assert memory._pool == []


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(0, 9)), max_size=40))
def test_no_two_living_arrays_ever_share_a_byte(steps):
    memory._pool.clear()
    living = []
    for number, (make, size, place) in enumerate(steps):
        if make or not living:
            array = aligned((size * ROWS, 128), np.float32)
            array[0, 0] = array[-1, -1] = number
            living.append((number, array))
        else:
            del living[place % len(living)]
        array = None
        assert all(kept[0, 0] == kept[-1, -1] == when for when, kept in living)
    spans = sorted((kept.ctypes.data, kept.ctypes.data + kept.nbytes) for _, kept in living)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


def test_free_buffers_beyond_what_is_in_use_and_64_mib_are_given_back():
    living = [aligned((16 * ROWS, 128), np.float32) for _ in range(10)]  # 160 MiB
    del living
    gc.collect()
    assert len(memory._pool) == 10
    kept = aligned((ROWS, 128), np.float32)
    # 1 MiB is in use, so at most 65 of the 160 free ones may stay
    assert len(memory._pool) == 1 + 4
    assert kept.size == ROWS * 128


def test_clear_gives_the_free_buffers_back():
    kept, gone = aligned((ROWS, 128), np.float32), aligned((ROWS, 128), np.float32)
    del gone
    memory.clear()
    assert len(memory._pool) == 1
    assert kept.size == ROWS * 128
