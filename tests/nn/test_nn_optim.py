"""Optimizers against their published equations, one entry at a time.

Source of the equations: Sutskever et al. 2013 (PyTorch's form), Kingma and Ba 2015, Loshchilov and Hutter 2019.
"""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from whole_numbers import sparse_layer, whole

from minidst import CSR
from minidst.nn import SGD, Adam, Parameter, SparseLinear

pytestmark = pytest.mark.small

STEPS = 6


def gradients(n, dtype=np.float64):
    """A different gradient for every entry and step: whole numbers, some of them 0."""
    return whole(np.random.default_rng(11), STEPS, n, dtype=dtype)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("weight_decay", [0.0, 0.25])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sgd_is_its_published_equation_exactly(nesterov, momentum, weight_decay, dtype):
    """With halves and quarters for η, μ, λ and three steps every intermediate number is representable."""
    start = np.array([1.0, -2.0, 0.0, 3.0], dtype)
    p = Parameter(start.copy())
    w, v = [Fraction(float(x)) for x in start], [Fraction(0)] * 4
    optimizer = SGD(momentum, weight_decay, nesterov)
    mu, lam, eta = Fraction(momentum), Fraction(weight_decay), Fraction(1, 2)
    for grad in gradients(4, dtype)[:3]:
        p.grad = grad.copy()
        optimizer.step([p], 0.5)
        for e in range(4):
            g = Fraction(float(grad[e])) + lam * w[e]
            v[e] = mu * v[e] + g
            w[e] -= eta * (g + mu * v[e] if nesterov else v[e])
        assert [Fraction(float(x)) for x in p.values] == w
        assert [Fraction(float(x)) for x in p.state["velocity"]] == v
        np.testing.assert_array_equal(p.grad, grad)


def test_sgd_by_hand():
    """w = 1, ∇ = 1 twice, η = 0.5, μ = 0.5: v = 1, 1.5. Plain: w = 0.5, −0.25. Nesterov moves by g + μv."""
    for nesterov, first, second in [(False, 0.5, -0.25), (True, 0.25, -0.625)]:
        p = Parameter(np.array([1.0]))
        for expected in (first, second):
            p.grad = np.array([1.0])
            SGD(0.5, 0.0, nesterov).step([p], 0.5)
            assert p.values[0] == expected


def adam_by_the_book(w, grads, lr, beta1, beta2, epsilon, weight_decay, first_t=1):
    """Algorithm 1 of Kingma and Ba, with line 12 of AdamW's algorithm 2, for one entry in Python floats."""
    m = v = 0.0
    for t, g in enumerate(grads, start=first_t):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - lr * weight_decay * w - lr * m_hat / (sqrt(v_hat) + epsilon)
    return w, m, v


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("beta1", "beta2", "epsilon"), [(0.9, 0.999, 1e-8), (0.5, 0.75, 0.1), (0.0, 0.0, 1e-8)])
def test_adam_and_adamw_are_their_published_equations(beta1, beta2, epsilon, weight_decay):
    start, grads = np.array([1.0, -2.0, 0.0, 3.0]), gradients(4)
    p = Parameter(start.copy())
    for grad in grads:
        p.grad = grad.copy()
        Adam(beta1, beta2, epsilon, weight_decay).step([p], 0.01)
    for e in range(4):
        w, m, v = adam_by_the_book(start[e], grads[:, e], 0.01, beta1, beta2, epsilon, weight_decay)
        assert p.values[e] == pytest.approx(w, rel=1e-13)
        assert p.state["m"][e] == pytest.approx(m, rel=1e-13)
        assert p.state["v"][e] == pytest.approx(v, rel=1e-13)


def test_adam_by_hand():
    """The first step is η·g/(|g| + ε), whatever the size of g."""
    p = Parameter(np.zeros(3), np.array([4.0, -0.5, 0.0]))
    Adam(epsilon=0.5).step([p], 0.9)
    np.testing.assert_allclose(p.values, [-0.9 * 4 / 4.5, 0.9 * 0.5 / 1.0, 0], rtol=1e-14)


def test_adam_in_float32_is_as_exact_as_float32():
    """(1 − β₂)/(1 − β₂ᵗ) must be 1 at t = 1: with 1 − β₂ taken in float32 it is 1.3e-5 off, a hundred roundings."""
    p = Parameter(np.zeros(1, np.float32), np.ones(1, np.float32))
    Adam().step([p], 1.0)
    assert p.values[0] == pytest.approx(-1 / (1 + 1e-8), rel=1e-6)


def test_adamw_shrinks_a_weight_without_gradient_and_leaves_its_moments_at_zero():
    """Decay is decoupled: through the gradient it would come out as a step of size η."""
    p = Parameter(np.array([1.0, -4.0]), np.zeros(2))
    Adam(weight_decay=0.25).step([p], 0.5)
    np.testing.assert_array_equal(p.values, [0.875, -3.5])
    np.testing.assert_array_equal(p.state["m"], [0, 0])
    np.testing.assert_array_equal(p.state["v"], [0, 0])


@pytest.mark.parametrize(("optimizer", "names"), [(SGD(), {"velocity"}), (Adam(), {"m", "v"})])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_state_is_one_number_of_the_weights_type_per_connection(optimizer, names, dtype):
    layer = sparse_layer("condensed", 3, 5, 2, np.random.default_rng(0), dtype)
    layer.forward(np.ones((5, 2), dtype))
    layer.backward(np.ones((3, 2), dtype))
    optimizer.step(layer.parameters(), 0.1)
    assert set(layer.weight.state) == set(layer.bias.state) == names
    for name in names:
        assert layer.weight.state[name].shape == (6,)
        assert layer.bias.state[name].shape == (3,)
        assert layer.weight.state[name].dtype == dtype


@pytest.mark.parametrize("optimizer", [SGD(0.5, 0.0), Adam()])
def test_a_step_moves_the_matrix_that_multiplies(optimizer):
    """Parameters are views of the matrix's own values, in every format, two-dimensional ones too."""
    for format in ("coo", "csr", "condensed"):
        layer = sparse_layer(format, 2, 4, 2, np.random.default_rng(1))
        layer.forward(np.ones((4, 1)))
        layer.backward(np.ones((2, 1)))
        before = layer.W.to_dense()
        optimizer.step(layer.parameters(), 1.0)
        assert (layer.W.to_dense()[layer.W.connections()] != before[layer.W.connections()]).all()
        np.testing.assert_array_equal(layer.forward(np.eye(4)), layer.W.to_dense() + layer.bias.values[:, None])


def test_a_newborn_connection_starts_with_empty_moments_at_its_layers_count():
    """W = [[1, 0, 2]]; after two steps (0, 0) goes and (0, 1) is born at 0; the third step is t = 3 for all."""
    layer = SparseLinear(CSR.from_dense([[1.0, 0.0, 2.0]]))
    optimizer = Adam(0.5, 0.75, 0.5)
    for grad in ([1.0, -2.0], [2.0, 1.0]):
        layer.weight.grad, layer.bias.grad = np.array(grad), np.zeros(1)
        optimizer.step(layer.parameters(), 0.1)
    layer.rewire(np.array([0]), np.array([1]))
    layer.weight.grad = np.array([3.0, -1.0])  # of (0, 1), the newborn, and of (0, 2)
    optimizer.step(layer.parameters(), 0.1)
    newborn, survivor = layer.weight.values
    assert newborn == pytest.approx(adam_by_the_book(0.0, [3.0], 0.1, 0.5, 0.75, 0.5, 0, first_t=3)[0], rel=1e-14)
    assert survivor == pytest.approx(adam_by_the_book(2.0, [-2.0, 1.0, -1.0], 0.1, 0.5, 0.75, 0.5, 0)[0], rel=1e-14)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(momentum=1.0), ["momentum 1.0", "[0, 1)"]),
        (lambda: SGD(momentum=-0.1), ["momentum -0.1"]),
        (lambda: SGD(weight_decay=-1e-4), ["weight_decay -0.0001", "[0, ∞)"]),
        (lambda: SGD(weight_decay=float("nan")), ["weight_decay nan"]),
        (lambda: Adam(beta1=1.0), ["beta1 1.0", "[0, 1)"]),
        (lambda: Adam(beta2=-0.5), ["beta2 -0.5"]),
        (lambda: Adam(epsilon=0.0), ["epsilon 0.0", "(0, ∞)"]),
        (lambda: Adam(weight_decay=-1.0), ["weight_decay -1.0"]),
    ],
)
def test_numbers_out_of_range_are_refused(make, words, refused):
    with refused(*words):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(weight_decay=float("inf")),
        lambda: Adam(weight_decay=float("inf")),
        lambda: Adam(epsilon=float("inf")),
    ],
    ids=["SGD weight_decay", "Adam weight_decay", "Adam epsilon"],
)
def test_the_intervals_that_end_at_infinity_are_open_there(make, refused):
    """[0, ∞) and (0, ∞), as the messages print them, do not hold ∞."""
    with refused("inf", "∞)"):
        make()
