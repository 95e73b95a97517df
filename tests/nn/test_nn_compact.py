"""A compacted network gives the same outputs with fewer neurons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst import COO, CSR, Condensed, Config, Network, fit, load, method, mlp
from minidst.dst import Cosine
from minidst.nn import Dropout, LeakyReLU, Linear, ReLU, SparseLinear

small = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)


def layer(format, dense, bias):
    return SparseLinear(format.from_dense(np.asarray(dense, float)), np.asarray(bias, float))


@small
@pytest.mark.parametrize(("bias", "folded"), [(0.5, [1.1, 0.7]), (-0.5, [0.1, 0.2]), (0.0, [0.1, 0.2])])
def test_by_hand_the_constant_of_a_neuron_without_inputs_goes_into_the_next_bias(bias, folded):
    """W₁ = 1 2    b₁ = 0     W₂ = 3 2    b₂ = .1      ->  W₁ = 1 2    W₂ = 3    b₂ = .1 + 2·max(b, 0)
    0 0         b          0 1         .2                              0         .2 + 1·max(b, 0)
    """
    net = Network([layer(CSR, [[1, 2], [0, 0]], [0, bias]), ReLU(), layer(CSR, [[3, 2], [0, 1]], [0.1, 0.2])])
    narrow = net.compact()
    assert narrow.sizes == (2, 1, 2)
    first, second = narrow.weighted
    np.testing.assert_array_equal(first.W.to_dense(), [[1, 2]])
    np.testing.assert_array_equal(second.W.to_dense(), [[3], [0]])
    np.testing.assert_allclose(second.bias.values, folded, rtol=1e-15)


@small
def test_by_hand_a_slope_below_zero_and_dropout_are_passed_on_the_way():
    """−4 through a LeakyReLU of slope ½ is −2, dropout leaves it; the next bias 1 becomes 1 + 3·(−2) = −5."""
    middle = [LeakyReLU(0.5), Dropout(0.9, np.random.default_rng(0))]
    net = Network([layer(CSR, [[1], [0]], [0, -4]), *middle, layer(CSR, [[1, 3]], [1])])
    np.testing.assert_array_equal(net.compact().weighted[1].bias.values, [-5])


@small
def test_by_hand_a_neuron_that_reads_constants_alone_is_constant_too():
    """Neuron 1 always gives 2; the second layer's neuron 1 reads it alone and gives 2·2 + 1 = 5, which 10 makes 50."""
    net = Network(
        [
            layer(CSR, [[1, 0], [0, 0]], [0, 2]),
            ReLU(),
            layer(CSR, [[1, 1], [0, 2]], [0, 1]),
            ReLU(),
            layer(CSR, [[1, 10]], [3]),
        ]
    )
    narrow = net.compact()
    assert narrow.sizes == (2, 1, 1, 1)
    assert [float(w.bias.values[0]) for w in narrow.weighted] == [0, 2, 53]


@small
def test_by_hand_a_neuron_that_no_path_leads_on_from_goes_with_all_that_only_it_reads():
    """Neuron 2 is read by the second layer's neuron 1 only, and nobody reads that."""
    net = Network(
        [
            layer(COO, [[1, 0], [0, 1], [1, 1]], [0, 0, 0]),
            ReLU(),
            layer(COO, [[1, 1, 0], [0, 1, 1]], [0, 0]),
            ReLU(),
            layer(COO, [[1, 0]], [0]),
        ]
    )
    narrow = net.compact()
    assert narrow.sizes == (2, 2, 1, 1)
    assert narrow.connections == 5
    assert all(isinstance(w.W, COO) for w in narrow.weighted)


@small
def test_a_condensed_layer_stays_one_where_fan_ins_stay_equal_and_becomes_csr_elsewhere():
    first = SparseLinear(Condensed((3, 2), np.array([[0], [1]]), np.ones((2, 1)), np.array([0, 2])), np.ones(3))
    even = SparseLinear(Condensed((2, 3), np.array([[0, 1], [1, 2]]), np.ones((2, 2))))
    uneven = SparseLinear(Condensed((2, 3), np.array([[0, 2], [1, 2]]), np.ones((2, 2))))
    for second, format in [(even, Condensed), (uneven, CSR)]:
        narrow = Network([first, ReLU(), second]).compact()
        assert isinstance(narrow.weighted[0].W, Condensed)
        assert narrow.weighted[0].shape == (2, 2)
        assert type(narrow.weighted[1].W) is format


@small
@pytest.mark.parametrize("format", [COO, CSR])
def test_a_network_that_is_constant_throughout_keeps_one_neuron_a_layer_and_its_outputs(format):
    nothing = np.zeros((3, 3))
    net = Network([layer(format, nothing, [1, 2, 3]), ReLU(), layer(format, nothing, [4, 5, 6])])
    narrow = net.compact()
    assert narrow.sizes == (3, 1, 3)
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(narrow.outputs(x), [[4, 5, 6]] * 2)
    all_constant_but_read = Network([layer(format, nothing, [1, -2, 3]), ReLU(), layer(format, np.ones((1, 3)), [0])])
    narrow = all_constant_but_read.compact()
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
    activation = draw(st.sampled_from([ReLU, lambda: LeakyReLU(0.5), lambda: Dropout(0.5, rng)]))
    rng = np.random.default_rng(draw(seeds))
    layers = []
    for n_in, n_out, kind in zip(sizes, sizes[1:], kinds, strict=False):
        layers += [random_weight(kind, n_out, n_in, rng, whole, dtype), activation()]
    x = rng.integers(-3, 4, (5, sizes[0])) if whole else rng.standard_normal((5, sizes[0]))
    return Network(layers[:-1], rng=rng), x.astype(dtype)


@small
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
@checked
def test_outputs_are_bitwise_the_same_where_sums_are_exact(dtype, data):
    net, x = data.draw(networks(True, dtype))
    before = net.outputs(x)
    narrow = net.compact()
    after = narrow.outputs(x)
    assert after.dtype == dtype
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(net.outputs(x), before)  # the network itself is as it was
    assert narrow.sizes[0] == net.sizes[0]
    assert narrow.sizes[-1] == net.sizes[-1]


@small
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@given(data=st.data())
@checked
def test_outputs_are_the_same_but_for_rounding(dtype, tolerance, data):
    net, x = data.draw(networks(False, dtype))
    before, after = net.outputs(x), net.compact().outputs(x)
    scale = bound(net, x)
    np.testing.assert_array_less(np.abs(after - before), tolerance * scale + 1e-300)


def bound(net, x):
    """Σ of the absolute values of all terms of each output: what rounding errors are relative to."""
    H = np.abs(np.asarray(x, np.float64)).T
    for layer in net.weighted:
        W = layer.W.to_dense() if isinstance(layer, SparseLinear) else layer.weight.values
        H = np.abs(W).astype(np.float64) @ H + np.abs(layer.bias.values[:, None])
    return H.T


@small
@given(data=st.data())
@checked
def test_what_is_left_is_read_and_reads_and_is_compact_already(data):
    net, _ = data.draw(networks(True, np.float64))
    narrow = net.compact()
    for below, above in zip(narrow.weighted, narrow.weighted[1:], strict=False):
        if isinstance(below, SparseLinear) and below.shape[0] > 1:
            rows, _ = below.W.connections()
            assert set(rows.tolist()) == set(range(below.shape[0]))
        if isinstance(above, SparseLinear) and above.shape[1] > 1:
            _, cols = above.W.connections()
            assert set(cols.tolist()) == set(range(above.shape[1]))
    again = narrow.compact()
    assert again.sizes == narrow.sizes
    assert again.connections == narrow.connections


@small
def test_a_network_with_nothing_to_remove_is_copied():
    net = mlp((5, 4, 3), density=1.0, method="static", format="condensed")
    copy = net.compact()
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    assert copy.outputs(x).tobytes() == net.outputs(x).tobytes()
    for a, b in zip(net.parameters(), copy.parameters(), strict=True):
        a.values[:] = 7
        assert not (b.values == 7).any()


class Squared:
    """A layer that compact has not heard of."""

    def forward(self, X, training=False):
        return X**2

    def backward(self, DY, needs_input_grad=True):
        return DY

    def parameters(self):
        return []


@small
def test_an_unknown_layer_is_refused_only_behind_something_to_remove():
    last = layer(CSR, [[1, 1]], [0])
    with pytest.raises(ValueError, match="1 neurons could go before a Squared layer") as caught:
        Network([layer(CSR, [[1], [0]], [0, 0]), Squared(), last]).compact()
    assert "\n" not in str(caught.value)
    net = Network([layer(CSR, [[1], [2]], [0, 0]), Squared(), last])
    np.testing.assert_array_equal(net.compact().outputs(np.ones((1, 1))), [[5]])


@small
def test_the_copy_draws_its_own_random_numbers():
    rng = np.random.default_rng(3)
    net = Network([layer(CSR, np.eye(2), [0, 0]), Dropout(0.5, rng), layer(CSR, np.eye(2), [0, 0])], rng=rng)
    copy = net.compact()
    assert copy.layers[1].rng is copy.rng
    copy.rng.random(10)
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["srigl", "rigl"])
def test_after_real_training_the_network_is_narrower_and_says_the_same(name, dtype):
    data = load("digits")
    record = method(name, schedule=Cosine(alpha=0.3, every=20, until=0.75))
    net = mlp((64, 256, 256, 10), density=0.01, method=record, dtype=dtype)
    fit(net, data, record, Config(epochs=6), progress=False)
    narrow = net.compact()
    before, after = net.outputs(data.x_test), narrow.outputs(data.x_test)
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    assert np.abs(after - before).max() <= tolerance * np.abs(before).max()
    np.testing.assert_array_equal(narrow.predict(data.x_test), net.predict(data.x_test))
    with_inputs = [np.unique(w.W.connections()[0]).size for w in net.weighted[:-1]]
    assert all(n <= some < 256 for n, some in zip(narrow.sizes[1:-1], with_inputs, strict=True))
    fit(narrow, data, "static", Config(epochs=1, lr=0.01), progress=False)  # and can be trained on
