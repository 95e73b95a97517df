import numpy as np
import pytest
from scipy.stats import chi2, norm

from minidst.nn import he_normal, hidden_bias


def test_every_neurons_weights_have_variance_two_over_its_own_fan_in():
    """Σ θ²·k_i/2 over n weights is χ² with n degrees of freedom; false alarm 1e-6 for all twelve neurons together."""
    fan_ins, draws = np.array([1, 1, 2, 3, 4, 5, 7, 8, 10, 16, 31, 64]), 300
    rows = np.repeat(np.arange(fan_ins.size), fan_ins)
    rng = np.random.default_rng(20)
    theta = np.stack([he_normal(rows, rng, np.float64) for _ in range(draws)])
    tail = 1e-6 / 2 / fan_ins.size
    for i, k in enumerate(fan_ins):
        n = draws * k
        assert chi2.ppf(tail, n) < (theta[:, rows == i] ** 2).sum() * k / 2 < chi2.isf(tail, n)


def test_the_weights_have_mean_zero_and_a_normal_shape():
    """Kolmogorov-Smirnov against N(0, 1) after scaling by √(k/2): P(√n·D > x) ≤ 2·exp(−2x²) = 1e-6 at x = 2.694."""
    rows = np.repeat(np.arange(500), 8)
    z = np.sort(he_normal(rows, np.random.default_rng(4), np.float64) * np.sqrt(8 / 2))
    distance = np.abs(norm.cdf(z) - (np.arange(z.size) + 0.5) / z.size).max() + 0.5 / z.size
    assert np.sqrt(z.size) * distance < 2.694


@pytest.mark.small
def test_the_same_generator_gives_the_same_bits_and_the_type_asked_for():
    rows = np.array([0, 0, 2, 2, 2], np.int32)
    for dtype in (np.float32, np.float64):
        first, again = (he_normal(rows, np.random.default_rng(1), dtype) for _ in range(2))
        assert first.dtype == dtype
        assert first.tobytes() == again.tobytes()
    assert he_normal(rows, np.random.default_rng(1)).dtype == np.float32


@pytest.mark.small
def test_fan_in_counts_connections_and_not_inputs():
    """One standard normal draw after the other, times √(2/k): k = 2, 2, 3, 3, 3."""
    rows = np.array([0, 0, 2, 2, 2])
    z = np.random.default_rng(1).standard_normal(5)
    expected = z * np.sqrt([2 / 2, 2 / 2, 2 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(he_normal(rows, np.random.default_rng(1), np.float64), expected, rtol=1e-15)


@pytest.mark.small
def test_a_layer_without_connections_needs_no_weights():
    assert he_normal(np.empty(0, np.int32), np.random.default_rng(0)).shape == (0,)


@pytest.mark.small
def test_the_hidden_bias_lies_above_relus_kink():
    bias = hidden_bias(3, np.float64)
    assert bias.dtype == np.float64
    np.testing.assert_array_equal(bias, [0.03, 0.03, 0.03])
