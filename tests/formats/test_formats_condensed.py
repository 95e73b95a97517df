"""Condensed by hand; outputs without connections (ablated rows) cost nothing and are exactly 0."""

import numpy as np
import pytest
from builders import six_connections

from minidst import Condensed
from minidst.topology import rewire


def ablated():
    """Outputs 0 and 2 of four are ablated."""
    return Condensed((4, 3), np.array([[0, 2], [1, 2]]), np.array([[1.0, -2], [3, 0]]), np.array([1, 3]))


def test_by_hand():
    """W = 0 0  0      X = 1      W X = 0      Wᵀ(1 1 1 1) = 1      the connections:  (1,0) (1,2) (3,1) (3,2)
    1 0 −2          2          −5                     3
    0 0  0          3           0                    −2
    0 3  0                      6
    """
    W = ablated()
    np.testing.assert_array_equal(W.to_dense(), [[0, 0, 0], [1, 0, -2], [0, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(W @ np.array([1.0, 2, 3]), [0, -5, 0, 6])
    np.testing.assert_array_equal(W.T @ np.ones(4), [1, 3, -2])
    np.testing.assert_array_equal(W.grad(np.array([5.0, 1, 7, 2]), np.array([1.0, 2, 3])), [1, 3, 4, 6])
    np.testing.assert_array_equal(W.keys(), [3, 5, 10, 11])
    assert (W.nnz, W.fan_in, W.active.tolist()) == (4, 2, [1, 3])
    assert six_connections(Condensed).fan_in == 2


def test_rows_are_all_outputs_if_not_given_and_read_only():
    W = Condensed((2, 3), np.array([[2], [0]]), np.ones((2, 1)))
    assert W.active.tolist() == [0, 1]
    assert W.active.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        W.active[0] = 1


def test_an_ablated_row_costs_no_byte():
    indices, values = np.zeros((3, 1), np.int32), np.ones((3, 1))
    assert Condensed((3, 5), indices, values).index_bytes() == 3 * 4 + 3 * 4
    assert Condensed((10**6, 5), indices, values, np.array([7, 8, 10**5])).index_bytes() == 3 * 4 + 3 * 4


def test_rewiring_can_ablate_a_row_and_bring_one_in():
    W, source = rewire(ablated(), np.array([0, 1]), np.array([0, 1]))  # row 1 goes, row 0 comes
    assert W.active.tolist() == [0, 3]
    np.testing.assert_array_equal(W.to_dense(), [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 3, 0]])
    assert source.tolist() == [-1, -1, 2, 3]
