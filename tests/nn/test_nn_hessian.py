"""The Hessian times a vector: against central differences of the gradient, and by what any Hessian must satisfy."""

from dataclasses import dataclass

import numpy as np
import pytest
from builders import WEIGHTED, layer_of
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import normal

from minidst import nn
from minidst.formats import COO, CSR, FORMATS
from minidst.nn.hessian import gradient, hessian_vector, loss_tangent, mean_over

LOSSES = [nn.CrossEntropy(), nn.CrossEntropy(label_smoothing=0.2), nn.BinaryCrossEntropy(), nn.MeanSquaredError()]
STEP = 1e-6
joined = np.concatenate


def activation(rng):
    return [nn.ReLU(), nn.LeakyReLU(0.3), nn.Dropout(0.5, rng)][rng.integers(3)]


@dataclass
class Problem:
    """A random network, a batch, a temperature."""

    net: nn.Network
    X: np.ndarray
    y: np.ndarray
    temperature: float
    rng: np.random.Generator

    def direction(self):
        return [self.rng.standard_normal(layer.connections) for layer in self.net.weighted]

    def gradient(self):
        return joined(gradient(self.net, self.X, self.y, self.temperature))

    def Hv(self, v):
        return joined(hessian_vector(self.net, self.X, self.y, v, self.temperature))

    def both_sides(self, v, f):
        """f() with the weights moved by STEP and by −STEP along v."""
        found = []
        for way in (STEP, -2 * STEP, STEP):
            for layer, along in zip(self.net.weighted, v, strict=True):
                layer.weight.values.reshape(-1)[:] += way * along
            found.append(f())
        return found[:2]

    def slopes(self):
        """Which side of each kink every activation is on."""
        kept = [
            layer.Y > 0 if isinstance(layer, nn.ReLU) else getattr(layer, "factor", None) for layer in self.net.layers
        ]
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
    net = nn.Network(layers[:-1], loss, rng)
    regression = isinstance(loss, nn.MeanSquaredError)
    y = rng.standard_normal((B, sizes[-1])) if regression else rng.integers(0, max(sizes[-1], 1), B)
    return Problem(net, rng.standard_normal((sizes[0], B)), y, draw(st.sampled_from([1.0, 3.0])), rng)


@given(problems())
def test_Hv_is_the_central_difference_of_the_gradient(problem):
    v = problem.direction()
    (above, sides), (below, others) = problem.both_sides(v, lambda: (problem.gradient(), problem.slopes()))
    assume(all(np.array_equal(a, b, equal_nan=True) for a, b in zip(sides, others, strict=True)))  # no kink in between
    np.testing.assert_allclose(problem.Hv(v), (above - below) / (2 * STEP), rtol=1e-4, atol=1e-7)


@given(problems())
def test_the_gradient_is_the_central_difference_of_the_loss_at_that_temperature(problem):
    v, net = problem.direction(), problem.net
    above, below = problem.both_sides(v, lambda: net.loss(net.forward(problem.X) / problem.temperature, problem.y)[0])
    assert problem.gradient() @ joined(v) == pytest.approx((above - below) / (2 * STEP), rel=1e-4, abs=1e-6)


@given(problems(), st.floats(-3, 3))
def test_H_is_symmetric_and_linear(problem, a):
    u, v = problem.direction(), problem.direction()
    Hu, Hv, both = problem.Hv(u), problem.Hv(v), problem.Hv([a * p + q for p, q in zip(u, v, strict=True)])
    assert joined(u) @ Hv == pytest.approx(joined(v) @ Hu, rel=1e-9, abs=1e-10 * (1 + np.abs(Hu).sum()))
    np.testing.assert_allclose(both, a * Hu + Hv, rtol=1e-9, atol=1e-11)


@given(st.sampled_from(LOSSES), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32))
def test_the_tangent_of_a_loss_is_the_central_difference_of_its_derivative(loss, n_out, B, seed):
    rng = np.random.default_rng(seed)
    Z, RZ = rng.standard_normal((2, n_out, B))
    y = rng.standard_normal((B, n_out)) if isinstance(loss, nn.MeanSquaredError) else rng.integers(0, n_out, B)
    expected = (loss(Z + STEP * RZ, y)[1] - loss(Z - STEP * RZ, y)[1]) / (2 * STEP)
    np.testing.assert_allclose(loss_tangent(loss, Z, RZ), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loss", [nn.CrossEntropy(), nn.BinaryCrossEntropy()])
def test_the_tangent_of_a_saturated_loss_is_zero_and_not_nan(loss):
    Z, RZ = np.array([[1e3], [-1e3]]), np.ones((2, 1))
    np.testing.assert_array_equal(loss_tangent(loss, Z, RZ), np.zeros((2, 1)))


@given(problems(losses=[nn.CrossEntropy(), nn.BinaryCrossEntropy(), nn.MeanSquaredError()]))
def test_a_convex_loss_of_one_layer_has_no_negative_curvature(problem):
    layer = problem.net.weighted[-1]
    H = layer.X = problem.rng.standard_normal((layer.shape[1], problem.X.shape[1]))
    one = Problem(nn.Network([layer], problem.net.loss), H, problem.y, problem.temperature, problem.rng)
    v = one.direction()
    assert joined(v) @ one.Hv(v) >= -1e-12


@pytest.mark.parametrize("kind", [CSR, COO])
def test_by_hand_one_output_with_a_squared_error_has_H_2xxT(kind):
    x, v = np.array([[1.0], [2], [-1]]), np.array([3.0, 1, 1])
    net = nn.Network([nn.SparseLinear(kind.from_dense([[3.0, -1, 2]]))], nn.MeanSquaredError())
    (Hv,) = hessian_vector(net, x, np.zeros((1, 1)), [v])
    assert Hv.tolist() == [8, 16, -8]  # 2x·(xᵀv), xᵀv = 3 + 2 − 1 = 4
    (warm,) = hessian_vector(net, x, np.zeros((1, 1)), [v], temperature=2.0)
    assert warm.tolist() == [2, 4, -2]  # (z/2)² has a quarter of the curvature


def test_by_hand_two_weights_in_a_chain_have_the_mixed_derivative():
    """L = (u·w·x)², x = 2, w = 3, u = 5: ∂²L/∂w² = 2u²x² = 200, ∂²L/∂u² = 2w²x² = 72, ∂²L/∂w∂u = 4uwx² = 240."""
    net = nn.Network([nn.Linear(np.array([[3.0]])), nn.ReLU(), nn.Linear(np.array([[5.0]]))], nn.MeanSquaredError())
    X, y = np.array([[2.0]]), np.zeros((1, 1))
    one, none = np.ones(1), np.zeros(1)
    assert [float(h[0]) for h in hessian_vector(net, X, y, [one, none])] == [200, 240]
    assert [float(h[0]) for h in hessian_vector(net, X, y, [none, one])] == [240, 72]


@given(st.integers(0, 2**32))
def test_a_full_sparse_network_and_the_dense_one_have_the_same_H(seed):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((4, 3)), rng.standard_normal((2, 4))]
    X, y = rng.standard_normal((3, 5)), rng.integers(0, 2, 5)
    v = [rng.standard_normal(w.size) for w in weights]
    dense = nn.Network([nn.Linear(weights[0]), nn.ReLU(), nn.Linear(weights[1])])
    expected = joined(hessian_vector(dense, X, y, v))
    for format in FORMATS.values():
        below, above = (nn.SparseLinear(format.from_dense(W)) for W in weights)
        full = nn.Network([below, nn.ReLU(), above])
        np.testing.assert_allclose(joined(hessian_vector(full, X, y, v)), expected, rtol=1e-10, atol=1e-12)


@given(problems(), st.integers(1, 4))
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
    net = nn.Network([nn.Linear(rng.standard_normal((3, 4)).astype(np.float32)), nn.ReLU(),
                   nn.SparseLinear(CSR.from_dense(rng.standard_normal((2, 3)).astype(np.float32)))])  # fmt: skip
    X, y = rng.standard_normal((4, 5)).astype(np.float32), np.arange(5) % 2
    g = mean_over([(X, y), (X, y)], lambda X, y: gradient(net, X, y, 200.0))
    assert {part.dtype for part in [*g, *hessian_vector(net, X, y, g, 200.0)]} == {np.dtype(np.float32)}
