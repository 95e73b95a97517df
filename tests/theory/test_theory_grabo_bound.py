"""Theorem 1, proofs/grabo_bound.md."""

import numpy as np
import pytest
from hypothesis import given
from strategies import columns

from minidst.theory import grabo_attained, grabo_bound, l2_bound
from minidst.verify import THEOREMS


def test_grabo_bound():
    assert THEOREMS["grabo_bound"].check() == (16_275, 0)


@given(columns(max_B=5))
def test_each_bound_of_the_chain_holds_up_to_rounding(layer):
    h, delta = layer
    nabla, l2, l1, B = np.abs(delta @ h.T), l2_bound(h, delta), grabo_bound(h, delta), h.shape[1]
    rounding = 1e-12 * l1
    assert nabla.shape == l2.shape == l1.shape
    assert (nabla <= l2 + rounding).all()
    assert (l2 <= l1 + rounding).all()
    assert (l1 <= B * l2 + rounding).all()


def test_one_layer_by_hand():
    h = np.array([[3, 4], [1, 0], [0, 0]])
    delta = np.array([[4, -3], [2, 0]])
    assert grabo_bound(h, delta).tolist() == [[49, 7, 0], [14, 2, 0]]
    assert l2_bound(h, delta).tolist() == [[25, 5, 0], [10, 2, 0]]
    assert np.abs(delta @ h.T).tolist() == [[0, 4, 0], [6, 2, 0]]
    assert grabo_attained(h, delta).tolist() == [[False, False, True], [False, True, True]]


@pytest.mark.parametrize("B", [1, 2, 7])
def test_grabo_is_looser_than_l2_by_the_factor_B_where_all_samples_agree(B):
    ones = np.ones((1, B))
    assert grabo_bound(ones, ones).item() == B**2
    assert l2_bound(ones, ones).item() == pytest.approx(B) == (ones @ ones.T).item()
