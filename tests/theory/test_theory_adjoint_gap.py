"""Theorem 16, proofs/adjoint_gap.md."""

import inspect
from fractions import Fraction

import numpy as np
import pytest
import sympy
from builders import rng
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minidst import nn
from minidst.formats import FORMATS
from minidst.theory import adjoint_gap, difference_bound, linear_adjoint, linear_tangent
from minidst.verify import THEOREMS
from minidst.verify.adjoint_gap import LAYERS, LOSSES, layer_gap, whole


def test_adjoint_gap():
    cases, deviation = THEOREMS["adjoint_gap"].check()
    assert cases == 7 * 17 * 5 + 4 * 4 + 5 * 4 * 3
    assert deviation <= THEOREMS["adjoint_gap"].tolerance < 2.5e-10


def test_the_check_goes_over_every_layer_and_every_loss_there_is():
    classes = [part for _, part in inspect.getmembers(nn, inspect.isclass) if part.__module__.startswith("minidst.nn.")]
    layers = {part for part in classes if hasattr(part, "backward")} - {nn.Layer, nn.Network}
    assert layers == {type(make(2, 3, rng())) for make in LAYERS.values()}
    assert set(FORMATS) <= set(LAYERS)
    assert set(nn.LOSSES.values()) == {type(loss) for loss, _ in LOSSES}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_gradient_that_is_off_by_little_is_noticed(kind, monkeypatch):
    """One entry of DX, or of a parameter's gradient, has 1 part in 1000 too much."""
    draw = rng()
    layer = LAYERS[kind](3, 4, draw)
    assert layer_gap(layer, 4, 2, draw) == 0
    right = layer.backward

    def wrong(where):
        def backward(v):
            DX = right(v)
            for array in (DX, *(p.grad for p in layer.parameters())):
                if where == array.shape:
                    array.reshape(-1)[np.flatnonzero(array)[:1]] *= 1.001
            return DX

        return backward

    for where in [(4, 2), *(p.values.reshape(-1).shape for p in layer.parameters())]:
        monkeypatch.setattr(layer, "backward", wrong(where))
        assert max(layer_gap(layer, 4, 2, draw) for _ in range(3)) > 1e-4


def test_one_layer_by_hand():
    """Y = WX + b, W = 2 −1, X = (3, 4)ᵀ, moved by RW = 1 1, RX = (5, 0)ᵀ, Rb = 7: RY = 10 + 7 + 7 = 24; v = 2."""
    W, X, RW, RX, Rb, v = (np.array(a) for a in ([[2, -1]], [[3], [4]], [[1, 1]], [[5], [0]], [7], [[2]]))
    RY = linear_tangent(W, X, RW, RX, Rb)
    DW, Db, DX = linear_adjoint(W, X, v)
    assert RY.tolist() == [[24]]
    assert (DW.tolist(), Db.tolist(), DX.tolist()) == ([[6, 8]], [2], [[4], [-2]])
    u, JTv = np.array([1, 1, 7, 5, 0]), np.array([6, 8, 2, 4, -2])
    assert adjoint_gap(RY, u, JTv, v) == 0  # 2·24 = 6 + 8 + 14 + 20 − 0
    unseen, seen = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 0, 1, 0])
    assert adjoint_gap(RY, u, JTv + unseen, v) == 0
    assert adjoint_gap(RY, u, JTv + seen, v) == 6 == adjoint_gap(RY, u, JTv - seen, v)


def symbols(name, *shape):
    return np.array(sympy.symbols(f"{name}:{np.prod(shape)}"), object).reshape(shape)


def test_tangent_and_adjoint_of_a_layer_with_weights_in_symbols():
    W, X, b, v = symbols("W", 2, 3), symbols("X", 3, 2), symbols("b", 2), symbols("v", 2, 2)
    RW, RX, Rb, t = symbols("RW", 2, 3), symbols("RX", 3, 2), symbols("Rb", 2), sympy.symbols("t")
    moved = (W + t * RW) @ (X + t * RX) + (b + t * Rb)[:, None]
    RY = linear_tangent(W, X, RW, RX, Rb)
    assert all(sympy.expand(sympy.diff(y, t).subs(t, 0) - ry) == 0 for y, ry in zip(moved.flat, RY.flat, strict=True))
    vY = (v * (W @ X + b[:, None])).sum()
    for array, D in zip((W, b, X), linear_adjoint(W, X, v), strict=True):
        assert all(sympy.expand(sympy.diff(vY, a) - d) == 0 for a, d in zip(array.flat, D.flat, strict=True))


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.data())
def test_the_equation_is_exact_in_fractions(n_out, n_in, B, data):
    def drawn(*shape):
        return data.draw(arrays(object, shape, elements=st.fractions(-9, 9, max_denominator=9), fill=st.nothing()))

    W, RW, X, RX, Rb, v = (drawn(*s) for s in [(n_out, n_in)] * 2 + [(n_in, B)] * 2 + [(n_out,), (n_out, B)])
    u, JTv = (np.concatenate([a.reshape(-1) for a in parts]) for parts in ((RW, Rb, RX), linear_adjoint(W, X, v)))
    assert adjoint_gap(linear_tangent(W, X, RW, RX, Rb), u, JTv, v) == Fraction(0)


@pytest.mark.parametrize("kind", [*FORMATS, "linear"])
def test_layers_are_their_closed_form(kind):
    for seed in range(20):
        draw = rng(seed)
        layer, X, v = LAYERS[kind](3, 5, draw), whole(draw, 5, 4), whole(draw, 3, 4)
        W = layer.W.to_dense() if kind in FORMATS else layer.weight.values
        active = layer.W.keys() if kind in FORMATS else np.arange(15)
        assert (layer.forward(X) == linear_tangent(W, X, np.zeros_like(W), X, layer.bias.values)).all()
        DW, Db, DX = linear_adjoint(W, X, v)
        assert (layer.backward(v) == DX).all()
        assert (layer.weight.grad == DW.reshape(-1)[active]).all()
        assert (layer.bias.grad == Db).all()


@given(*[st.fractions(-3, 3, max_denominator=9)] * 5, st.fractions(Fraction(1, 9), 2, max_denominator=9))
def test_the_error_of_a_central_difference_is_within_its_bound_and_attains_it_for_a_cubic(a, b, c, z, noise, h):
    def F(at):
        return a * at**3 + b * at**2 + c * at

    slope = 3 * a * z * z + 2 * b * z + c
    assert abs((F(z + h) - F(z - h)) / (2 * h) - slope) == difference_bound(h, 6 * abs(a), 0)
    shaken = (F(z + h) + abs(noise) - (F(z - h) - abs(noise))) / (2 * h)
    assert abs(shaken - slope) <= difference_bound(h, 6 * abs(a), abs(noise))
    assert (a >= 0) <= (abs(shaken - slope) == difference_bound(h, 6 * abs(a), abs(noise)))


def test_no_third_derivative_of_a_logistic_or_softmax_loss_passes_1_over_6_root_3():
    """∂³/∂z_i³ log Σ e^z = p(1 − p)(1 − 2p), p = softmax(z)_i; the logistic loss has p = σ(z)."""
    z, rest, p = sympy.symbols("z rest p", positive=True)
    third = sympy.diff(sympy.log(sympy.exp(z) + rest), z, 3)
    share = sympy.exp(z) / (sympy.exp(z) + rest)
    assert sympy.simplify(third - (share * (1 - share) * (1 - 2 * share))) == 0
    cubic = p * (1 - p) * (1 - 2 * p)
    extremes = [abs(cubic.subs(p, at)) for at in (0, 1, *sympy.solve(sympy.diff(cubic, p), p))]
    assert sympy.simplify(max(extremes) - 1 / (6 * sympy.sqrt(3))) == 0
