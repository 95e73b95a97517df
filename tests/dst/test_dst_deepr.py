"""DEEP R: a sign for every position that is stored nowhere, and a connection that dies when it would change it."""

import numpy as np
import pytest
from builders import blobs, rng, without_gradient
from hypothesis import given
from hypothesis import strategies as st
from naive import splitmix64
from scipy.stats import chi2
from strategies_dst import dtypes, lists_of, seeds

from minidst import COO, CSR, Config, method, mlp, train
from minidst.dst import Exchange
from minidst.dst.papers.deepr import BORN, Rewiring, signs, take_sides

ZERO = np.uint64(0)


def network(*weights, salt=None, **options):
    net = without_gradient(*weights, **options)
    if salt is not None:
        net.memory["deepr.salt"] = np.full(len(weights), salt, np.uint64)
    take_sides(net, lambda: iter(()), rng())
    return net


def test_the_signs_are_the_top_bits_of_splitmix64():
    """Its first outputs from seed 0 are widely printed: E220A839…, 6E789E6A…, 06C45D18…, F88BB8A8…."""
    assert [hex(splitmix64(0, n))[2:10] for n in (1, 2)] == ["e220a839", "6e789e6a"]
    np.testing.assert_array_equal(signs(np.arange(1, 5), ZERO, np.float32), [-1, 1, 1, -1])


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=20), st.integers(0, 2**64 - 1), dtypes)
def test_they_are_those_of_exact_arithmetic_whatever_the_key_and_the_salt(keys, salt, dtype):
    array = np.array(keys)
    found = signs(array, np.uint64(salt), dtype)
    np.testing.assert_array_equal(found, [-1 if splitmix64(salt, key) >> 63 else 1 for key in keys])
    assert found.dtype == dtype
    np.testing.assert_array_equal(array, keys)


@pytest.mark.parametrize("salt", [0, 1, 2**63, 0x9E3779B97F4A7C15])
def test_they_are_balanced_and_keys_side_by_side_and_salts_share_nothing(salt):
    """Sums of 40 000 fair signs: beyond 5.5 standard deviations with probability 4e-8 each."""
    keys, bound = np.arange(40_000), 5.5 * 200
    s = signs(keys, np.uint64(salt), np.float64)
    for stride in (1, 2, 64, 256):  # the next input, and the next output of a layer so wide
        assert abs((s[stride:] * s[:-stride]).sum()) < bound
    assert abs(s.sum()) < bound
    assert abs((s * signs(keys, np.uint64(salt) ^ np.uint64(1), np.float64)).sum()) < bound


def test_at_the_start_weights_take_their_positions_side_and_keep_their_size_and_a_salt_for_each_layer_is_all_memory():
    net = mlp((20, 30, 5), density=0.3, method="deepr", dtype=np.float64)
    before = [np.abs(layer.weight.values).copy() for layer in net.sparse]
    take_sides(net, lambda: iter(()), net.rng)
    salt = net.memory["deepr.salt"].copy()
    assert salt.dtype == np.uint64
    assert len(set(salt.tolist())) == 2
    assert net.memory_bytes()["method_state"] == 2 * 8
    again = [layer.weight.values.copy() for layer in net.sparse]
    for layer, size, salt_l in zip(net.sparse, before, salt, strict=True):
        np.testing.assert_array_equal(layer.weight.values, size * signs(layer.W.keys(), salt_l, np.float64))
    take_sides(net, lambda: iter(()), net.rng)
    np.testing.assert_array_equal(net.memory["deepr.salt"], salt)
    for layer, values in zip(net.sparse, again, strict=True):
        np.testing.assert_array_equal(layer.weight.values, values)


@pytest.mark.parametrize("format", [COO, CSR])
def test_the_drift_takes_a_weight_over_zero_and_another_is_grown(format):
    """ηα = .1·.1 = .01. Salt 0 gives keys 0 … 4 the signs + − + + −, so the weights are .5 −.2 · .005 ·.

    The third connection, key 3, would become −.005: it dies, and of the free keys 2, 3 and 4 one is grown, each in
    about a third of 60 runs; P(one of them never) < 1e-10.
    """
    grown = set()
    for seed in range(60):
        net = network([[0.5, -0.2, 0, 0.005, 0]], format=format, salt=0)
        (layer,) = net.sparse
        np.testing.assert_array_equal(signs(np.arange(5), ZERO, np.float64), [1, -1, 1, 1, -1])
        np.testing.assert_array_equal(layer.W.to_dense(), [[0.5, -0.2, 0, 0.005, 0]])
        layer.weight.state["velocity"] = np.array([1.0, 2, 3])
        assert Rewiring(l1=0.1, temperature=0)(net, 0.1, rng(seed)) == Exchange(1, 1, 1)
        picture = layer.W.to_dense()[0]
        np.testing.assert_allclose(picture[:2], [0.49, -0.19], rtol=1e-15)
        (key,) = set(layer.W.keys().tolist()) - {0, 1}
        assert picture[key] == BORN * [1, -1, 1, 1, -1][key]
        np.testing.assert_array_equal(layer.weight.state["velocity"], [1, 2, 0])
        grown.add(key)
    assert grown == {2, 3, 4}


@given(
    seeds, lists_of(1, 7), st.floats(0, 1) | st.just(1), st.just(0) | st.floats(0, 3),
    st.sampled_from([0.0, 0.01, 1.0]), dtypes, st.booleans(),
)  # fmt: skip
def test_every_layer_keeps_its_number_and_every_weight_its_side(seed, sizes, density, l1, temperature, dtype, stepped):
    """Full layers among them, where what dies is grown again in its place."""
    draw = rng(seed)
    shapes = zip(sizes[1:], sizes[:-1], strict=True)
    weights = [np.where(draw.random(shape) < density, draw.standard_normal(shape), 0) for shape in shapes]
    net = network(*weights, dtype=dtype)
    for layer in net.sparse:  # as if a step had been taken: some weights have crossed 0
        layer.weight.values -= dtype(0.3 * stepped) * draw.standard_normal(layer.W.nnz).astype(dtype)
        layer.weight.state["velocity"] = np.ones(layer.W.nnz, dtype)
    before = [(layer.W, layer.weight.values.copy()) for layer in net.sparse]
    done = Rewiring(l1, temperature)(net, 0.1, draw)

    assert done.pruned == done.grown
    count = 0
    for layer, salt, (W, w) in zip(net.sparse, net.memory["deepr.salt"], before, strict=True):
        keys, now, values = W.keys(), layer.W.keys(), layer.weight.values
        assert now.size == keys.size
        assert (np.diff(now) > 0).all()
        assert values.dtype == dtype
        assert (values * signs(now, salt, dtype) >= 0).all()
        grown = layer.weight.state["velocity"] == 0
        count += grown.sum()
        np.testing.assert_array_equal(values[grown], dtype(BORN) * signs(now[grown], salt, dtype))
        assert set(now[~grown]) <= set(keys)
        if temperature == 0:  # then it is known which live, bit for bit
            s = signs(keys, salt, dtype)
            moved = w - dtype(0.1 * l1) * s
            lives = moved * s >= 0
            np.testing.assert_array_equal(now[~grown], keys[lives])
            np.testing.assert_array_equal(values[~grown], moved[lives])
            assert layer.W is W or not lives.all()
    assert count == done.grown


def test_the_noise_has_variance_2_eta_T():
    """Σ (Δw)²/(2ηT) over 4000 weights far from 0 is χ²; false alarm 1e-6. Its mean is 0, and the drift is exact."""
    net = network(np.full((40, 100), 10.0))
    w = net.sparse[0].weight.values
    before = w.copy()
    Rewiring(0, 0.02)(net, 0.25, rng(3))
    moved = (w - before) / np.sqrt(2 * 0.25 * 0.02)
    assert chi2.ppf(5e-7, w.size) < (moved**2).sum() < chi2.isf(5e-7, w.size)
    assert abs(moved.sum()) < 5 * np.sqrt(w.size)


def test_after_every_step_of_a_training_every_layer_has_its_number_and_every_weight_its_side():
    net, grown = mlp((10, 12, 3), density=0.3, method="deepr", seed=2), 0
    sizes, first = [layer.connections for layer in net.sparse], [layer.W.keys() for layer in net.sparse]
    for step in train(net, blobs(), "deepr", Config(epochs=10, batch=10)):
        assert [layer.connections for layer in net.sparse] == sizes
        for layer, salt in zip(net.sparse, net.memory["deepr.salt"], strict=True):
            assert (layer.weight.values * signs(layer.W.keys(), salt, np.float32) >= 0).all()
        assert step.pruned == step.grown
        grown += step.grown
    assert grown > 0
    assert any(set(layer.W.keys()) != set(keys) for layer, keys in zip(net.sparse, first, strict=True))


def test_the_papers_own_numbers_are_one_field_away():
    record = method("deepr", after_step=Rewiring(l1=1e-5, temperature=2.5e-11))
    assert np.sqrt(2 * 0.5 * record.after_step.temperature) == pytest.approx(0.5 * record.after_step.l1)
