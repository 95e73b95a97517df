import copy
import pickle

import numpy as np
import pytest
from builders import LAYER_KINDS, layer_of, network, refused, rng, run_batch, sparse_layer
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from strategies import DTYPES, whole

from minidst import COO, CSR, Condensed
from minidst.formats import FORMATS
from minidst.nn import SGD, Dropout, Layer, LeakyReLU, Linear, Parameter, ReLU, SparseLinear, he_normal, hidden_bias


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
@given(st.integers(1, 5), st.integers(1, 17), st.integers(1, 4), st.integers(0, 2**32 - 1), st.data())
def test_a_sparse_layer_is_the_dense_layer_with_zeros_on_its_connections(format, dtype, n_out, n_in, B, seed, data):
    """Outputs and all gradients, exactly: on small whole numbers both precisions are exact."""
    draw, k = rng(seed), data.draw(st.just(n_in) | st.integers(1, n_in))
    sparse = sparse_layer(format, n_out, n_in, k, draw, dtype)
    dense = Linear(sparse.W.to_dense(), sparse.bias.values.copy())
    X, DY = whole(draw, n_in, B, dtype=dtype), whole(draw, n_out, B, dtype=dtype)
    found, expected = ([layer.forward(X), layer.backward(DY), layer.bias.grad] for layer in (sparse, dense))
    of_active = dense.weight.grad[sparse.W.keys()]
    for of_sparse, of_dense in zip([*found, sparse.weight.grad], [*expected, of_active], strict=True):
        np.testing.assert_array_equal(of_sparse, of_dense)
        assert of_sparse.dtype == of_dense.dtype == dtype
    assert sparse.shape == dense.shape == (n_out, n_in)
    assert (sparse.connections, dense.connections) == (n_out * k, n_out * n_in)


@pytest.mark.parametrize("layer", [SparseLinear(CSR.from_dense(np.eye(2))), Linear(np.eye(2))])
def test_a_weight_layer_keeps_the_input_and_output_gradient_of_its_last_batch_uncopied(layer):
    X, DY = np.ones((2, 3)), np.ones((2, 3))
    layer.forward(X)
    layer.backward(DY)
    assert layer.X is X
    assert layer.DY is DY
    assert [p is q for p, q in zip(layer.parameters(), (layer.weight, layer.bias), strict=True)] == [True, True]


def test_a_bias_that_is_not_given_is_zero_and_of_the_weights_type():
    for dtype in DTYPES:
        for layer in (SparseLinear(CSR.from_dense(np.eye(3, 2, dtype=dtype))), Linear(np.eye(3, 2, dtype=dtype))):
            np.testing.assert_array_equal(layer.bias.values, np.zeros(3))
            assert layer.bias.values.dtype == dtype


def test_a_dense_weight_of_whole_numbers_trains_like_any_other():
    """The sparse formats turn whole numbers into float64; an integer parameter would be trained at η = int(0.5) = 0."""
    layer = Linear(np.array([[2, -1]]))
    assert layer.weight.values.dtype == np.float64
    layer.forward(np.ones((2, 1)))
    layer.backward(np.ones((1, 1)))
    SGD(0.0, 0.0).step([layer.weight], 0.5)
    np.testing.assert_array_equal(layer.weight.values, [[1.5, -1.5]])


@pytest.mark.parametrize("format", [COO, CSR])
def test_rewiring_carries_the_optimizers_state_with_the_connections(format):
    """W = [[5, 6, 0], [0, 7, 8]]: (0,1) goes, (1,1) goes and is born again, (0,2) is born. By hand, in key order."""
    layer = SparseLinear(format.from_dense(np.array([[5.0, 6, 0], [0, 7, 8]])))
    layer.weight.grad = np.array([1.0, 2, 3, 4])
    layer.weight.state = {"m": np.array([10.0, 20, 30, 40]), "v": np.array([0.1, 0.2, 0.3, 0.4])}
    layer.weight.steps = 9
    bias = layer.bias
    layer.rewire(np.array([1, 2]), np.array([4, 2]), np.array([-1.0, -2.0]))
    assert type(layer.W) is format
    np.testing.assert_array_equal(layer.W.to_dense(), [[5, 0, -2], [0, -1, 8]])
    np.testing.assert_array_equal(layer.W.keys(), [0, 2, 4, 5])
    np.testing.assert_array_equal(layer.weight.values, [5, -2, -1, 8])
    np.testing.assert_array_equal(layer.weight.grad, [1, 0, 0, 4])
    np.testing.assert_array_equal(layer.weight.state["m"], [10, 0, 0, 40])
    np.testing.assert_array_equal(layer.weight.state["v"], [0.1, 0, 0, 0.4])
    assert layer.weight.steps == 9
    assert layer.bias is bias
    layer.weight.values[0] = 3
    assert layer.W.to_dense()[0, 0] == 3  # still one memory


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
@pytest.mark.parametrize("format", FORMATS)
def test_a_copied_layer_trains_its_own_matrix_and_not_the_original(copied, format):
    layer = sparse_layer(format, 2, 4, 2, rng(1))
    before = layer.W.to_dense()
    twin = copied(layer)
    twin.weight.grad, twin.bias.grad = np.ones(4), np.ones(2)
    SGD(0.0, 0.0).step(twin.parameters(), 1.0)
    expected = before.copy()
    expected[layer.W.connections()] -= 1
    np.testing.assert_array_equal(twin.W.to_dense(), expected)
    np.testing.assert_array_equal(twin.forward(np.eye(4)), expected + twin.bias.values[:, None])
    np.testing.assert_array_equal(layer.W.to_dense(), before)


def test_a_condensed_layer_can_be_rewired_within_its_rows_and_refuses_anything_else():
    layer = SparseLinear(Condensed.from_dense(np.array([[1.0, 2, 0], [0, 3, 4]])))
    layer.rewire(np.array([0]), np.array([2]), 9.0)
    np.testing.assert_array_equal(layer.W.to_dense(), [[0, 2, 9], [0, 3, 4]])
    W, weight = layer.W, layer.weight
    with refused("row 0", "row 1", "Condensed"):
        layer.rewire(np.array([0]), np.array([3]))  # one row loses an input, the other gains one
    assert layer.W is W
    assert layer.weight is weight


def test_a_parameter_without_gradient_or_state_is_carried_without():
    carried = Parameter(np.array([1.0, 2.0])).carried(np.array([2.0, 0.0]), np.array([1, -1]))
    assert carried.grad is None
    assert carried.state == {}
    assert carried.steps == 0


@pytest.mark.parametrize("make", [lambda W: SparseLinear(CSR.from_dense(W)), Linear])
@pytest.mark.parametrize("kind", [int, bool, ">f8"])
def test_an_output_gradient_may_be_of_whole_numbers(make, kind):
    layer = make(np.array([[1.0, 2], [3, 4]]))
    layer.forward(np.array([[1.0, 2, 3], [4, 5, 6]]))
    DX = layer.backward(np.array([[1, 0, 1], [0, 1, 1]]).astype(kind))
    np.testing.assert_array_equal(DX, [[1, 3, 4], [2, 4, 6]])
    np.testing.assert_array_equal(layer.weight.grad, [4, 10, 5, 11])
    np.testing.assert_array_equal(layer.bias.grad, [2, 2])


def test_the_last_batch_is_in_one_piece_and_of_the_type_of_W_whatever_was_handed_in():
    layer = SparseLinear(CSR.from_dense(np.array([[1.0, 2], [3, 4]])))
    X, DY = np.array([[1, 2], [3, 4], [5, 6]], np.float32).T, np.array([[1, 2], [3, 4], [5, 6]]).T
    layer.forward(X)
    layer.backward(DY)
    for kept, handed_in in zip(layer.last_batch(), (X, DY), strict=True):
        assert kept.flags.c_contiguous
        assert kept.dtype == np.float64
        np.testing.assert_array_equal(kept, handed_in)


@pytest.mark.parametrize(("layer", "Y", "DX"), [
    (ReLU(), [0, 0, 3], [0, 0, 7]),  # at 0 too
    (LeakyReLU(0.0), [0, 0, 3], [0, 0, 7]), (LeakyReLU(0.25), [-0.5, 0, 3], [1, 2, 7]),
])  # fmt: skip
def test_rectifiers_by_hand(layer, Y, DX):
    assert layer.forward(np.array([[-2.0, 0.0, 3.0]])).tolist() == [Y]
    assert layer.backward(np.array([[4.0, 8.0, 7.0]])).tolist() == [DX]
    assert layer.parameters() == []


def test_relu_in_place_writes_over_what_it_is_given():
    relu, X, DY = ReLU(in_place=True), np.array([[-2.0, 0.0, 3.0, np.nan]]), np.array([[5.0, 6.0, 7.0, 8.0]])
    assert relu.forward(X) is X
    assert relu.backward(DY) is DY
    np.testing.assert_array_equal(X, [[0, 0, 3, np.nan]])
    np.testing.assert_array_equal(DY, [[0, 0, 7, 0]])


@pytest.mark.parametrize("given", ["read-only", "a view of every other column"])
def test_relu_in_place_copies_an_array_that_is_read_only_or_not_contiguous(given):
    M = np.array([[-2.0, 9.0, 3.0, 9.0]])
    before = M.copy()
    X = M[:, ::2]
    if given == "read-only":
        X = X.copy()
        X.flags.writeable = False
    relu = ReLU(in_place=True)
    np.testing.assert_array_equal(relu.forward(X), [[0, 3]])
    np.testing.assert_array_equal(relu.backward(X), [[0, 3]])
    np.testing.assert_array_equal(M, before)


def test_a_network_trains_the_same_bits_with_relu_in_place():
    nets = [network((6, 9, 8, 3), method="rigl", seed=4) for _ in range(2)]
    assert [layer.in_place for layer in nets[0].layers if isinstance(layer, ReLU)] == [True, True]
    nets[1].layers = [ReLU() if isinstance(layer, ReLU) else layer for layer in nets[1].layers]
    X, y = rng().standard_normal((6, 33), np.float32), np.arange(33) % 3
    for _ in range(3):
        for net in nets:
            SGD().step(list(run_batch(net, X.T, y).parameters()), 0.1)
    for ours, theirs in zip(*(net.parameters() for net in nets), strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(), Dropout(0.5, rng())])
@pytest.mark.parametrize("dtype", DTYPES)
def test_layers_without_weights_keep_shape_and_type_and_leave_their_input_alone(layer, dtype):
    X = np.array([[-1.0, 2.0], [0.5, -3.0]], dtype)
    before = X.copy()
    Y = layer.forward(X, training=True)
    DX = layer.backward(np.ones((2, 2), dtype))
    assert Y.shape == DX.shape == (2, 2)
    assert Y.dtype == DX.dtype == dtype
    np.testing.assert_array_equal(X, before)


def test_dropout_keeps_each_activation_with_probability_1_minus_p_and_scales_what_it_keeps():
    """Kept ~ Binomial(20000, 3/4), exactly; false alarm 1e-6."""
    Y = Dropout(0.25, rng(6)).forward(np.full((100, 200), 3.0), training=True)
    assert set(np.unique(Y)) == {0.0, 4.0}
    assert binom.ppf(5e-7, 20000, 0.75) <= (Y > 0).sum() <= binom.isf(5e-7, 20000, 0.75)


def test_dropout_draws_a_new_mask_at_every_pass_and_backward_uses_the_last():
    dropout = Dropout(0.5, rng())
    X = np.ones((8, 8))
    first, second = dropout.forward(X, True), dropout.forward(X, True)
    assert (first != second).any()
    np.testing.assert_array_equal(dropout.backward(X), second)


def test_dropout_is_the_identity_when_predicting_or_at_probability_zero():
    X = np.arange(6.0).reshape(2, 3)
    dropout = Dropout(0.9, rng())
    dropout.forward(X, training=True)
    for layer, training in [(dropout, False), (Dropout(0.0, rng()), True)]:
        np.testing.assert_array_equal(layer.forward(X, training), X)
        np.testing.assert_array_equal(layer.backward(X), X)


def test_every_kind_is_a_layer():
    assert all(isinstance(layer_of(kind, 2, 2, 1, rng()), Layer) for kind in LAYER_KINDS)


FAN_INS = [1, 1, 2, 3, 4, 5, 7, 8, 10, 16, 31, 64]


@pytest.mark.parametrize("rows", [[0, 0, 2, 2, 2], np.repeat(np.arange(12), FAN_INS), []])
@pytest.mark.parametrize(("dtype", "rounding"), [(np.float32, 1e-7), (np.float64, 1e-15)])
def test_weights_are_standard_normal_draws_times_the_root_of_two_over_their_neurons_connections(rows, dtype, rounding):
    """θ_ij = z·√(2/k_i), k_i the connections of neuron i and not its possible inputs."""
    rows = np.array(rows, np.int32)
    k = np.array([np.count_nonzero(rows == i) for i in rows])
    z, theta = rng(1).standard_normal(rows.size), he_normal(rows, rng(1), dtype)
    np.testing.assert_allclose(theta, z * np.sqrt(2 / k), rtol=rounding)
    assert theta.dtype == dtype
    assert he_normal(rows, rng(1)).dtype == np.float32


def test_the_hidden_bias_lies_above_relus_kink():
    bias = hidden_bias(3, np.float64)
    assert bias.dtype == np.float64
    np.testing.assert_array_equal(bias, [0.03, 0.03, 0.03])
