"""Theorem 13, proofs/snip_saliency.md."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from minidst.dst.prune import snip
from minidst.nn import CrossEntropy, Linear, MeanSquaredError, Network, ReLU
from minidst.nn.hessian import gradient, hessian_vector
from minidst.theory import grasp_saliency, removal, snip_saliency
from minidst.verify import THEOREMS


def test_snip_saliency():
    assert THEOREMS["snip_saliency"].check() == (6 * 729, 0)


def test_one_output_by_hand():
    """L = z², z = θᵀx, x = (1, 2, −1), θ = (3, −1, 2): z = −1, ∇ = 2zx, H = 2xxᵀ, H∇ = 4z‖x‖²x, ‖x‖² = 6."""
    theta, nabla, Hg, curvature = (np.array(a) for a in [(3, -1, 2), (-2, -4, 2), (-24, -48, 24), (2, 8, 2)])
    assert snip_saliency(theta, nabla).tolist() == [6, -4, -4]
    assert snip(theta, nabla).tolist() == [6, 4, 4]
    assert removal(theta, nabla, curvature).tolist() == [15, 0, 0]  # z becomes −4, 1, 1 and L = 1 so 16, 1, 1
    assert grasp_saliency(theta, Hg).tolist() == [72, -48, -48]
    # ‖∇‖² = 24 becomes 4·16·6 = 384 without the first: to first order 24 + 2·72, and the factor 2 is not in the score


t, x1, x2, y = sympy.symbols("t x1 x2 y", real=True)


@pytest.mark.parametrize(("hidden", "activation"), [(2, lambda a: a), (1, sympy.tanh)], ids=["linear", "tanh"])
def test_both_are_the_derivative_on_the_way_to_removal_in_symbols(hidden, activation):
    """θ_e(t) = (1 − t)θ_e goes from the connection at t = 0 to none at t = 1; two layers, one sample, any numbers."""
    theta = [sympy.symbols(f"w{a} v{a} u{a}", real=True) for a in range(hidden)]
    L = (sum(u * activation(w * x1 + v * x2) for w, v, u in theta) - y) ** 2
    weights = [weight for neuron in theta for weight in neuron]
    nabla = [sympy.diff(L, e) for e in weights]
    F = sum(g**2 for g in nabla) / 2
    for e, g in zip(weights, nabla, strict=True):
        Hg = sum(sympy.diff(g, other) * h for other, h in zip(weights, nabla, strict=True))
        for function, saliency in ((L, snip_saliency(e, g)), (F, grasp_saliency(e, Hg))):
            on_the_way = sympy.diff(function.subs(e, (1 - t) * e), t).subs(t, 0)
            assert sympy.expand(on_the_way - saliency) == 0


def test_the_mask_whose_gradient_SNIP_takes_has_the_other_sign():
    """∂L(c ⊙ θ)/∂c_e at c = 1 is θ_e∇_e: how much L falls; the score is the magnitude of either."""
    theta, c = sympy.symbols("theta c")
    L = sympy.Function("L")
    by_mask = sympy.diff(L(c * theta), c).subs(c, 1).doit()
    assert sympy.simplify(by_mask + snip_saliency(theta, sympy.diff(L(theta), theta))) == 0


@given(*[st.fractions(-5, 5, max_denominator=9)] * 4)
def test_of_a_parabola_the_second_term_is_the_rest_in_fractions(a, b, c, theta):
    def L(at):
        return a * at * at + b * at + c

    nabla, curvature = 2 * a * theta + b, 2 * a
    assert L(Fraction(0)) - L(theta) == removal(theta, nabla, curvature)
    assert abs(removal(theta, nabla, curvature) - snip_saliency(theta, nabla)) == theta**2 * abs(curvature) / 2


@given(st.integers(0, 2**32 - 1), st.sampled_from([CrossEntropy(), MeanSquaredError()]))
def test_both_are_central_differences_of_a_network_with_relu(seed, loss):
    rng = np.random.default_rng(seed)
    layers = [Linear(rng.standard_normal((4, 3)), rng.standard_normal(4)), Linear(rng.standard_normal((2, 4)))]
    net, X, targets = Network([layers[0], ReLU(), layers[1]], loss), rng.standard_normal((3, 5)), np.arange(5) % 2
    assume(np.abs(layers[0].forward(X)).min() > 1e-3)  # no kink within reach
    g = gradient(net, X, targets)
    found = [(snip_saliency, g, lambda: loss(net.forward(X), targets)[0]),
             (grasp_saliency, hessian_vector(net, X, targets, g),
              lambda: sum((part @ part for part in gradient(net, X, targets)), 0.0) / 2)]  # fmt: skip
    for saliency, derivative, F in found:
        for layer, by_layer in zip(layers, derivative, strict=True):
            theta = layer.weight.values.reshape(-1)
            for e, old in enumerate(theta.copy()):
                values, h = [], 1e-5
                for way in (1 - h, 1 + h):
                    theta[e] = way * old
                    values.append(F())
                theta[e] = old
                # truncation h²|F‴|/6 ~ 1e-10 F and rounding 100·1e-16 F/h ~ 1e-9 F, for numbers of order 1
                assert abs((values[0] - values[1]) / (2 * h) - saliency(old, by_layer[e])) < 1e-6 * (1 + F())
