"""Theorem 11, proofs/condensed_product.md."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minidst.theory import compaction, condense, condensed_product
from minidst.verify import THEOREMS


def test_condensed_product():
    assert THEOREMS["condensed_product"].check() == (39_852, 0)


def test_a_row_with_fewer_weights_is_filled_up_and_one_with_more_has_no_condensed_form():
    """So the two products are not equal "for any matrices", as the paper has it, but where k reaches every fan-in."""
    W, v = np.array([[5, 6, 7], [0, 0, 8]]), np.array([1, 2, 3])
    for k in (1, 2):
        with pytest.raises(ValueError, match=f"a row has 3 weights and k is {k}; .* k ≥ 3 columns"):
            condense(W, k)
    values, indices = condense(W, 3)
    assert values.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert sorted(indices[1].tolist()) == [0, 1, 2]
    assert condensed_product(values, indices, v).tolist() == (W @ v).tolist()


def test_the_inputs_differ_from_row_to_row_though_equation_30_gives_their_index_no_row():
    W, v = np.array([[5, 0], [0, 6]]), np.array([1, 10])
    values, indices = condense(W, 1)
    assert condensed_product(values, indices, v).tolist() == [5, 60] == (W @ v).tolist()
    for j in (0, 1):  # one j₁ for all rows
        assert condensed_product(values, np.array([[j], [j]]), v).tolist() != (W @ v).tolist()


fractions = st.fractions(-3, 3, max_denominator=7)


@st.composite
def networks(draw):
    """d → n → m in fractions, half of the weights 0 and some hidden neurons without any; and a batch."""
    d, n, m = (draw(st.integers(1, 4)) for _ in range(3))
    shapes = (n, d), (n,), (m, n), (m,), (d, 3)
    W1, *others = (draw(arrays(object, shape, elements=fractions, fill=st.nothing())) for shape in shapes)
    W1[draw(arrays(bool, n))] = Fraction(0)
    return W1, *others


@settings(max_examples=25)
@given(networks())
def test_products_and_compaction_are_exact_in_fractions(network):
    W1, b1, W2, b2, X = network
    k = max(1, (W1 != 0).sum(1).max())
    assert (condensed_product(*condense(W1, k), X) == W1 @ X).all()
    narrow1, bias1, narrow2, bias2 = compaction(W1, b1, W2, b2)
    assert (narrow1 != 0).any(1).all()
    before = W2 @ np.maximum(W1 @ X + b1[:, None], 0) + b2[:, None]
    after = narrow2 @ np.maximum(narrow1 @ X + bias1[:, None], 0) + bias2[:, None]
    assert (before == after).all()
