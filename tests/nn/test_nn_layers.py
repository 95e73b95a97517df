import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from whole_numbers import FORMATS, checked, sparse_layer, whole

from minidst import COO, CSR, Condensed, mlp
from minidst.nn import SGD, Adam, Dropout, Layer, LeakyReLU, Linear, Parameter, ReLU, SparseLinear

pytestmark = pytest.mark.small


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(st.integers(1, 5), st.integers(1, 17), st.integers(1, 4), st.integers(0, 2**32 - 1))
@checked
def test_a_sparse_layer_with_all_connections_is_a_dense_layer(format, dtype, n_out, n_in, B, seed):
    """Outputs and all three gradients, exactly: on small whole numbers both precisions are exact."""
    rng = np.random.default_rng(seed)
    sparse = sparse_layer(format, n_out, n_in, n_in, rng, dtype)
    dense = Linear(sparse.W.to_dense(), sparse.bias.values.copy())
    X, DY = whole(rng, n_in, B, dtype=dtype), whole(rng, n_out, B, dtype=dtype)
    for of_sparse, of_dense in [
        (sparse.forward(X), dense.forward(X)),
        (sparse.backward(DY), dense.backward(DY)),
        (sparse.weight.grad, dense.weight.grad),
        (sparse.bias.grad, dense.bias.grad),
    ]:
        np.testing.assert_array_equal(of_sparse, of_dense)
        assert of_sparse.dtype == of_dense.dtype == dtype
    assert sparse.shape == dense.shape == (n_out, n_in)
    assert sparse.connections == dense.connections == n_out * n_in


@pytest.mark.parametrize("format", FORMATS)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**32 - 1), st.data())
@checked
def test_a_sparse_layer_is_the_dense_layer_with_zeros_on_its_connections(format, n_out, n_in, seed, data):
    rng = np.random.default_rng(seed)
    sparse = sparse_layer(format, n_out, n_in, data.draw(st.integers(1, n_in)), rng)
    dense = Linear(sparse.W.to_dense(), sparse.bias.values.copy())
    X, DY = whole(rng, n_in, 3), whole(rng, n_out, 3)
    np.testing.assert_array_equal(sparse.forward(X), dense.forward(X))
    np.testing.assert_array_equal(sparse.backward(DY), dense.backward(DY))
    np.testing.assert_array_equal(sparse.weight.grad, dense.weight.grad[sparse.W.keys()])


@pytest.mark.parametrize("layer", [SparseLinear(CSR.from_dense(np.eye(2))), Linear(np.eye(2))])
def test_a_weight_layer_keeps_the_very_input_and_output_gradient_of_its_last_batch(layer):
    X, DY = np.ones((2, 3)), np.ones((2, 3))
    layer.forward(X)
    layer.backward(DY)
    assert layer.X is X
    assert layer.DY is DY
    assert [p is q for p, q in zip(layer.parameters(), (layer.weight, layer.bias), strict=True)] == [True, True]


def test_a_bias_that_is_not_given_is_zero_and_of_the_weights_type():
    for dtype in (np.float32, np.float64):
        for layer in (SparseLinear(CSR.from_dense(np.eye(3, 2, dtype=dtype))), Linear(np.eye(3, 2, dtype=dtype))):
            np.testing.assert_array_equal(layer.bias.values, np.zeros(3))
            assert layer.bias.values.dtype == dtype


@pytest.mark.parametrize("b", [np.zeros(2), np.zeros((3, 1))])
def test_a_bias_of_another_shape_is_refused(b, refused):
    for layer, W in [(SparseLinear, CSR.from_dense(np.eye(3, 2))), (Linear, np.eye(3, 2))]:
        with refused(b.shape, "3 outputs", "(3,)"):
            layer(W, b)


@pytest.mark.parametrize("W", [np.zeros(3), np.zeros((1, 2, 3)), np.array([[1.0, np.nan]]), np.array([[np.inf]])])
def test_a_dense_weight_that_is_no_finite_matrix_is_refused(W, refused):
    with refused("finite (n_out, n_in)", W.shape):
        Linear(W)


def test_a_dense_weight_of_whole_numbers_trains_like_any_other():
    """The sparse formats turn whole numbers into float64; an integer parameter would be trained at η = int(0.5) = 0."""
    layer = Linear(np.array([[2, -1]]))
    layer.forward(np.ones((2, 1)))
    layer.backward(np.ones((1, 1)))
    SGD(0.0, 0.0).step([layer.weight], 0.5)
    np.testing.assert_array_equal(layer.weight.values, [[1.5, -1.5]])


def test_rewiring_carries_the_optimizers_state_with_the_connections():
    """W = [[5, 6, 0], [0, 7, 8]]: (0,1) goes, (1,1) goes and is born again, (0,2) is born. By hand, in key order."""
    for format in (COO, CSR):
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
    layer = sparse_layer(format, 2, 4, 2, np.random.default_rng(1))
    before = layer.W.to_dense()
    twin = copied(layer)
    twin.weight.grad, twin.bias.grad = np.ones(4), np.ones(2)
    SGD(0.0, 0.0).step(twin.parameters(), 1.0)
    expected = before.copy()
    expected[layer.W.connections()] -= 1
    np.testing.assert_array_equal(twin.W.to_dense(), expected)
    np.testing.assert_array_equal(twin.forward(np.eye(4)), expected + twin.bias.values[:, None])
    np.testing.assert_array_equal(layer.W.to_dense(), before)


def test_a_condensed_layer_can_be_rewired_within_its_rows_and_refuses_anything_else(refused):
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


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_training_continues_after_a_rewiring(optimizer):
    layer = SparseLinear(CSR.from_dense(np.array([[1.0, 2, 0], [0, 3, 4]])))
    for born in ([2], [0]):
        layer.forward(np.ones((3, 2)))
        layer.backward(np.ones((2, 2)))
        optimizer.step(layer.parameters(), 0.1)
        layer.rewire(np.array([0]), np.array(born))
        for aligned in (layer.weight.grad, *layer.weight.state.values()):
            assert aligned.shape == (4,)


@pytest.mark.parametrize("make", [lambda W: SparseLinear(CSR.from_dense(W)), Linear])
@pytest.mark.parametrize("kind", [int, bool, ">f8"])
def test_a_gradient_by_hand_may_be_of_whole_numbers(make, kind):
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


def test_relu_by_hand():
    relu = ReLU()
    np.testing.assert_array_equal(relu.forward(np.array([[-2.0, 0.0, 3.0]])), [[0, 0, 3]])
    np.testing.assert_array_equal(relu.backward(np.array([[5.0, 6.0, 7.0]])), [[0, 0, 7]])  # at 0 too
    assert relu.parameters() == []


def test_relu_in_place_writes_over_what_it_is_given():
    relu, X, DY = ReLU(in_place=True), np.array([[-2.0, 0.0, 3.0, np.nan]]), np.array([[5.0, 6.0, 7.0, 8.0]])
    assert relu.forward(X) is X
    assert relu.backward(DY) is DY
    np.testing.assert_array_equal(X, [[0, 0, 3, np.nan]])
    np.testing.assert_array_equal(DY, [[0, 0, 7, 0]])


@pytest.mark.parametrize("given", ["read-only", "a view of every other column"])
def test_relu_in_place_copies_what_it_cannot_write_to_in_one_go(given):
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
    nets = [mlp((6, 9, 8, 3), density=0.5, seed=4) for _ in range(2)]
    assert [layer.in_place for layer in nets[0].layers if isinstance(layer, ReLU)] == [True, True]
    nets[1].layers = [ReLU() if isinstance(layer, ReLU) else layer for layer in nets[1].layers]
    X, y = np.random.default_rng(0).standard_normal((6, 33), np.float32), np.arange(33) % 3
    for _ in range(3):
        for net in nets:
            _, DZ = net.loss(net.forward(X, training=True), y)
            net.backward(DZ)
            SGD().step(list(net.parameters()), 0.1)
    for ours, theirs in zip(*(net.parameters() for net in nets), strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)


def test_leaky_relu_by_hand():
    leaky = LeakyReLU(0.25)
    np.testing.assert_array_equal(leaky.forward(np.array([[-2.0, 0.0, 3.0]])), [[-0.5, 0, 3]])
    np.testing.assert_array_equal(leaky.backward(np.array([[4.0, 8.0, 7.0]])), [[1, 2, 7]])
    np.testing.assert_array_equal(LeakyReLU(0.0).forward(np.array([[-2.0, 3.0]])), [[0, 3]])


@pytest.mark.parametrize("slope", [-0.1, 1.0, float("nan")])
def test_a_slope_outside_its_range_is_refused(slope, refused):
    with refused("slope", slope, "[0, 1)"):
        LeakyReLU(slope)


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(), Dropout(0.5, np.random.default_rng(0))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
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
    Y = Dropout(0.25, np.random.default_rng(6)).forward(np.full((100, 200), 3.0), training=True)
    assert set(np.unique(Y)) == {0.0, 4.0}
    assert binom.ppf(5e-7, 20000, 0.75) <= (Y > 0).sum() <= binom.isf(5e-7, 20000, 0.75)


def test_dropout_draws_a_new_mask_at_every_pass_and_backward_uses_the_last():
    dropout = Dropout(0.5, np.random.default_rng(0))
    X = np.ones((8, 8))
    first, second = dropout.forward(X, True), dropout.forward(X, True)
    assert (first != second).any()
    np.testing.assert_array_equal(dropout.backward(X), second)


def test_dropout_is_the_identity_when_predicting_or_at_probability_zero():
    X = np.arange(6.0).reshape(2, 3)
    dropout = Dropout(0.9, np.random.default_rng(0))
    dropout.forward(X, training=True)
    for layer, training in [(dropout, False), (Dropout(0.0, np.random.default_rng(0)), True)]:
        np.testing.assert_array_equal(layer.forward(X, training), X)
        np.testing.assert_array_equal(layer.backward(X), X)


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_a_dropout_probability_outside_its_range_is_refused(p, refused):
    with refused("dropout", p, "[0, 1)"):
        Dropout(p, np.random.default_rng(0))


def test_all_five_kinds_are_layers():
    dropout = Dropout(0, np.random.default_rng(0))
    kinds = [SparseLinear(CSR.from_dense(np.eye(2))), Linear(np.eye(2)), ReLU(), LeakyReLU(), dropout]
    assert all(isinstance(layer, Layer) for layer in kinds)


def test_index_bytes_count_the_columns_once_a_backward_pass_needed_them():
    """5 connections of a 3×4 layer. COO: 2·4·5. CSR: 8·(3 + 1) + 4·5, and by columns 8·(4 + 1) + 4·5."""
    a = np.array([[1.0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
    for format, bytes_, by_columns in [(COO, 40, 0), (CSR, 52, 60)]:
        layer = SparseLinear(format.from_dense(a))
        layer.forward(np.ones((4, 2)))
        layer.backward(np.ones((3, 2)), needs_input_grad=False)
        assert layer.index_bytes() == bytes_
        layer.backward(np.ones((3, 2)))
        assert layer.index_bytes() == bytes_ + by_columns
    assert Linear(a).index_bytes() == 0


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.complex64, object])
def test_a_dense_layer_refuses_the_types_that_formats_refuse(dtype, refused):
    with refused(f"weights are {np.dtype(dtype)}", "float32 or float64"):
        Linear(np.ones((2, 3), dtype))
    assert Linear(np.ones((2, 3), int)).weight.values.dtype == np.float64
