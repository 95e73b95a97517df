import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES

from minidst.kernels import dense

pytestmark = pytest.mark.small

# Four steps are some fifty roundings of numbers below 16, each of at most half a unit in the last place.
TOLERANCE = {np.float32: 25 * 2.0**-20, np.float64: 25 * 2.0**-49}
UNIT = st.floats(0, 0.99)


def problem(n, steps, seed, dtype):
    """Weights, and gradients far enough from 0 for Adam's quotient not to magnify rounding."""
    rng = np.random.default_rng(seed)
    grads = rng.choice([-1, 1], (steps, n)) * rng.uniform(0.5, 2, (steps, n))
    return rng.uniform(-2, 2, n).astype(dtype), grads.astype(dtype)


def run_sgd(w, grads, lr, momentum, weight_decay, nesterov):
    number = w.dtype.type
    w, velocity = w.copy(), np.zeros_like(w)
    for grad in grads:
        dense.sgd(grad, velocity, number(lr), number(momentum), number(weight_decay), nesterov, w)
    return w, velocity


def run_adam(w, grads, lr, beta1, beta2, epsilon, weight_decay):
    number = w.dtype.type
    w, m, v = w.copy(), np.zeros_like(w), np.zeros_like(w)
    for t, grad in enumerate(grads, start=1):
        corrections = number(1 - beta1**t), number(1 - beta2**t)
        numbers = [number(x) for x in (lr, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, lr * weight_decay)]
        dense.adam(grad, m, v, *numbers, *corrections, w)
    return w, m, v


def narrowed(dtype, *numbers):
    """The same numbers as the kernel was given: those of its width."""
    return [float(dtype(x)) for x in numbers]


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@given(n=st.integers(0, 19), steps=st.integers(1, 4), seed=st.integers(0, 2**16), lr=UNIT, momentum=UNIT, decay=UNIT)
def test_sgd_is_its_formula_element_by_element(dtype, nesterov, n, steps, seed, lr, momentum, decay):
    w, grads = problem(n, steps, seed, dtype)
    lr, momentum, decay = narrowed(dtype, lr / 4, momentum, decay / 4)
    expected = naive.sgd(w, grads, lr, momentum, decay, nesterov)
    for got, wanted in zip(run_sgd(w, grads, lr, momentum, decay, nesterov), expected, strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    n=st.integers(0, 19),
    steps=st.integers(1, 4),
    seed=st.integers(0, 2**16),
    lr=UNIT,
    beta1=st.sampled_from([0.0, 0.5, 0.875]),
    beta2=st.sampled_from([0.0, 0.5, 0.96875]),
    decay=UNIT,
)
def test_adam_is_its_formula_element_by_element(dtype, n, steps, seed, lr, beta1, beta2, decay):
    # betas with short binary fractions, so that 1 − βᵗ is the same number in both widths
    w, grads = problem(n, steps, seed, dtype)
    lr, epsilon = narrowed(dtype, lr / 4, 1e-3)
    expected = naive.adam(w, grads, lr, beta1, beta2, epsilon, decay)
    for got, wanted in zip(run_adam(w, grads, lr, beta1, beta2, epsilon, decay), expected, strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype])


def test_sgd_by_hand():
    # g = 1 + .5·2 = 2 at both steps of constant gradient if w stayed 2; lr = 0 keeps it there. v: 2, then .5·2 + 2 = 3
    w, grads = np.array([2.0]), np.ones((2, 1))
    _, velocity = run_sgd(w, grads, 0.0, 0.5, 0.5, False)
    assert velocity.tolist() == [3.0]
    assert run_sgd(w, grads[:1], 0.25, 0.5, 0.5, False)[0].tolist() == [1.5]  # 2 − ¼·2
    assert run_sgd(w, grads[:1], 0.25, 0.5, 0.5, True)[0].tolist() == [1.25]  # 2 − ¼·(2 + ½·2)


def test_without_momentum_and_decay_sgd_is_gradient_descent_and_nesterov_changes_nothing():
    w, grads = problem(9, 3, 1, np.float64)
    plain = run_sgd(w, grads, 0.125, 0.0, 0.0, False)[0]
    np.testing.assert_allclose(plain, w - 0.125 * grads.sum(axis=0), rtol=0, atol=1e-15)
    assert plain.tobytes() == run_sgd(w, grads, 0.125, 0.0, 0.0, True)[0].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_adams_first_step_moves_every_weight_by_the_learning_rate_against_its_gradient(dtype):
    # m̂ = g and √v̂ = |g| at t = 1, whatever the betas
    w, grads = problem(9, 1, 2, dtype)
    moved = run_adam(w, grads, 0.25, 0.9, 0.999, 1e-12, 0.0)[0] - w
    np.testing.assert_allclose(moved, -0.25 * np.sign(grads[0]), rtol=2e-4 if dtype == np.float32 else 1e-10)


def test_the_decay_of_adam_is_decoupled_from_its_moments():
    w, grads = problem(9, 1, 3, np.float64)
    with_decay, m, v = run_adam(w, grads, 0.25, 0.9, 0.999, 1e-8, 0.5)
    without, m0, v0 = run_adam(w, grads, 0.25, 0.9, 0.999, 1e-8, 0.0)
    assert (m.tobytes(), v.tobytes()) == (m0.tobytes(), v0.tobytes())
    np.testing.assert_allclose(with_decay - without, -0.125 * w, rtol=0, atol=1e-15)


def test_a_gradient_and_state_of_zero_leave_a_weight_alone():
    w, zero = np.array([1.5, -0.25]), np.zeros((1, 2))
    assert run_sgd(w, zero, 0.1, 0.9, 0.0, True)[0].tolist() == [1.5, -0.25]
    assert run_adam(w, zero, 0.1, 0.9, 0.999, 1e-8, 0.0)[0].tolist() == [1.5, -0.25]


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_shows_in_its_weight_and_in_no_other(special):
    w, grad = np.array([1.0, 1.0, 1.0]), np.array([[0.5, special, 0.5]])
    with np.errstate(invalid="ignore"):
        for after in (run_sgd(w, grad, 0.1, 0.9, 0.1, False)[0], run_adam(w, grad, 0.1, 0.9, 0.999, 1e-8, 0.0)[0]):
            assert np.isfinite(after).tolist() == [True, False, True]


def test_parameters_may_be_a_view_of_a_larger_array():
    # a Condensed layer's (n_out, k) values reach the optimizer flattened; the rectangle must follow
    rectangle = np.ones((2, 3))
    dense.sgd(np.ones(6), np.zeros(6), 0.5, 0.0, 0.0, False, rectangle.reshape(-1))
    assert rectangle.tolist() == [[0.5] * 3] * 2
