from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPES, frozen

from minidst.nn import LOSSES, BinaryCrossEntropy, CrossEntropy, MeanSquaredError

BOUND = {np.float32: 1e-5, np.float64: 1e-12}  # relative; rounding of a handful of operations


@st.composite
def logits(draw):
    """(Z of whole and half numbers, labels)."""
    n_out, B = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(-10, 11, (n_out, B)) / 2, rng.integers(n_out, size=B)


def plain_cross_entropy(Z, y, s):
    """−1/B Σ_b Σ_i q_ib log p_ib, one number at a time."""
    n_out, B = Z.shape
    loss, grad = 0.0, np.empty(Z.shape)
    for b in range(B):
        total = sum(exp(z) for z in Z[:, b])
        for i in range(n_out):
            p = exp(Z[i, b]) / total
            q = (1 - s) * (i == y[b]) + s / n_out
            loss -= q * log(p) / B
            grad[i, b] = (p - q) / B
    return loss, grad


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("s", [0.0, 0.1, 0.25, 0.5])
@given(logits())
def test_cross_entropy_is_its_plain_formula_and_its_gradient_sums_to_zero(s, dtype, case):
    Z, y = case
    loss, DZ = CrossEntropy(s)(Z.astype(dtype), y)
    expected, gradient = plain_cross_entropy(Z, y, s)
    assert loss == pytest.approx(expected, rel=BOUND[dtype], abs=BOUND[dtype])
    np.testing.assert_allclose(DZ, gradient, rtol=0, atol=BOUND[dtype])
    assert DZ.dtype == dtype
    # adding one number to all outputs changes nothing
    np.testing.assert_allclose(DZ.sum(axis=0), 0, atol=1e-15 if dtype is np.float64 else 1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@given(logits())
def test_binary_cross_entropy_is_its_plain_formula(dtype, case):
    """Of one-hot labels with several outputs, and of the answers 0 and 1 to each."""
    Z, y = case
    target = np.arange(Z.shape[0])[:, None] == y
    P = 1 / (1 + np.exp(-Z))
    expected = -(np.log(P) * target + np.log(1 - P) * ~target).mean()
    for given_as in (y, target.T.astype(int)):
        loss, DZ = BinaryCrossEntropy()(Z.astype(dtype), given_as)
        assert loss == pytest.approx(expected, rel=BOUND[dtype], abs=BOUND[dtype])
        np.testing.assert_allclose(DZ, (P - target) / Z.size, rtol=0, atol=BOUND[dtype])
        assert DZ.dtype == dtype


@given(logits())
def test_squared_error_is_its_plain_formula(case):
    Z, y = case
    target = np.flip(Z, axis=1) - y  # any whole and half numbers
    expected = sum((z - t) ** 2 for z, t in zip(Z.ravel(), target.ravel(), strict=True)) / Z.size
    loss, DZ = MeanSquaredError()(Z, target.T)
    assert loss == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(DZ, 2 * (Z - target) / Z.size, rtol=1e-14)


@pytest.mark.parametrize(("loss", "Z", "y", "value", "gradient"), [
    # outputs (log 3, 0) are the probabilities (3/4, 1/4); smoothing 0.2 of two classes asks for (0.9, 0.1)
    (CrossEntropy(), [[log(3)], [0.0]], [0], -log(0.75), [[-0.25], [0.25]]),
    (CrossEntropy(0.2), [[log(3)], [0.0]], [0], -0.9 * log(0.75) - 0.1 * log(0.25), [[-0.15], [0.15]]),
    # one output, log 3: yes with probability 3/4
    (BinaryCrossEntropy(), [[log(3)] * 2], [1, 0], -(log(0.75) + log(0.25)) / 2, [[-0.125, 0.375]]),
    # two outputs, one sample: ((1 − 3)² + (2 − 2)²)/2
    (MeanSquaredError(), [[1.0], [2.0]], [[3.0, 2.0]], 2, [[-2], [0]]),
])  # fmt: skip
def test_by_hand(loss, Z, y, value, gradient):
    found, DZ = loss(np.array(Z), np.array(y))
    assert found == pytest.approx(value)
    np.testing.assert_allclose(DZ, gradient)


@pytest.mark.parametrize(("loss", "y", "value", "gradient"), [
    (CrossEntropy(), [0, 1], 0, np.zeros((2, 2))),  # certain and right
    (CrossEntropy(), [1, 0], 20000, [[0.5, -0.5], [-0.5, 0.5]]),  # certain and wrong
    (CrossEntropy(0.5), [0, 1], 5000, [[0.125, -0.125], [-0.125, 0.125]]),  # q = (3/4, 1/4)
    (BinaryCrossEntropy(), [1, 0], 10000, [[0.25, -0.25], [-0.25, 0.25]]),
    (BinaryCrossEntropy(), [1, 0], 0, [[0, 0]]),  # one output
    (BinaryCrossEntropy(), [0, 1], 10000, [[0.5, -0.5]]),
    (MeanSquaredError(), [[-1e4, 1e4], [1e4, -1e4]], pytest.approx(4e8), [[1e4, -1e4], [-1e4, 1e4]]),
])  # fmt: skip
@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits_give_exact_limits_without_a_warning(dtype, loss, y, value, gradient):
    """Warnings are errors here. At ±10⁴, e^z is infinite in either precision."""
    Z = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)[: len(gradient)]
    found, DZ = loss(Z, np.array(y))
    assert found == value
    np.testing.assert_array_equal(DZ, gradient)


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), BinaryCrossEntropy(), MeanSquaredError()])
def test_a_batch_twice_over_has_the_same_mean_loss_and_half_the_gradient_per_sample(loss):
    Z, y = frozen(np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]])), frozen(np.array([2, 0]))  # nothing may be written
    once, DZ = loss(Z, y)
    twice, DZZ = loss(np.hstack([Z, Z]), np.hstack([y, y]))
    assert twice == pytest.approx(once, rel=1e-15)
    np.testing.assert_allclose(DZZ, np.hstack([DZ, DZ]) / 2, rtol=1e-14)


def test_what_the_outputs_predict():
    Z = np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]])
    np.testing.assert_array_equal(CrossEntropy().predict(Z), [1, 2])
    np.testing.assert_array_equal(BinaryCrossEntropy().predict(Z), [1, 2])
    np.testing.assert_array_equal(BinaryCrossEntropy().predict(Z[:1]), [1, 0])
    np.testing.assert_array_equal(BinaryCrossEntropy().predict(np.array([[0.0]])), [0])  # σ(0) = ½ is not a yes
    np.testing.assert_array_equal(MeanSquaredError().predict(Z), Z.T)


def test_the_losses_have_their_names():
    assert dict(LOSSES) == {"cross-entropy": CrossEntropy, "binary": BinaryCrossEntropy, "mse": MeanSquaredError}


LABELS, ROWS = np.array([0, 1, 2]), np.zeros((3, 2))


@pytest.mark.parametrize(("loss", "targets", "classes", "n_out"), [
    (CrossEntropy(), LABELS, 3, 3), (CrossEntropy(), LABELS, 3, 4), (BinaryCrossEntropy(), LABELS, 3, 3),
    (BinaryCrossEntropy(), LABELS % 2, 2, 1), (BinaryCrossEntropy(), LABELS % 2, 2, 2),
    (MeanSquaredError(), LABELS, 3, 3), (MeanSquaredError(), ROWS, 0, 2), (MeanSquaredError(), ROWS[:, :1], 0, 1),
    (MeanSquaredError(), ROWS[:, 0], 0, 1),
])  # fmt: skip
def test_targets_that_suit_the_outputs_pass_the_check_and_the_loss(loss, targets, classes, n_out):
    loss.check(targets, classes, n_out)
    value, DZ = loss(np.ones((n_out, 3)), targets)
    assert value > 0
    assert DZ.shape == (n_out, 3)
