"""Optimizers against their published equations, one entry at a time; schedules of the learning rate.

Source of the equations: Sutskever et al. 2013 (PyTorch's form), Kingma and Ba 2015, Loshchilov and Hutter 2019.
"""

from functools import partial
from itertools import pairwise
from math import cos, pi

import naive
import numpy as np
import pytest
from builders import sparse_layer
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, whole

from minidst import CSR
from minidst.nn import DECAYS, SGD, Adam, Decay, Parameter, SparseLinear, Steps, Warmup


def gradients(dtype=np.float64):
    """A different gradient for each of four entries and six steps: whole numbers, some of them 0."""
    return whole(np.random.default_rng(11), 6, 4, dtype=dtype)


def run(optimizer, start, grads, lr):
    """The weights and each array of state after one step for each gradient."""
    p = Parameter(start.copy())
    for grad in grads:
        p.grad = grad.copy()
        optimizer.step([p], lr)
        np.testing.assert_array_equal(p.grad, grad)
    return p.values, *p.state.values()


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("weight_decay", [0.0, 0.25])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sgd_is_its_published_equation_exactly(nesterov, momentum, weight_decay, dtype):
    """With halves and quarters for η, μ, λ and three steps every intermediate number is representable."""
    start, numbers = np.array([1.0, -2.0, 0.0, 3.0], dtype), (momentum, weight_decay, nesterov)
    for steps in (1, 2, 3):
        found = run(SGD(*numbers), start, gradients(dtype)[:steps], 0.5)
        np.testing.assert_array_equal(found, naive.sgd(start, gradients(dtype)[:steps], 0.5, *numbers))


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("beta1", "beta2", "epsilon"), [(0.9, 0.999, 1e-8), (0.5, 0.75, 0.1), (0.0, 0.0, 1e-8)])
def test_adam_and_adamw_are_their_published_equations(beta1, beta2, epsilon, weight_decay):
    start, numbers = np.array([1.0, -2.0, 0.0, 3.0]), (beta1, beta2, epsilon, weight_decay)
    found, expected = run(Adam(*numbers), start, gradients(), 0.01), naive.adam(start, gradients(), 0.01, *numbers)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


# Four steps are some fifty roundings of numbers below 16, each of at most half a unit in the last place.
TOLERANCE = {np.float32: 25 * 2.0**-20, np.float64: 25 * 2.0**-49}
UNIT = st.floats(0, 0.99)
STEPS = {"n": st.integers(0, 19), "steps": st.integers(1, 4), "seed": st.integers(0, 2**16), "lr": UNIT, "decay": UNIT}


def check_steps(optimizer, oracle, dtype, n, steps, seed, *numbers):
    """Of any hyperparameters; gradients are far enough from 0 for Adam's quotient not to magnify rounding."""
    draw = np.random.default_rng(seed)
    grads = (draw.choice([-1, 1], (steps, n)) * draw.uniform(0.5, 2, (steps, n))).astype(dtype)
    start, numbers = draw.uniform(-2, 2, n).astype(dtype), [float(dtype(x)) for x in numbers]
    found = run(optimizer(*numbers[1:]), start, grads, numbers[0])
    for got, exact in zip(found, oracle(start, grads, *numbers), strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, exact, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@given(**STEPS, momentum=UNIT)
def test_sgd_is_its_formula_element_by_element(dtype, nesterov, n, steps, seed, lr, momentum, decay):
    def oracle(*numbers):
        return naive.sgd(*numbers, nesterov)

    check_steps(partial(SGD, nesterov=nesterov), oracle, dtype, n, steps, seed, lr / 4, momentum, decay / 4)


@pytest.mark.parametrize("dtype", DTYPES)
@given(**STEPS, beta1=st.sampled_from([0.0, 0.5, 0.875]), beta2=st.sampled_from([0.0, 0.5, 0.96875]))
def test_adam_is_its_formula_element_by_element(dtype, n, steps, seed, lr, beta1, beta2, decay):
    # betas with short binary fractions, so that 1 − βᵗ is the same number in both widths
    check_steps(Adam, naive.adam, dtype, n, steps, seed, lr / 4, beta1, beta2, 1e-3, decay)


@pytest.mark.parametrize("special", [np.nan, np.inf])
@pytest.mark.parametrize("optimizer", [SGD(0.9, 0.1), Adam()])
def test_a_gradient_that_is_not_finite_shows_in_its_weight_and_in_no_other(optimizer, special):
    with np.errstate(invalid="ignore"):
        after, *_ = run(optimizer, np.ones(3), np.array([[0.5, special, 0.5]]), 0.1)
    assert np.isfinite(after).tolist() == [True, False, True]


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
    np.testing.assert_array_equal([p.state["m"], p.state["v"]], np.zeros((2, 2)))


def test_optimizers_start_with_the_numbers_that_comparisons_are_made_with():
    assert SGD() == SGD(momentum=0.9, weight_decay=5e-4, nesterov=False)
    assert Adam() == Adam(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0)


@pytest.mark.parametrize(("optimizer", "names"), [(SGD(), {"velocity"}), (Adam(), {"m", "v"})])
@pytest.mark.parametrize("dtype", DTYPES)
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
@pytest.mark.parametrize("format", ["coo", "csr", "condensed"])
def test_a_step_moves_the_matrix_that_multiplies(optimizer, format):
    """Parameters are views of the matrix's own values, in every format, two-dimensional ones too."""
    layer = sparse_layer(format, 2, 4, 2, np.random.default_rng(1))
    layer.forward(np.ones((4, 1)))
    layer.backward(np.ones((2, 1)))
    before = layer.W.to_dense()
    optimizer.step(layer.parameters(), 1.0)
    assert (layer.W.to_dense()[layer.W.connections()] != before[layer.W.connections()]).all()
    np.testing.assert_array_equal(layer.forward(np.eye(4)), layer.W.to_dense() + layer.bias.values[:, None])


def test_a_new_connection_starts_with_empty_moments_at_its_layers_count():
    """W = [[1, 0, 2]]; after two steps (0, 0) goes and (0, 1) is born at 0; the third step is t = 3 for all."""
    layer = SparseLinear(CSR.from_dense([[1.0, 0.0, 2.0]]))
    optimizer = Adam(0.5, 0.75, 0.5)
    for grad in ([1.0, -2.0], [2.0, 1.0]):
        layer.weight.grad, layer.bias.grad = np.array(grad), np.zeros(1)
        optimizer.step(layer.parameters(), 0.1)
    layer.rewire(np.array([0]), np.array([1]))
    layer.weight.grad = np.array([3.0, -1.0])  # of (0, 1), the new one, and of (0, 2)
    optimizer.step(layer.parameters(), 0.1)
    # with a gradient of 0 at t = 1 and 2, its moments are 0 and it stays at 0
    expected, _, _ = naive.adam([0.0, 2.0], [[0.0, -2.0], [0.0, 1.0], [3.0, -1.0]], 0.1, 0.5, 0.75, 0.5, 0)
    np.testing.assert_allclose(layer.weight.values, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("kind", "start", "quarter", "half", "end"),
    [("cosine", 1, (1 + cos(pi / 4)) / 2, 0.5, 0), ("linear", 1, 0.75, 0.5, 0), ("constant", 1, 1, 1, 1)],
)
def test_decays_have_their_values_at_the_ends_and_between(kind, start, quarter, half, end):
    decay = Decay(kind)
    assert [decay(0, 8), decay(2, 8), decay(8, 8)] == [start, quarter, end]
    assert decay(4, 8) == pytest.approx(half, abs=1e-16)


@pytest.mark.parametrize("kind", DECAYS)
@given(st.integers(1, 10**6), st.data())
def test_a_decay_never_rises_and_stays_between_0_and_1(kind, T, data):
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= Decay(kind)(t, T) >= Decay(kind)(t + 1, T) >= 0


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_cosine_and_linear_fall_at_every_step(kind):
    assert all(later < earlier for earlier, later in pairwise(Decay(kind)(t, 100) for t in range(101)))


@pytest.mark.parametrize(("rate", "T", "factors"), [
    (Steps((0.5, 0.75), 0.1), 8, [1] * 4 + [0.1] * 2 + [0.1**2] * 2),  # at a milestone's step and not before
    (Steps(), 100, [1] * 75 + [0.1] * 15 + [0.1**2] * 10),
    (Warmup(4, Decay("linear")), 12, [1 / 4, 2 / 4, 3 / 4, 1, *(1 - n / 8 for n in range(9))]),
    (Warmup(3), 3, [1 / 3, 2 / 3, 1]),  # as long as training: it never decays
])  # fmt: skip
def test_steps_and_warm_up_have_these_factors(rate, T, factors):
    assert [rate(t, T) for t in range(len(factors))] == factors


@given(st.lists(st.floats(0, 1), max_size=4), st.floats(0, 1), st.integers(1, 1000), st.data())
def test_steps_never_rise_whatever_the_order_of_the_milestones(milestones, factor, T, data):
    rate = Steps(tuple(milestones), factor)
    t = data.draw(st.integers(0, T - 1))
    assert 1 >= rate(t, T) >= rate(t + 1, T) >= 0
    assert rate(t, T) == Steps(tuple(reversed(milestones)), factor)(t, T)


@given(st.integers(1, 50), st.integers(1, 200))
def test_a_warm_up_never_jumps_up_by_more_than_its_step(steps, T):
    factors = [Warmup(steps)(t, T) for t in range(T)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert all(b - a <= 1 / steps + 1e-15 for a, b in pairwise([0.0, *factors]))
