"""Every gradient is written by hand; here every entry of every one meets its difference quotient.

All layers are piecewise linear, so on whole numbers their difference quotients are the derivative itself and both
sides are compared with ==. That backward is an adjoint, and what losses give, is theorem 16: tests/theory.
"""

import numpy as np
import pytest
from builders import LAYER_KINDS, WEIGHTED, HeldDropout, layer_of, rng
from hypothesis import given
from hypothesis import strategies as st
from strategies import whole

from minidst import CSR, mlp
from minidst.nn import CrossEntropy, LeakyReLU, Linear, Network, ReLU, SparseLinear, he_normal
from minidst.topology import gnm


def slope(f, array, at, h):
    """Central difference of f() by one entry of an array that f reads."""
    old = array[at]
    array[at] = old + h
    above = f()
    array[at] = old - h
    below = f()
    array[at] = old
    return (above - below) / (2 * h)


@pytest.mark.parametrize("kind", LAYER_KINDS)
@given(st.integers(1, 4), st.integers(1, 11), st.data(), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_gradients_are_the_central_difference_of_every_input_and_parameter(kind, n_out, n_in, data, B, seed):
    """With up to 11 inputs the kernels' groups of 8 and of 4 and their rests all run; X has no 0, ReLU's kink."""
    draw = rng(seed)
    layer = layer_of(kind, n_out, n_in, data.draw(st.integers(1, n_in)), draw)
    X = draw.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], (n_in, B))
    V = whole(draw, *layer.forward(X).shape)
    DX = layer.backward(V)
    assert DX.shape == X.shape
    for array, grad in [(X, DX.reshape(-1)), *((p.values, p.grad) for p in layer.parameters())]:
        assert grad.shape == (array.size,)
        for e in range(array.size):
            assert grad[e] == slope(lambda: (V * layer.forward(X)).sum(), array.reshape(-1), e, 0.125)


@pytest.mark.parametrize("kind", WEIGHTED)
def test_without_the_input_gradient_backward_returns_none_and_the_same_parameter_gradients(kind):
    draw = rng()
    layer = layer_of(kind, 3, 5, 2, draw)
    X, V = whole(draw, 5, 4), whole(draw, 3, 4)
    layer.forward(X)
    assert layer.backward(V) is not None
    grads = [p.grad for p in layer.parameters()]
    assert layer.backward(V, needs_input_grad=False) is None
    for before, p in zip(grads, layer.parameters(), strict=True):
        np.testing.assert_array_equal(before, p.grad)


def mixed():
    """A sparse layer, LeakyReLU, Dropout with its mask held, a dense layer, ReLU, and a smoothed loss; its samples."""
    draw = rng(5)
    rows, cols = np.divmod(gnm(6, 4, 12, draw), 4)
    W = CSR.from_connections((6, 4), rows, cols, he_normal(rows, draw, np.float64))
    last = CSR.from_dense(draw.standard_normal((3, 5)))
    layers = [
    SparseLinear(W, draw.standard_normal(6)), LeakyReLU(0.1), HeldDropout(0.3, 8),
    Linear(draw.standard_normal((5, 6)), draw.standard_normal(5)), ReLU(), SparseLinear(last),
]  # fmt: skip
    return Network(layers, CrossEntropy(0.1)), draw.standard_normal((4, 3)), np.array([2, 0, 1])


def perceptron(format):
    net = mlp((5, 7, 6, 3), density=0.5, method="static", format=format, seed=3, dtype=np.float64)
    return net, rng(1).standard_normal((5, 4)), np.array([0, 1, 2, 1])


@pytest.mark.parametrize("make", [lambda: perceptron("coo"), lambda: perceptron("csr"), lambda: perceptron("condensed"),
                                  mixed], ids=["coo", "csr", "condensed", "mixed"])  # fmt: skip
def test_the_whole_gradient_of_a_network_is_the_central_difference_of_every_parameter(make):
    net, x, y = make()

    def loss():
        return net.loss(net.forward(x, training=True), y)

    _, DZ = loss()
    for layer in net.weighted[:-1]:
        assert np.abs(layer.forward(layer.X)).min() > 1e-3  # no kink within reach of the difference quotient
    loss()
    net.backward(DZ)
    for p in net.parameters():
        for e, analytic in enumerate(p.grad.copy()):
            numeric = slope(lambda: loss()[0], p.values.reshape(-1), e, 1e-6)
            assert abs(analytic - numeric) < 1e-7 * max(1, abs(analytic))
