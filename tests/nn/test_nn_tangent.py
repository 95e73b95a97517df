"""The Hessian times a vector: against central differences of the gradient, and by what any Hessian must satisfy."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from whole_numbers import WEIGHTED, checked, layer_of, normal

from minidst.formats import COO, CSR, FORMATS
from minidst.nn import (
    BinaryCrossEntropy,
    CrossEntropy,
    Dropout,
    LeakyReLU,
    Linear,
    MeanSquaredError,
    Network,
    ReLU,
    SparseLinear,
)
from minidst.nn.hessian import gradient, hessian_vector, loss_tangent, mean_over

pytestmark = pytest.mark.small

LOSSES = [CrossEntropy(), CrossEntropy(label_smoothing=0.2), BinaryCrossEntropy(), MeanSquaredError()]


def activation(rng):
    return [ReLU(), LeakyReLU(0.3), Dropout(0.5, rng)][rng.integers(3)]


@dataclass
class Problem:
    """A random network, a batch, a temperature."""

    net: Network
    X: np.ndarray
    y: np.ndarray
    temperature: float
    rng: np.random.Generator

    def direction(self):
        return [self.rng.standard_normal(layer.connections) for layer in self.net.weighted]

    def Hv(self, v):
        return hessian_vector(self.net, self.X, self.y, v, self.temperature)

    def shifted(self, v, step):
        for layer, along in zip(self.net.weighted, v, strict=True):
            layer.weight.values.reshape(-1)[:] += step * along

    def slopes(self):
        """Which side of each kink every activation is on."""
        kept = [layer.Y > 0 if isinstance(layer, ReLU) else getattr(layer, "factor", None) for layer in self.net.layers]
        return [np.array(sides, float) for sides in kept]


@st.composite
def problems(draw, losses=LOSSES):
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    chosen = [draw(st.sampled_from(WEIGHTED)) for _ in sizes[1:]]
    loss, B = draw(st.sampled_from(losses)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    layers = []
    for kind, n_in, n_out in zip(chosen, sizes, sizes[1:], strict=False):
        k = int(rng.integers(1, n_in + 1))
        layers += [layer_of(kind, n_out, n_in, k, rng, normal), activation(rng)]
    net = Network(layers[:-1], loss, rng)
    regression = isinstance(loss, MeanSquaredError)
    y = rng.standard_normal((B, sizes[-1])) if regression else rng.integers(0, max(sizes[-1], 1), B)
    return Problem(net, rng.standard_normal((sizes[0], B)), y, draw(st.sampled_from([1.0, 3.0])), rng)


def joined(parts):
    return np.concatenate(parts)


@given(problems())
@checked
def test_Hv_is_the_central_difference_of_the_gradient(problem):
    v, step, sides = problem.direction(), 1e-6, []
    at = []
    for way in (step, -2 * step):
        problem.shifted(v, way)
        at.append(joined(gradient(problem.net, problem.X, problem.y, problem.temperature)))
        sides.append(problem.slopes())
    assume(all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*sides, strict=True)))  # no kink in between
    problem.shifted(v, step)
    expected = (at[0] - at[1]) / (2 * step)
    np.testing.assert_allclose(joined(problem.Hv(v)), expected, rtol=1e-4, atol=1e-7)


@given(problems())
@checked
def test_H_is_symmetric(problem):
    u, v = problem.direction(), problem.direction()
    Hu, Hv = joined(problem.Hv(u)), joined(problem.Hv(v))
    assert joined(u) @ Hv == pytest.approx(joined(v) @ Hu, rel=1e-9, abs=1e-10 * (1 + np.abs(Hu).sum()))


@given(problems(), st.floats(-3, 3))
@checked
def test_H_is_linear(problem, a):
    u, v = problem.direction(), problem.direction()
    both = joined(problem.Hv([a * p + q for p, q in zip(u, v, strict=True)]))
    expected = a * joined(problem.Hv(u)) + joined(problem.Hv(v))
    np.testing.assert_allclose(both, expected, rtol=1e-9, atol=1e-11)


@given(st.sampled_from(LOSSES), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32))
@checked
def test_the_tangent_of_a_loss_is_the_central_difference_of_its_derivative(loss, n_out, B, seed):
    rng = np.random.default_rng(seed)
    Z, RZ = rng.standard_normal((2, n_out, B))
    y = rng.standard_normal((B, n_out)) if isinstance(loss, MeanSquaredError) else rng.integers(0, n_out, B)
    step = 1e-6
    expected = (loss(Z + step * RZ, y)[1] - loss(Z - step * RZ, y)[1]) / (2 * step)
    np.testing.assert_allclose(loss_tangent(loss, Z, RZ), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loss", [CrossEntropy(), BinaryCrossEntropy()])
def test_the_tangent_of_a_saturated_loss_is_zero_and_not_nan(loss):
    Z, RZ = np.array([[1e3], [-1e3]]), np.ones((2, 1))
    np.testing.assert_array_equal(loss_tangent(loss, Z, RZ), np.zeros((2, 1)))


@given(problems(losses=[CrossEntropy(), BinaryCrossEntropy(), MeanSquaredError()]))
@checked
def test_a_convex_loss_of_one_layer_has_no_negative_curvature(problem):
    layer = problem.net.weighted[-1]
    H = layer.X = problem.rng.standard_normal((layer.shape[1], problem.X.shape[1]))
    one = Problem(Network([layer], problem.net.loss), H, problem.y, problem.temperature, problem.rng)
    v = one.direction()
    assert joined(v) @ joined(one.Hv(v)) >= -1e-12


@pytest.mark.parametrize("kind", [CSR, COO])
def test_by_hand_one_output_with_a_squared_error_has_H_2xxT(kind):
    x, v = np.array([[1.0], [2], [-1]]), np.array([3.0, 1, 1])
    net = Network([SparseLinear(kind.from_dense([[3.0, -1, 2]]))], MeanSquaredError())
    (Hv,) = hessian_vector(net, x, np.zeros((1, 1)), [v])
    assert Hv.tolist() == [8, 16, -8]  # 2x·(xᵀv), xᵀv = 3 + 2 − 1 = 4
    (warm,) = hessian_vector(net, x, np.zeros((1, 1)), [v], temperature=2.0)
    assert warm.tolist() == [2, 4, -2]  # (z/2)² has a quarter of the curvature


def test_by_hand_two_weights_in_a_chain_have_the_mixed_derivative():
    """L = (u·w·x)², x = 2, w = 3, u = 5: ∂²L/∂w² = 2u²x² = 200, ∂²L/∂u² = 2w²x² = 72, ∂²L/∂w∂u = 4uwx² = 240."""
    net = Network([Linear(np.array([[3.0]])), ReLU(), Linear(np.array([[5.0]]))], MeanSquaredError())
    X, y = np.array([[2.0]]), np.zeros((1, 1))
    one, none = np.ones(1), np.zeros(1)
    assert [float(h[0]) for h in hessian_vector(net, X, y, [one, none])] == [200, 240]
    assert [float(h[0]) for h in hessian_vector(net, X, y, [none, one])] == [240, 72]


@given(st.integers(0, 2**32))
@checked
def test_a_full_sparse_network_and_the_dense_one_have_the_same_H(seed):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((4, 3)), rng.standard_normal((2, 4))]
    X, y = rng.standard_normal((3, 5)), rng.integers(0, 2, 5)
    v = [rng.standard_normal(w.size) for w in weights]
    dense = Network([Linear(weights[0]), ReLU(), Linear(weights[1])])
    expected = joined(hessian_vector(dense, X, y, v))
    for format in FORMATS.values():
        below, above = (SparseLinear(format.from_dense(W)) for W in weights)
        full = Network([below, ReLU(), above])
        np.testing.assert_allclose(joined(hessian_vector(full, X, y, v)), expected, rtol=1e-10, atol=1e-12)


@given(problems())
@checked
def test_the_gradient_is_the_central_difference_of_the_loss_at_that_temperature(problem):
    v, step, losses = problem.direction(), 1e-6, []
    for way in (step, -2 * step):
        problem.shifted(v, way)
        losses.append(problem.net.loss(problem.net.forward(problem.X) / problem.temperature, problem.y)[0])
    problem.shifted(v, step)
    slope = joined(gradient(problem.net, problem.X, problem.y, problem.temperature)) @ joined(v)
    assert slope == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-4, abs=1e-6)


@given(problems(), st.integers(1, 4))
@checked
def test_the_mean_over_batches_is_the_derivative_of_all_samples_at_once(problem, batch):
    """The last batch may be smaller, and then counts for less."""
    v, net = problem.direction(), problem.net
    starts = range(0, problem.X.shape[1], batch)
    batches = [(problem.X[:, b : b + batch], problem.y[b : b + batch]) for b in starts]
    found = mean_over(batches, lambda X, y: hessian_vector(net, np.ascontiguousarray(X), y, v))
    expected = hessian_vector(net, problem.X, problem.y, v)
    np.testing.assert_allclose(joined(found), joined(expected), rtol=1e-9, atol=1e-11)


def test_float32_stays_float32():
    rng = np.random.default_rng(0)
    net = Network([Linear(rng.standard_normal((3, 4)).astype(np.float32)), ReLU(),
                   SparseLinear(CSR.from_dense(rng.standard_normal((2, 3)).astype(np.float32)))])  # fmt: skip
    X, y = rng.standard_normal((4, 5)).astype(np.float32), np.arange(5) % 2
    g = mean_over([(X, y), (X, y)], lambda X, y: gradient(net, X, y, 200.0))
    assert {part.dtype for part in [*g, *hessian_vector(net, X, y, g, 200.0)]} == {np.dtype(np.float32)}


class Unknown:
    """A layer or a loss that nobody has taken the tangent of."""

    def forward(self, X, training=False):
        return X

    def backward(self, DY, needs_input_grad=True):
        return DY

    def parameters(self):
        return []

    def __call__(self, Z, y):
        return 0.0, Z


def test_a_layer_or_a_loss_without_a_tangent_is_refused_by_name():
    X, v = np.ones((2, 1)), [np.ones(2)]
    with pytest.raises(ValueError, match=r"tangent of Unknown is not known"):
        hessian_vector(Network([Linear(np.ones((1, 2))), Unknown()], MeanSquaredError()), X, np.zeros(1), v)
    with pytest.raises(ValueError, match=r"tangent of Unknown is not known"):
        hessian_vector(Network([Linear(np.ones((1, 2)))], Unknown()), X, np.zeros(1), v)
