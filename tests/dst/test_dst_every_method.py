"""What every registered method promises, whichever paper it is from: a new record is tested here without an edit."""

import tracemalloc
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minidst import METHODS, Config, Dataset, mlp, train
from minidst.analysis.method_checks import grown_and_peak
from minidst.nn import SGD, Adam, SparseLinear

small = pytest.mark.small
NAMES = list(METHODS)


def data_for(sizes, rng, samples=24):
    y = np.arange(samples) % sizes[-1]
    x = rng.standard_normal((samples, sizes[0])) + y[:, None]
    return Dataset(x, y, x, y, sizes[-1], "random")


def in_order(layer):
    """The layer's keys, which are different, sorted and inside."""
    keys, (n_out, n_in) = layer.W.keys(), layer.shape
    assert (np.diff(keys) > 0).all()
    assert keys.size == 0 or (keys[0] >= 0 and keys[-1] < n_out * n_in)
    return keys


@contextmanager
def every_rewiring_watched():
    """What survives a change of topology keeps weight and state bit for bit; what is born has no state."""
    rewire = SparseLinear.rewire

    def watched(layer, drop, born, born_values=0.0):
        staying = np.delete(layer.W.keys(), drop)
        before = {"weight": layer.weight.values, **layer.weight.state}
        before = {name: np.delete(array, drop).tobytes() for name, array in before.items()}
        rewire(layer, drop, born, born_values)
        keys = in_order(layer)
        assert keys.tolist() == sorted([*staying.tolist(), *born.tolist()])
        survives = np.isin(keys, staying)
        after = {"weight": layer.weight.values, **layer.weight.state}
        assert {name: array[survives].tobytes() for name, array in after.items()} == before
        assert not any(array[~survives].any() for array in layer.weight.state.values())

    with patch.object(SparseLinear, "rewire", watched):
        yield


def promised(record, net, before):
    """Whether a network may have as many connections as it has after a step; `before`: at the last one."""
    if (record.start == "sparse" and record.format == "csr") or (record.begin and record.start == "dense"):
        return net.connections == net.budget
    return net.connections <= before  # SRigL ablates neurons; what starts dense only ever prunes


def assert_keeps_its_promise(record, sizes, density, seed, optimizer):
    """Nine steps with an update at every second one."""
    record = replace(record, schedule=replace(record.schedule, every=2), rounds=())
    try:
        net = mlp(sizes, density=density, method=record, allocation="uniform", seed=seed)
    except ValueError:  # a density that leaves a layer empty
        assume(False)
    data = data_for(sizes, np.random.default_rng(seed))
    before = net.connections
    with every_rewiring_watched():
        for step in train(net, data, record, Config(epochs=3, batch=8, optimizer=optimizer)):
            assert promised(record, net, before), (step.t, net.connections, net.budget)
            before = net.connections
            assert record.dynamic or step.pruned == step.grown == 0
            for layer in net.sparse:
                in_order(layer)
            for p in net.parameters():
                assert all(np.isfinite(array).all() for array in (p.values, *p.state.values()))
                assert all(array.size == p.values.size for array in p.state.values())


@small
@pytest.mark.parametrize("name", NAMES)
@given(
    sizes=st.lists(st.integers(2, 9), min_size=2, max_size=4),
    density=st.floats(0.2, 1),
    seed=st.integers(0, 2**32 - 1),
    optimizer=st.sampled_from([SGD(), Adam()]),
)
@settings(deadline=None, max_examples=12)
def test_every_method_keeps_its_promise_after_every_step(name, sizes, density, seed, optimizer):
    """Connections equal the budget, sorted, each once; survivors keep every bit; all numbers finite."""
    assert_keeps_its_promise(METHODS[name], sizes, density, seed, optimizer)


@pytest.mark.parametrize("name", [name for name in NAMES if not METHODS[name].needs_dense])
def test_a_method_that_does_not_say_it_needs_dense_memory_never_holds_any(name):
    """A 2000 × 2000 layer in float32 is 16 MB; begun, stepped and updated with 8000 connections, a fifth of that."""
    grown, peak = grown_and_peak(METHODS[name])
    assert (grown > 0) == METHODS[name].dynamic
    assert peak < 3_200_000


def test_the_one_that_starts_sparse_and_says_so_does():
    tracemalloc.start()
    try:
        record = replace(METHODS["snfs"], schedule=replace(METHODS["snfs"].schedule, every=2))
        net = mlp((2000, 2000, 10), density=0.002, method=record, allocation="uniform")
        for _ in train(net, data_for(net.sizes, net.rng, 20), record, Config(epochs=3, batch=20)):
            assert net.memory_bytes()["method_state"] == 4 * (2000 * 2000 + 2000 * 10)
        assert tracemalloc.get_traced_memory()[1] > 16_000_000
    finally:
        tracemalloc.stop()
