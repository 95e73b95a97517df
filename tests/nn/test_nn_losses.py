from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole_numbers import checked

from minidst.nn import LOSSES, BinaryCrossEntropy, CrossEntropy, MeanSquaredError

pytestmark = pytest.mark.small

FLOATS = [np.float32, np.float64]
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


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("s", [0.0, 0.1, 0.5])
@given(logits())
@checked
def test_cross_entropy_is_its_plain_formula(s, dtype, case):
    Z, y = case
    loss, DZ = CrossEntropy(s)(Z.astype(dtype), y)
    expected, gradient = plain_cross_entropy(Z, y, s)
    assert loss == pytest.approx(expected, rel=BOUND[dtype], abs=BOUND[dtype])
    np.testing.assert_allclose(DZ, gradient, rtol=0, atol=BOUND[dtype])
    assert DZ.dtype == dtype


def test_cross_entropy_by_hand():
    """Outputs (log 3, 0) are the probabilities (3/4, 1/4); smoothing 0.2 of two classes asks for (0.9, 0.1)."""
    Z = np.array([[log(3)], [0.0]])
    loss, DZ = CrossEntropy()(Z, np.array([0]))
    assert loss == pytest.approx(-log(0.75))
    np.testing.assert_allclose(DZ, [[-0.25], [0.25]])
    loss, DZ = CrossEntropy(0.2)(Z, np.array([0]))
    assert loss == pytest.approx(-0.9 * log(0.75) - 0.1 * log(0.25))
    np.testing.assert_allclose(DZ, [[-0.15], [0.15]])


@pytest.mark.parametrize("dtype", FLOATS)
@given(logits())
@checked
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


def test_binary_cross_entropy_by_hand():
    """One output, log 3: yes with probability 3/4."""
    loss, DZ = BinaryCrossEntropy()(np.array([[log(3), log(3)]]), np.array([1, 0]))
    assert loss == pytest.approx((-log(0.75) - log(0.25)) / 2)
    np.testing.assert_allclose(DZ, [[-0.125, 0.375]])


@given(logits())
@checked
def test_squared_error_is_its_plain_formula(case):
    Z, y = case
    target = np.flip(Z, axis=1) - y  # any whole and half numbers
    expected = sum((z - t) ** 2 for z, t in zip(Z.ravel(), target.ravel(), strict=True)) / Z.size
    loss, DZ = MeanSquaredError()(Z, target.T)
    assert loss == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(DZ, 2 * (Z - target) / Z.size, rtol=1e-14)


def test_squared_error_by_hand():
    """Two outputs, one sample: ((1 − 3)² + (2 − 2)²)/2 = 2."""
    loss, DZ = MeanSquaredError()(np.array([[1.0], [2.0]]), np.array([[3.0, 2.0]]))
    assert loss == 2
    np.testing.assert_array_equal(DZ, [[-2], [0]])


@pytest.mark.parametrize("dtype", FLOATS)
def test_extreme_logits_give_exact_limits_without_a_warning(dtype):
    """Warnings are errors here. At ±10⁴, e^z is infinite in either precision."""
    Z = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    loss, DZ = CrossEntropy()(Z, np.array([0, 1]))  # certain and right
    assert loss == 0
    np.testing.assert_array_equal(DZ, np.zeros((2, 2)))
    loss, DZ = CrossEntropy()(Z, np.array([1, 0]))  # certain and wrong
    assert loss == 20000
    np.testing.assert_array_equal(DZ, [[0.5, -0.5], [-0.5, 0.5]])
    loss, DZ = CrossEntropy(0.5)(Z, np.array([0, 1]))  # q = (3/4, 1/4)
    assert loss == 5000
    np.testing.assert_array_equal(DZ, [[0.125, -0.125], [-0.125, 0.125]])

    z = np.array([[1e4, -1e4]], dtype)
    loss, DZ = BinaryCrossEntropy()(z, np.array([1, 0]))
    assert loss == 0
    np.testing.assert_array_equal(DZ, [[0, 0]])
    loss, DZ = BinaryCrossEntropy()(z, np.array([0, 1]))
    assert loss == 10000
    np.testing.assert_array_equal(DZ, [[0.5, -0.5]])
    loss, DZ = BinaryCrossEntropy()(Z, np.array([1, 0]))
    assert loss == 10000
    np.testing.assert_array_equal(DZ, [[0.25, -0.25], [-0.25, 0.25]])

    loss, DZ = MeanSquaredError()(Z, np.array([[-1e4, 1e4], [1e4, -1e4]]))
    assert loss == pytest.approx(4e8)
    np.testing.assert_array_equal(DZ, np.sign(Z) * dtype(1e4))


@given(logits(), st.sampled_from([0.0, 0.25]))
@checked
def test_the_gradient_of_cross_entropy_sums_to_zero_over_the_classes(case, s):
    """Adding one number to all outputs changes nothing."""
    Z, y = case
    np.testing.assert_allclose(CrossEntropy(s)(Z, y)[1].sum(axis=0), 0, atol=1e-15)


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), BinaryCrossEntropy(), MeanSquaredError()])
def test_a_batch_twice_over_has_the_same_mean_loss_and_half_the_gradient_per_sample(loss):
    Z, y = np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]]), np.array([2, 0])
    once, DZ = loss(Z, y)
    twice, DZZ = loss(np.hstack([Z, Z]), np.hstack([y, y]))
    assert twice == pytest.approx(once, rel=1e-15)
    np.testing.assert_allclose(DZZ, np.hstack([DZ, DZ]) / 2, rtol=1e-14)


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), BinaryCrossEntropy(), MeanSquaredError()])
def test_a_loss_leaves_outputs_and_targets_as_they_were(loss):
    Z, y = np.array([[0.5, -1.0], [2.0, 0.0]]), np.array([1, 0])
    before = Z.copy()
    loss(Z, y)
    np.testing.assert_array_equal(Z, before)
    np.testing.assert_array_equal(y, [1, 0])


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


@pytest.mark.parametrize(
    ("loss", "targets", "classes", "n_out"),
    [
        (CrossEntropy(), LABELS, 3, 3),
        (CrossEntropy(), LABELS, 3, 4),
        (BinaryCrossEntropy(), LABELS, 3, 3),
        (BinaryCrossEntropy(), LABELS % 2, 2, 1),
        (BinaryCrossEntropy(), LABELS % 2, 2, 2),
        (MeanSquaredError(), LABELS, 3, 3),
        (MeanSquaredError(), ROWS, 0, 2),
        (MeanSquaredError(), ROWS[:, :1], 0, 1),
        (MeanSquaredError(), ROWS[:, 0], 0, 1),
    ],
)
def test_targets_that_suit_the_outputs_pass_the_check_and_the_loss(loss, targets, classes, n_out):
    loss.check(targets, classes, n_out)
    value, DZ = loss(np.ones((n_out, 3)), targets)
    assert value > 0
    assert DZ.shape == (n_out, 3)


@pytest.mark.parametrize(
    ("loss", "targets", "classes", "n_out", "words"),
    [
        (CrossEntropy(), LABELS, 3, 2, ["3 classes", "2"]),
        (CrossEntropy(), ROWS, 0, 2, ["values", "MeanSquaredError"]),
        (BinaryCrossEntropy(), LABELS, 3, 1, ["3 classes", "1"]),
        (BinaryCrossEntropy(), LABELS, 3, 2, ["3 classes", "2"]),
        (BinaryCrossEntropy(), ROWS, 0, 2, ["values", "MeanSquaredError"]),
        (MeanSquaredError(), ROWS, 0, 3, ["2 values", "3 outputs"]),
        (MeanSquaredError(), LABELS, 3, 2, ["3 values", "2 outputs"]),
    ],
)
def test_targets_that_do_not_suit_the_outputs_are_refused_before_training(
    loss, targets, classes, n_out, words, refused
):
    with refused(*words):
        loss.check(targets, classes, n_out)


@pytest.mark.parametrize("s", [-0.1, 1.0, float("nan")])
def test_label_smoothing_outside_its_range_is_refused(s, refused):
    with refused("label_smoothing", s, "[0, 1)"):
        CrossEntropy(s)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), MeanSquaredError()])
@pytest.mark.parametrize("shape", [(3, 3), (1, 2), (4,), (2, 1)])
def test_too_many_or_too_few_targets_are_refused(loss, shape, refused):
    """Three samples, one output."""
    with refused(shape, "1 outputs", "3 samples"):
        loss(np.zeros((1, 3)), np.zeros(shape))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), MeanSquaredError()])
def test_targets_handed_in_as_columns_are_refused_and_not_scrambled(loss, refused):
    """Targets are (B, n_out); an array (n_out, B) has as many numbers, but reading it row by row mixes samples up."""
    with refused((2, 3)):
        loss(np.zeros((2, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), MeanSquaredError()])
def test_one_label_for_three_samples_is_refused_and_not_repeated(loss, refused):
    with refused((1,), "3 samples"):
        loss(np.zeros((2, 3)), np.array([1]))


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(0.1), BinaryCrossEntropy(), MeanSquaredError()])
@pytest.mark.parametrize("labels", [[0, -1], [2, 0], [0, 7]])
def test_a_label_without_an_output_is_refused(loss, labels, refused):
    """−1 would be the last output's, to an array; to a comparison it would be none."""
    with refused(f"labels run from {min(labels)} to {max(labels)}", "labels 0 to 1"):
        loss(np.zeros((2, 2)), np.array(labels))
