"""Every gradient is written by hand; here every entry of every one meets its difference quotient.

All layers are piecewise linear, so on whole numbers their difference quotients are the derivative itself and both
sides are compared with ==. That backward is an adjoint, and what losses give, is theorem 16: tests/theory.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole_numbers import KINDS, WEIGHTED, HeldDropout, away_from_zero, checked, layer_of, whole

from minidst import CSR, mlp
from minidst.nn import CrossEntropy, LeakyReLU, Linear, Network, ReLU, SparseLinear, he_normal
from minidst.topology import gnm

pytestmark = pytest.mark.small

H = 0.125  # |H·u| < 1 for |u| ≤ 3: no whole number but 0 is carried across ReLU's kink


@st.composite
def cases(draw):
    """(n_out, n_in, k, B, rng): up to 11 inputs, so that the kernels' groups of 8 and of 4 and their rests all run."""
    n_in = draw(st.integers(1, 11))
    return (
        draw(st.integers(1, 4)),
        n_in,
        draw(st.integers(1, n_in)),
        draw(st.integers(1, 5)),
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
    )


def slope(f, array, at):
    """Central difference of f() by one entry of an array that f reads."""
    old = array[at]
    array[at] = old + H
    above = f()
    array[at] = old - H
    below = f()
    array[at] = old
    return (above - below) / (2 * H)


@pytest.mark.parametrize("kind", KINDS)
@given(cases())
@checked
def test_the_input_gradient_is_the_central_difference_of_every_entry(kind, case):
    n_out, n_in, k, B, rng = case
    layer = layer_of(kind, n_out, n_in, k, rng)
    X = away_from_zero(rng, n_in, B)
    V = whole(rng, *layer.forward(X).shape)
    DX = layer.backward(V)
    assert DX.shape == X.shape
    for at in np.ndindex(X.shape):
        assert DX[at] == slope(lambda: (V * layer.forward(X)).sum(), X, at)


@pytest.mark.parametrize("kind", WEIGHTED)
@given(cases())
@checked
def test_weight_and_bias_gradients_are_the_central_difference_of_every_parameter(kind, case):
    n_out, n_in, k, B, rng = case
    layer = layer_of(kind, n_out, n_in, k, rng)
    X, V = whole(rng, n_in, B), whole(rng, n_out, B)
    layer.forward(X)
    layer.backward(V)
    for parameter in layer.parameters():
        values, grad = parameter.values.reshape(-1), parameter.grad
        assert grad.shape == values.shape
        for e in range(values.size):
            assert grad[e] == slope(lambda: (V * layer.forward(X)).sum(), values, e)


@pytest.mark.parametrize("kind", WEIGHTED)
def test_a_layer_whose_input_gradient_nobody_wants_gives_none_and_the_same_parameter_gradients(kind):
    rng = np.random.default_rng(0)
    layer = layer_of(kind, 3, 5, 2, rng)
    X, V = whole(rng, 5, 4), whole(rng, 3, 4)
    layer.forward(X)
    assert layer.backward(V) is not None
    grads = [p.grad for p in layer.parameters()]
    assert layer.backward(V, needs_input_grad=False) is None
    for before, p in zip(grads, layer.parameters(), strict=True):
        np.testing.assert_array_equal(before, p.grad)


def test_a_gradient_by_hand():
    """Y = W X + b with W = [[2, 0, −1], [0, 3, 0]] and two samples."""
    layer = SparseLinear(CSR.from_dense([[2, 0, -1], [0, 3, 0]]), np.array([1.0, 0.0]))
    X = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]])
    np.testing.assert_array_equal(layer.forward(X), [[0, 6], [0, 3]])  # 2·1 − 3 + 1, 2·2 + 1 + 1; 3·0, 3·1
    DX = layer.backward(np.array([[1.0, -1.0], [2.0, 0.0]]))
    np.testing.assert_array_equal(layer.weight.grad, [-1, 4, 0])  # (0,0): 1·1 − 1·2; (0,2): 1·3 + 1·1; (1,1): 2·0
    np.testing.assert_array_equal(layer.bias.grad, [0, 2])
    np.testing.assert_array_equal(DX, [[2, -2], [6, 0], [-1, 1]])


def assert_network_gradients(net, x, y):
    """Every parameter's gradient of the whole network by central differences."""

    def L():
        return net.loss(net.forward(x, training=True), y)

    _, DZ = L()
    for layer in net.weighted[:-1]:
        below = layer.forward(layer.X)
        assert np.abs(below).min() > 1e-3  # no kink within reach of the difference quotient
    L()
    net.backward(DZ)
    h = 1e-6
    for p in net.parameters():
        values = p.values.reshape(-1)
        for e, analytic in enumerate(p.grad.copy()):
            old = values[e]
            values[e] = old + h
            above = L()[0]
            values[e] = old - h
            below = L()[0]
            values[e] = old
            assert abs(analytic - (above - below) / (2 * h)) < 1e-7 * max(1, abs(analytic))


@pytest.mark.parametrize("format", ["coo", "csr", "condensed"])
def test_the_whole_gradient_of_an_mlp_is_right(format):
    net = mlp((5, 7, 6, 3), density=0.5, method="static", format=format, seed=3, dtype=np.float64)
    rng = np.random.default_rng(1)
    assert_network_gradients(net, rng.standard_normal((5, 4)), np.array([0, 1, 2, 1]))


def test_the_whole_gradient_of_a_mixed_network_is_right():
    """A sparse layer, LeakyReLU, Dropout with its mask held, a dense layer, ReLU, and a smoothed loss."""
    rng = np.random.default_rng(5)
    rows, cols = np.divmod(gnm(6, 4, 12, rng), 4)
    W = CSR.from_connections((6, 4), rows, cols, he_normal(rows, rng, np.float64))
    last = CSR.from_dense(rng.standard_normal((3, 5)))
    net = Network(
        [
            SparseLinear(W, rng.standard_normal(6)),
            LeakyReLU(0.1),
            HeldDropout(0.3, 8),
            Linear(rng.standard_normal((5, 6)), rng.standard_normal(5)),
            ReLU(),
            SparseLinear(last),
        ],
        CrossEntropy(0.1),
    )
    assert_network_gradients(net, rng.standard_normal((4, 3)), np.array([2, 0, 1]))
