"""A compacted network gives the same outputs with fewer neurons."""

from itertools import pairwise

import numpy as np
import pytest
from builders import Unknown, network, rng
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES

from minidst import COO, CSR, Condensed, Config, Network, fit, load, method
from minidst.dst import Cosine
from minidst.nn import Dropout, LeakyReLU, Linear, ReLU, SparseLinear


def layer(format, dense, bias):
    return SparseLinear(format.from_dense(np.asarray(dense, float)), np.asarray(bias, float))


def with_relu(format, *layers):
    """The network of layers (weights, bias) with ReLU between."""
    parts = [part for dense, bias in layers for part in (layer(format, dense, bias), ReLU())]
    return Network(parts[:-1])


@pytest.mark.parametrize(("bias", "folded"), [(0.5, [1.1, 0.7]), (-0.5, [0.1, 0.2]), (0.0, [0.1, 0.2])])
def test_by_hand_the_constant_of_a_neuron_without_inputs_goes_into_the_next_bias(bias, folded):
    """W₁ = 1 2    b₁ = 0     W₂ = 3 2    b₂ = .1      ->  W₁ = 1 2    W₂ = 3    b₂ = .1 + 2·max(b, 0)
    0 0         b          0 1         .2                              0         .2 + 1·max(b, 0)
    """
    narrow = with_relu(CSR, ([[1, 2], [0, 0]], [0, bias]), ([[3, 2], [0, 1]], [0.1, 0.2])).compact()
    assert narrow.sizes == (2, 1, 2)
    first, second = narrow.weighted
    np.testing.assert_array_equal(first.W.to_dense(), [[1, 2]])
    np.testing.assert_array_equal(second.W.to_dense(), [[3], [0]])
    np.testing.assert_allclose(second.bias.values, folded, rtol=1e-15)


def test_by_hand_a_constant_passes_a_leaky_relu_and_dropout():
    """−4 through a LeakyReLU of slope ½ is −2, dropout leaves it; the next bias 1 becomes 1 + 3·(−2) = −5."""
    middle = [LeakyReLU(0.5), Dropout(0.9, rng())]
    net = Network([layer(CSR, [[1], [0]], [0, -4]), *middle, layer(CSR, [[1, 3]], [1])])
    np.testing.assert_array_equal(net.compact().weighted[1].bias.values, [-5])


def test_by_hand_a_neuron_that_reads_constants_alone_is_constant_too():
    """Neuron 1 always gives 2; the second layer's neuron 1 reads it alone and gives 2·2 + 1 = 5, which 10 makes 50."""
    narrow = with_relu(CSR, ([[1, 0], [0, 0]], [0, 2]), ([[1, 1], [0, 2]], [0, 1]), ([[1, 10]], [3])).compact()
    assert narrow.sizes == (2, 1, 1, 1)
    assert [float(w.bias.values[0]) for w in narrow.weighted] == [0, 2, 53]


def test_by_hand_a_neuron_without_a_path_to_an_output_goes_with_all_that_only_it_reads():
    """Neuron 2 is read by the second layer's neuron 1 only, and nothing reads that."""
    first, second = ([[1, 0], [0, 1], [1, 1]], [0, 0, 0]), ([[1, 1, 0], [0, 1, 1]], [0, 0])
    narrow = with_relu(COO, first, second, ([[1, 0]], [0])).compact()
    assert narrow.sizes == (2, 2, 1, 1)
    assert narrow.connections == 5
    assert all(isinstance(w.W, COO) for w in narrow.weighted)


def test_a_condensed_layer_stays_one_where_fan_ins_stay_equal_and_becomes_csr_elsewhere():
    first = SparseLinear(Condensed((3, 2), np.array([[0], [1]]), np.ones((2, 1)), np.array([0, 2])), np.ones(3))
    even = SparseLinear(Condensed((2, 3), np.array([[0, 1], [1, 2]]), np.ones((2, 2))))
    uneven = SparseLinear(Condensed((2, 3), np.array([[0, 2], [1, 2]]), np.ones((2, 2))))
    for second, format in [(even, Condensed), (uneven, CSR)]:
        narrow = Network([first, ReLU(), second]).compact()
        assert isinstance(narrow.weighted[0].W, Condensed)
        assert narrow.weighted[0].shape == (2, 2)
        assert type(narrow.weighted[1].W) is format


@pytest.mark.parametrize("format", [COO, CSR])
def test_a_network_that_is_constant_throughout_keeps_one_neuron_a_layer_and_its_outputs(format):
    nothing, x = np.zeros((3, 3)), np.arange(6.0).reshape(2, 3)
    narrow = with_relu(format, (nothing, [1, 2, 3]), (nothing, [4, 5, 6])).compact()
    assert narrow.sizes == (3, 1, 3)
    np.testing.assert_array_equal(narrow.outputs(x), [[4, 5, 6]] * 2)
    narrow = with_relu(format, (nothing, [1, -2, 3]), (np.ones((1, 3)), [0])).compact()  # constant, but read
    assert narrow.sizes == (3, 1, 1)
    np.testing.assert_array_equal(narrow.outputs(x), [[4]] * 2)


def random_weight(kind, n_out, n_in, rng, whole, dtype):
    """Any kind of layer, with empty rows and columns; `whole` numbers make every sum exact."""
    dense = rng.integers(-2, 3, (n_out, n_in)) if whole else rng.standard_normal((n_out, n_in))
    bias = (rng.integers(-2, 3, n_out) if whole else rng.standard_normal(n_out)).astype(dtype)
    if kind == "dense":
        return Linear(dense.astype(dtype), bias)
    if kind == "condensed":
        rows = np.sort(rng.permutation(n_out)[: rng.integers(1, n_out + 1)])
        k = rng.integers(1, n_in + 1)
        indices = np.array([np.sort(rng.permutation(n_in)[:k]) for _ in rows])
        return SparseLinear(Condensed((n_out, n_in), indices, dense[rows][:, :k].astype(dtype), rows), bias)
    dense *= rng.random(dense.shape) < 0.3
    dense[rng.random(n_out) < 0.3] = 0
    return SparseLinear({"csr": CSR, "coo": COO}[kind].from_dense(dense.astype(dtype)), bias)


@st.composite
def networks(draw, whole, dtype):
    sizes = draw(st.lists(st.integers(1, 8), min_size=2, max_size=5))
    kinds = draw(st.lists(st.sampled_from(["csr", "coo", "condensed", "dense"]), min_size=4, max_size=4))
    activation = draw(st.sampled_from([ReLU, lambda: LeakyReLU(0.5), lambda: Dropout(0.5, random)]))
    random = rng(draw(st.integers(0, 2**32 - 1)))
    layers = []
    for (n_in, n_out), kind in zip(pairwise(sizes), kinds, strict=False):
        layers += [random_weight(kind, n_out, n_in, random, whole, dtype), activation()]
    x = random.integers(-3, 4, (5, sizes[0])) if whole else random.standard_normal((5, sizes[0]))
    return Network(layers[:-1], rng=random), x.astype(dtype)


def bound(net, x):
    """Σ of the absolute values of all terms of each output: what rounding errors are relative to."""
    H = np.abs(np.asarray(x, np.float64)).T
    for layer in net.weighted:
        W = layer.W.to_dense() if isinstance(layer, SparseLinear) else layer.weight.values
        H = np.abs(W).astype(np.float64) @ H + np.abs(layer.bias.values[:, None])
    return H.T


@pytest.mark.parametrize(
    ("dtype", "whole", "tolerance"),
    [(np.float32, True, 0), (np.float64, True, 0), (np.float32, False, 1e-6), (np.float64, False, 1e-14)],
)
@given(data=st.data())
def test_outputs_are_the_same_but_for_rounding(dtype, whole, tolerance, data):
    net, x = data.draw(networks(whole, dtype))
    before = net.outputs(x)
    narrow = net.compact()
    after = narrow.outputs(x)
    assert after.dtype == dtype
    assert (np.abs(after - before) <= tolerance * bound(net, x)).all()
    np.testing.assert_array_equal(net.outputs(x), before)  # the network itself is as it was
    assert (narrow.sizes[0], narrow.sizes[-1]) == (net.sizes[0], net.sizes[-1])


@given(data=st.data())
def test_what_is_left_is_read_and_reads_and_is_compact_already(data):
    net, _ = data.draw(networks(True, np.float64))
    narrow = net.compact()
    for below, above in pairwise(narrow.weighted):
        if isinstance(below, SparseLinear) and below.shape[0] > 1:
            rows, _ = below.W.connections()
            assert set(rows.tolist()) == set(range(below.shape[0]))
        if isinstance(above, SparseLinear) and above.shape[1] > 1:
            _, cols = above.W.connections()
            assert set(cols.tolist()) == set(range(above.shape[1]))
    again = narrow.compact()
    assert (again.sizes, again.connections) == (narrow.sizes, narrow.connections)


def test_a_network_with_nothing_to_remove_is_copied():
    net = network((5, 4, 3), 1.0, format="condensed")
    copy, x = net.compact(), rng().standard_normal((4, 5)).astype(np.float32)
    assert copy.outputs(x).tobytes() == net.outputs(x).tobytes()
    for a, b in zip(net.parameters(), copy.parameters(), strict=True):
        a.values[:] = 7
        assert not (b.values == 7).any()


def test_an_unknown_layer_is_copied_where_nothing_is_removed_before_it():
    net = Network([layer(CSR, [[1], [2]], [0, 0]), Unknown(), layer(CSR, [[1, 1]], [0])])
    np.testing.assert_array_equal(net.compact().outputs(np.ones((1, 1))), [[3]])


def test_the_copy_draws_its_own_random_numbers():
    own = rng(3)
    net = Network([layer(CSR, np.eye(2), [0, 0]), Dropout(0.5, own), layer(CSR, np.eye(2), [0, 0])], rng=own)
    copy = net.compact()
    assert copy.layers[1].rng is copy.rng
    copy.rng.random(10)
    assert own.random() == rng(3).random()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["srigl", "rigl"])
def test_after_real_training_the_network_is_narrower_and_gives_the_same_outputs(name, dtype):
    data = load("digits")
    record = method(name, schedule=Cosine(alpha=0.3, every=20, until=0.75))
    net = network((64, 256, 256, 10), 0.01, record, dtype=dtype)
    fit(net, data, record, Config(epochs=6), progress=False)
    narrow = net.compact()
    before, after = net.outputs(data.x_test), narrow.outputs(data.x_test)
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    assert np.abs(after - before).max() <= tolerance * np.abs(before).max()
    np.testing.assert_array_equal(narrow.predict(data.x_test), net.predict(data.x_test))
    with_inputs = [np.unique(w.W.connections()[0]).size for w in net.weighted[:-1]]
    assert all(n <= some < 256 for n, some in zip(narrow.sizes[1:-1], with_inputs, strict=True))
    fit(narrow, data, "static", Config(epochs=1, lr=0.01), progress=False)  # and can be trained on
