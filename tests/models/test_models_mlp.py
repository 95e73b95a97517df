from itertools import pairwise

import numpy as np
import pytest
from builders import network, peak_bytes, refused
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from minidst import METHODS, method, mlp
from minidst.formats import FORMATS
from minidst.nn import CrossEntropy, Linear, MeanSquaredError, ReLU, SparseLinear
from minidst.topology import allocate


def bits(net):
    return [(layer.weight.values.tobytes(), layer.bias.values.tobytes()) for layer in net.weighted]


@pytest.mark.parametrize("format", ["csr", "coo"])
@pytest.mark.parametrize("allocation", ["uniform", "er", "erk"])
@given(st.lists(st.integers(4, 12), min_size=2, max_size=4), st.floats(0.4, 1), st.integers(0, 99))
def test_the_budget_is_met_exactly(format, allocation, sizes, density, seed):
    net = mlp(sizes, density=density, allocation=allocation, format=format, seed=seed)
    places = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    assert net.connections == round(density * places)
    shapes = [layer.shape for layer in net.weighted]
    assert [layer.connections for layer in net.weighted] == allocate(shapes, density, allocation)


def test_an_mlp_by_hand():
    """784 → 300 → 100 → 10 is too large to follow; 4 → 3 → 2 at half density has 6 + 3 of its 12 + 6 connections."""
    net = mlp((4, 3, 2), density=0.5, allocation="uniform")
    assert net.sizes == (4, 3, 2)
    assert [type(layer) for layer in net.layers] == [SparseLinear, ReLU, SparseLinear]
    assert [layer.connections for layer in net.weighted] == [6, 3]
    assert [layer.shape for layer in net.weighted] == [(3, 4), (2, 3)]
    np.testing.assert_array_equal(net.weighted[0].bias.values, np.full(3, 0.03, np.float32))
    np.testing.assert_array_equal(net.weighted[1].bias.values, np.zeros(2))
    assert net.loss == CrossEntropy(0.02)


def test_formats_have_their_types_and_the_same_seed_gives_coo_and_csr_the_same_network():
    nets = {name: network((6, 5, 3), 0.4, format=name) for name in FORMATS}
    for name, format in FORMATS.items():
        assert all(type(layer.W) is format for layer in nets[name].weighted)
    assert bits(nets["csr"]) == bits(nets["coo"])
    for a, b in zip(nets["csr"].weighted, nets["coo"].weighted, strict=True):
        np.testing.assert_array_equal(a.W.keys(), b.W.keys())


@given(st.lists(st.integers(3, 12), min_size=2, max_size=4), st.floats(0.4, 1), st.sampled_from(["uniform", "erk"]))
def test_a_condensed_layer_has_the_constant_fan_in_nearest_to_its_share_and_at_least_1(sizes, density, allocation):
    net = mlp(sizes, density=density, allocation=allocation, format="condensed", method="static")
    shapes = [layer.shape for layer in net.weighted]
    for layer, share in zip(net.weighted, allocate(shapes, density, allocation), strict=True):
        n_out, n_in = layer.shape
        assert layer.connections == layer.W.fan_in * n_out
        best = min(abs(share - n_out * k) for k in range(1, n_in + 1))
        assert abs(share - layer.connections) == best


def test_a_condensed_layer_with_less_than_one_connection_per_neuron_gets_one():
    assert network((4, 100), 0.02, format="condensed").weighted[0].W.fan_in == 1


def test_a_dense_start_has_every_connection_in_dense_arrays():
    net = mlp((4, 3, 2), density=0.1, method="dense")
    assert all(isinstance(layer, Linear) for layer in net.weighted)
    assert net.connections == 18
    assert all((layer.weight.values != 0).all() for layer in net.weighted)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float64"])
def test_everything_is_of_the_type_asked_for(name, dtype):
    net = network((6, 5, 3), method=name, dtype=dtype)
    assert all(p.values.dtype == dtype for p in net.parameters())
    assert net.outputs(np.ones((2, 6))).dtype == dtype


@pytest.mark.parametrize("name", ["rigl", "dense"])
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name):
    first, again, other = (network((6, 5, 3), method=name, seed=seed) for seed in (3, 3, 4))
    assert bits(first) == bits(again)
    assert bits(first) != bits(other)
    assert first.rng.random() == again.rng.random()  # and whatever is drawn later


def test_a_generator_serves_as_the_seed_and_becomes_the_networks_own():
    rng = np.random.default_rng(3)
    net = network((6, 5, 3), seed=rng)
    assert bits(net) == bits(network((6, 5, 3), seed=3))
    assert net.rng is rng


def test_a_method_may_be_a_record_or_its_name():
    assert bits(network(method=method("set"))) == bits(network(method="set"))


def test_the_loss_is_the_one_given():
    loss = MeanSquaredError()
    assert mlp((3, 2), density=1, loss=loss).loss is loss


@pytest.mark.slow
def test_weights_have_the_variance_of_their_actual_fan_in():
    """Σ θ²·k_i/2 is χ² with nnz degrees of freedom; false alarm 1e-6 for the three starts together."""
    for name, format in [("static", "csr"), ("static", "condensed"), ("dense", "csr")]:
        layer = mlp((200, 300), density=0.1, method=name, format=format, seed=1, dtype=np.float64).weighted[0]
        rows = np.repeat(np.arange(300), 200) if name == "dense" else layer.W.connections()[0]
        k = np.bincount(rows, minlength=300)[rows]
        statistic = (layer.weight.values.reshape(-1) ** 2 * k / 2).sum()
        assert chi2.ppf(1e-6 / 6, k.size) < statistic < chi2.isf(1e-6 / 6, k.size)


@pytest.mark.slow
def test_no_array_of_the_dense_size_is_made_unless_the_method_starts_dense():
    """20 000 × 20 000 would be 1.6 GB; 4000 connections take less than a thousandth of that on the way."""
    net, peak = peak_bytes(lambda: mlp((20_000, 20_000), density=1e-5, method="rigl"))
    assert net.connections == 4000
    assert peak < 1_600_000


@pytest.mark.parametrize("name", [name for name, r in METHODS.items() if r.dynamic and r.format != "condensed"])
def test_no_dynamic_method_but_one_of_constant_fan_in_may_start_condensed(name):
    with refused(repr(name), "'condensed'"):
        mlp((6, 5, 3), density=0.5, method=name, format="condensed")


@pytest.mark.parametrize("changes", [{"density": 7.0}, {"density": float("nan")}, {"allocation": "erdos"}])
def test_what_a_sparse_network_refuses_a_dense_one_refuses_too(changes):
    with refused(next(iter(changes.values()))):
        mlp((6, 5, 3), **{"density": 0.5, "method": "dense", **changes})
