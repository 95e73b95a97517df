"""Theorem 15, proofs/rewiring.md."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minidst.formats import CSR
from minidst.nn import SGD, SparseLinear
from minidst.theory import rewiring
from minidst.verify import THEOREMS


def test_rewiring():
    assert THEOREMS["rewiring"].check() == (5632, 0)


def as_arrays(*lists):
    return [np.array(numbers, kind) for numbers, kind in zip(lists, [int, float, float, int, int, float], strict=True)]


def test_one_update_by_hand():
    """2×3: (0, 1) goes, (1, 1) goes and is born again, (0, 2) is born; (0, 0) and (1, 2) stay."""
    layer = as_arrays([0, 1, 4, 5], [5, 6, 7, 8], [10, 20, 30, 40], [1, 2], [4, 2], [-1, -2])
    keys, values, state = rewiring(6, *layer)
    assert keys.tolist() == [0, 2, 4, 5]
    assert values.tolist() == [5, -2, -1, 8]
    assert state.tolist() == [10, 0, 0, 40]


@st.composite
def updates(draw):
    """(places, keys, drop, born) with born disjoint from what survives, in any order."""
    places = draw(st.integers(1, 12))
    keys = sorted(draw(st.sets(st.integers(0, places - 1))))
    drop = draw(st.permutations(range(len(keys))))[: draw(st.integers(0, len(keys)))]
    free = draw(st.permutations(sorted(set(range(places)) - set(keys) | {keys[e] for e in drop})))
    return places, keys, drop, free[: draw(st.integers(0, len(free)))]


@given(updates())
def test_it_is_set_difference_and_union_and_the_way_back_restores_the_connections(update):
    places, keys, drop, born = update
    W, M = np.arange(1.0, len(keys) + 1), np.arange(-1.0, -len(keys) - 1, -1)
    newborn = np.arange(100.0, 100 + len(born))
    after, values, state = rewiring(places, *as_arrays(keys, W, M, drop, born, newborn))
    survivors = [(key, w, m) for e, (key, w, m) in enumerate(zip(keys, W, M, strict=True)) if e not in drop]
    triples = sorted(survivors + [(key, w, 0) for key, w in zip(born, newborn, strict=True)])
    assert [*zip(after.tolist(), values.tolist(), state.tolist(), strict=True)] == triples
    assert after.size == len(keys) - len(drop) + len(born)
    gone = np.array(keys, int)[drop]
    back, again, _ = rewiring(places, after, values, state, np.searchsorted(after, born), gone, W[drop])
    assert back.tolist() == keys
    assert again.tolist() == W.tolist()


def test_survivors_take_the_step_that_they_would_have_taken_without_the_update():
    """And a newborn's step is the first of its life: v = g + λw, w ← w − ηv, with no momentum from anyone else."""
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((3, 4)), np.zeros(3)
    one, other = (SparseLinear(CSR.from_dense(W * (np.arange(12).reshape(3, 4) % 3 > 0)), b) for _ in range(2))
    optimizer, grads = SGD(0.9, 0.01), rng.standard_normal((2, 12))
    for layer in (one, other):
        layer.weight.grad = grads[0][layer.W.keys()]
        optimizer.step([layer.weight], 0.1)
    other.rewire(np.array([0, 5]), np.array([0, 9]))
    for layer in (one, other):
        layer.weight.grad = grads[1][layer.W.keys()]
        optimizer.step([layer.weight], 0.1)
    before, after = (dict(zip(layer.W.keys().tolist(), layer.W.values, strict=True)) for layer in (one, other))
    assert set(after) == set(before) - {1, 8} | {0, 9}
    assert all(after[key].tobytes() == before[key].tobytes() for key in set(after) & set(before))
    assert [after[key] for key in (0, 9)] == [-0.1 * grads[1][key] for key in (0, 9)]
