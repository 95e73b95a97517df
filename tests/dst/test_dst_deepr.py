"""DEEP R: a sign for every position that is stored nowhere, and a connection that dies when it would change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from minidst import COO, CSR, METHODS, Config, Dataset, Network, method, mlp, train
from minidst.dst import Exchange
from minidst.dst.papers.deepr import BORN, Rewiring, signs, take_sides
from minidst.nn import MeanSquaredError, SparseLinear

small = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
ZERO = np.uint64(0)


def rng(seed=0):
    return np.random.default_rng(seed)


def splitmix64(seed, n):
    """Output number n of the generator, in Python's whole numbers; the first is n = 1."""
    low = 2**64 - 1
    z = (seed + n * 0x9E3779B97F4A7C15) & low
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & low
    z = (z ^ z >> 27) * 0x94D049BB133111EB & low
    return z ^ z >> 31


def layer_of(rows, format=CSR, dtype=np.float64):
    """A layer with these weights; a zero is no connection."""
    layer = SparseLinear(format.from_dense(np.array(rows, dtype)))
    layer.X, layer.DY = np.zeros((layer.shape[1], 1), dtype), np.zeros((layer.shape[0], 1), dtype)
    layer.weight.grad = np.zeros(layer.W.nnz, dtype)
    return layer


def network(*layers, salt=None):
    net = Network(layers, MeanSquaredError())
    take_sides(net, lambda: iter(()), rng())
    if salt is not None:
        net.memory["deepr.salt"][:] = salt
        take_sides(net, lambda: iter(()), rng())
    return net


# Signs


@small
def test_the_signs_are_the_top_bits_of_splitmix64():
    """Its first outputs from seed 0 are widely printed: E220A839…, 6E789E6A…, 06C45D18…, F88BB8A8…."""
    assert [hex(splitmix64(0, n))[2:10] for n in (1, 2)] == ["e220a839", "6e789e6a"]
    np.testing.assert_array_equal(signs(np.arange(1, 5), ZERO, np.float32), [-1, 1, 1, -1])


@small
@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=20), st.integers(0, 2**64 - 1))
@checked
def test_they_are_those_of_exact_arithmetic_whatever_the_key_and_the_salt(keys, salt):
    expected = [-1 if splitmix64(salt, key) >> 63 else 1 for key in keys]
    np.testing.assert_array_equal(signs(np.array(keys), np.uint64(salt), np.float64), expected)


@small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_come_in_the_weights_dtype_and_leave_the_keys_alone(dtype):
    keys = np.arange(9)
    assert signs(keys, ZERO, dtype).dtype == dtype
    np.testing.assert_array_equal(keys, range(9))


@small
@pytest.mark.parametrize("salt", [0, 1, 2**63, 0x9E3779B97F4A7C15])
def test_they_are_balanced_and_neighbours_and_salts_share_nothing(salt):
    """Sums of 40 000 fair signs: beyond 5.5 standard deviations with probability 4e-8 each."""
    keys, bound = np.arange(40_000), 5.5 * 200
    s = signs(keys, np.uint64(salt), np.float64)
    for stride in (1, 2, 64, 256):  # the next input, and the next output of a layer so wide
        assert abs((s[stride:] * s[:-stride]).sum()) < bound
    assert abs(s.sum()) < bound
    assert abs((s * signs(keys, np.uint64(salt) ^ np.uint64(1), np.float64)).sum()) < bound


@small
def test_at_the_start_weights_take_their_positions_side_and_keep_their_size():
    net = mlp((20, 30, 5), density=0.3, method="deepr", dtype=np.float64)
    before = [np.abs(layer.weight.values).copy() for layer in net.sparse]
    take_sides(net, lambda: iter(()), net.rng)
    salt = net.memory["deepr.salt"].copy()
    assert salt.dtype == np.uint64
    assert len(set(salt.tolist())) == 2
    for layer, size, salt_l in zip(net.sparse, before, salt, strict=True):
        np.testing.assert_array_equal(layer.weight.values, size * signs(layer.W.keys(), salt_l, np.float64))
    again = [layer.weight.values.copy() for layer in net.sparse]
    take_sides(net, lambda: iter(()), net.rng)
    np.testing.assert_array_equal(net.memory["deepr.salt"], salt)
    for layer, values in zip(net.sparse, again, strict=True):
        np.testing.assert_array_equal(layer.weight.values, values)


@small
def test_nothing_is_remembered_but_a_salt_for_each_layer():
    net = mlp((20, 30, 5), density=0.3, method="deepr")
    take_sides(net, lambda: iter(()), net.rng)
    assert net.memory_bytes()["method_state"] == 2 * 8


# Steps


@small
@pytest.mark.parametrize("format", [COO, CSR])
def test_the_drift_takes_a_weight_over_zero_and_another_is_born(format):
    """ηα = .1·.1 = .01. Salt 0 gives keys 0 … 4 the signs + − + + −, so the weights are .5 −.2 · .005 ·.

    The third connection, key 3, would become −.005: it dies, and of the free keys 2, 3 and 4 one is born, each in
    about a third of 60 runs; P(one of them never) < 1e-10.
    """
    born = set()
    for seed in range(60):
        net = network(layer_of([[0.5, -0.2, 0, 0.005, 0]], format), salt=0)
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
        born.add(key)
    assert born == {2, 3, 4}


@small
@given(
    seeds,
    st.lists(st.integers(1, 7), min_size=2, max_size=4),
    st.floats(0, 1),
    st.floats(0, 3),
    st.sampled_from([0.0, 0.01, 1.0]),
    st.sampled_from([np.float32, np.float64]),
)
@checked
def test_every_layer_keeps_its_number_and_every_weight_its_side(seed, sizes, density, l1, temperature, dtype):
    draw = rng(seed)
    shapes = zip(sizes[1:], sizes[:-1], strict=True)
    net = network(*[
        layer_of(np.where(draw.random(s) < density, draw.standard_normal(s), 0), dtype=dtype) for s in shapes
    ])  # fmt: skip
    before = [(layer.W.keys(), layer.weight.values.copy()) for layer in net.sparse]
    for layer in net.sparse:  # as if a step had been taken: some weights have crossed 0
        layer.weight.values -= dtype(0.3) * draw.standard_normal(layer.W.nnz).astype(dtype)
        layer.weight.state["velocity"] = np.ones(layer.W.nnz, dtype)
    stepped = [layer.weight.values.copy() for layer in net.sparse]
    done = Rewiring(l1, temperature)(net, 0.1, draw)

    assert done.pruned == done.grown
    newborn = 0
    for layer, salt, (keys, _), w in zip(net.sparse, net.memory["deepr.salt"], before, stepped, strict=True):
        now, values = layer.W.keys(), layer.weight.values
        assert now.size == keys.size
        assert (np.diff(now) > 0).all()
        assert values.dtype == dtype
        assert (values * signs(now, salt, dtype) >= 0).all()
        born = layer.weight.state["velocity"] == 0
        newborn += born.sum()
        np.testing.assert_array_equal(values[born], dtype(BORN) * signs(now[born], salt, dtype))
        assert set(now[~born]) <= set(keys)
        if temperature == 0:  # then it is known who lives, bit for bit
            s = signs(keys, salt, dtype)
            moved = w - dtype(0.1 * l1) * s
            lives = moved * s >= 0
            np.testing.assert_array_equal(now[~born], keys[lives])
            np.testing.assert_array_equal(values[~born], moved[lives])
    assert newborn == done.grown


@small
def test_without_drift_and_noise_nothing_happens_to_weights_on_their_side():
    net = network(layer_of([[0.5, -0.2, 0, 0.005]]))
    W, values = net.sparse[0].W, net.sparse[0].weight.values.copy()
    assert Rewiring(0, 0)(net, 0.1, rng()) == Exchange()
    assert net.sparse[0].W is W
    np.testing.assert_array_equal(W.values, values)


@small
def test_in_a_full_layer_the_dead_is_born_again_in_its_place():
    net = network(layer_of([[0.5, -0.2], [0.3, 0.004]]), salt=0)
    assert Rewiring(0.1, 0)(net, 0.1, rng()) == Exchange(1, 1, 1)
    assert net.sparse[0].W.nnz == 4
    assert net.sparse[0].weight.values[3] == BORN


@small
def test_the_noise_has_variance_2_eta_T():
    """Σ (Δw)²/(2ηT) over 4000 weights far from 0 is χ²; false alarm 1e-6. Its mean is 0, and the drift is exact."""
    net = network(layer_of(np.full((40, 100), 10.0)))
    w = net.sparse[0].weight.values
    before = w.copy()
    Rewiring(0, 0.02)(net, 0.25, rng(3))
    moved = (w - before) / np.sqrt(2 * 0.25 * 0.02)
    assert chi2.ppf(5e-7, w.size) < (moved**2).sum() < chi2.isf(5e-7, w.size)
    assert abs(moved.sum()) < 5 * np.sqrt(w.size)


@small
@pytest.mark.parametrize("numbers", [(-1, 0), (0, -1), (np.nan, 0), (0, np.nan)])
def test_negative_drift_or_temperature_is_refused(numbers):
    with pytest.raises(ValueError, match="negative"):
        Rewiring(*numbers)


# In training


def blobs():
    draw = rng(1)
    y = np.arange(60) % 3
    x = draw.standard_normal((60, 10)) + 2 * draw.standard_normal((3, 10))[y]
    return Dataset(x, y, x, y, 3, "blobs")


@small
def test_after_every_step_of_a_training_every_layer_has_its_number_and_every_weight_its_side():
    record = METHODS["deepr"]
    net = mlp((10, 12, 3), density=0.3, method=record, seed=2)
    sizes, first = [layer.connections for layer in net.sparse], [layer.W.keys() for layer in net.sparse]
    grown = 0
    for step in train(net, blobs(), record, Config(epochs=10, batch=10)):
        assert [layer.connections for layer in net.sparse] == sizes
        for layer, salt in zip(net.sparse, net.memory["deepr.salt"], strict=True):
            assert (layer.weight.values * signs(layer.W.keys(), salt, np.float32) >= 0).all()
        assert step.pruned == step.grown
        grown += step.grown
    assert grown > 0
    assert any(set(layer.W.keys()) != set(keys) for layer, keys in zip(net.sparse, first, strict=True))


@small
def test_a_constant_fan_in_cannot_be_kept_and_is_refused():
    with pytest.raises(ValueError, match="fan-in"):
        mlp((10, 12, 3), density=0.3, method="deepr", format="condensed")


@small
def test_the_papers_own_numbers_are_one_field_away():
    record = method("deepr", after_step=Rewiring(l1=1e-5, temperature=2.5e-11))
    assert np.sqrt(2 * 0.5 * record.after_step.temperature) == pytest.approx(0.5 * record.after_step.l1)
