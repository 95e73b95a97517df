import numpy as np
import pytest
from builders import rng

from minidst.nn import he_normal, hidden_bias

FAN_INS = [1, 1, 2, 3, 4, 5, 7, 8, 10, 16, 31, 64]


@pytest.mark.parametrize("rows", [[0, 0, 2, 2, 2], np.repeat(np.arange(12), FAN_INS), []])
@pytest.mark.parametrize(("dtype", "rounding"), [(np.float32, 1e-7), (np.float64, 1e-15)])
def test_weights_are_standard_normal_draws_times_the_root_of_two_over_their_neurons_connections(rows, dtype, rounding):
    """θ_ij = z·√(2/k_i), k_i the connections of neuron i and not its possible inputs."""
    rows = np.array(rows, np.int32)
    k = np.array([np.count_nonzero(rows == i) for i in rows])
    z, theta = rng(1).standard_normal(rows.size), he_normal(rows, rng(1), dtype)
    np.testing.assert_allclose(theta, z * np.sqrt(2 / k), rtol=rounding)
    assert theta.dtype == dtype
    assert he_normal(rows, rng(1)).dtype == np.float32


def test_the_hidden_bias_lies_above_relus_kink():
    bias = hidden_bias(3, np.float64)
    assert bias.dtype == np.float64
    np.testing.assert_array_equal(bias, [0.03, 0.03, 0.03])
