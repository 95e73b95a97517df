"""One pass over a dense array: batches as columns, sums over samples, and the steps of SGD and Adam."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, whole

from minidst.kernels import dense
from minidst.kernels.dense import as_columns, over_samples

BOTH_DTYPES = pytest.mark.parametrize("dtype", DTYPES)
same = np.testing.assert_array_equal  # nan equals nan, inf equals inf


@pytest.mark.parametrize("order", ["C", "F"])
@given(n=st.integers(1, 40), features=st.integers(1, 40), data=st.data())
def test_a_batch_has_one_column_per_chosen_sample(order, n, features, data):
    samples = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=40)), np.int64)
    x = np.asarray(np.random.default_rng(n).standard_normal((n, features)), order=order)
    for dtype in DTYPES:
        X = as_columns(x, samples, dtype)
        same(X, x[samples].T.astype(dtype))
        assert X.flags.c_contiguous
        assert X.size == 0 or X.ctypes.data % 64 == 0


@BOTH_DTYPES
@pytest.mark.parametrize("order", ["C", "F"])
@given(n=st.integers(0, 9), B=st.integers(0, 128), seed=st.integers(0, 99))
def test_a_sum_over_up_to_128_samples_has_the_bits_of_numpys(dtype, order, n, B, seed):
    H = np.random.default_rng(seed).standard_normal((n, B)).astype(dtype)
    same(over_samples(np.asarray(H, order=order)), H.sum(axis=1))


@BOTH_DTYPES
@given(n=st.integers(1, 9), B=st.integers(1, 400), seed=st.integers(0, 99))
def test_a_sum_over_samples_is_exact_where_numbers_are_whole(dtype, n, B, seed):
    H = whole(np.random.default_rng(seed), n, B, dtype=dtype)
    same(over_samples(H), np.array([sum(row) for row in H.tolist()], dtype))


def test_a_sum_over_samples_does_not_hide_what_is_not_finite():
    H = np.zeros((3, 20), np.float32)
    H[0, 3], H[1, 17], H[2, 0], H[2, 19] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):  # only raised when the JIT is off
        same(over_samples(H), np.array([np.nan, np.inf, np.nan], np.float32))


# --- SGD and Adam; whole training steps, state and formats are in tests/nn/test_nn_optim.py

# Four steps are some fifty roundings of numbers below 16, each of at most half a unit in the last place.
TOLERANCE = {np.float32: 25 * 2.0**-20, np.float64: 25 * 2.0**-49}
UNIT = st.floats(0, 0.99)
STEPS = {"n": st.integers(0, 19), "steps": st.integers(1, 4), "seed": st.integers(0, 2**16), "lr": UNIT, "decay": UNIT}


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


def check_steps(run, oracle, dtype, w, grads, *numbers):
    for got, expected in zip(run(w, grads, *numbers), oracle(w, grads, *numbers), strict=True):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[dtype])


def narrowed(dtype, *numbers):
    """The same numbers in the kernel's precision."""
    return [float(dtype(x)) for x in numbers]


@pytest.mark.parametrize("nesterov", [False, True])
@BOTH_DTYPES
@given(**STEPS, momentum=UNIT)
def test_sgd_is_its_formula_element_by_element(dtype, nesterov, n, steps, seed, lr, momentum, decay):
    numbers = narrowed(dtype, lr / 4, momentum, decay / 4)
    check_steps(run_sgd, naive.sgd, dtype, *problem(n, steps, seed, dtype), *numbers, nesterov)


@BOTH_DTYPES
@given(**STEPS, beta1=st.sampled_from([0.0, 0.5, 0.875]), beta2=st.sampled_from([0.0, 0.5, 0.96875]))
def test_adam_is_its_formula_element_by_element(dtype, n, steps, seed, lr, beta1, beta2, decay):
    # betas with short binary fractions, so that 1 − βᵗ is the same number in both widths
    lr, epsilon = narrowed(dtype, lr / 4, 1e-3)
    check_steps(run_adam, naive.adam, dtype, *problem(n, steps, seed, dtype), lr, beta1, beta2, epsilon, decay)


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_shows_in_its_weight_and_in_no_other(special):
    w, grad = np.array([1.0, 1.0, 1.0]), np.array([[0.5, special, 0.5]])
    with np.errstate(invalid="ignore"):
        for after in (run_sgd(w, grad, 0.1, 0.9, 0.1, False)[0], run_adam(w, grad, 0.1, 0.9, 0.999, 1e-8, 0.0)[0]):
            assert np.isfinite(after).tolist() == [True, False, True]
