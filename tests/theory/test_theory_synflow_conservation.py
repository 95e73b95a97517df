"""Theorem 12, proofs/synflow_conservation.md."""

from itertools import pairwise, product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from minidst.dst.papers.synflow import flow
from minidst.formats import CSR
from minidst.nn import Linear, Network, ReLU, SparseLinear
from minidst.theory import synaptic_flow, synflow_conservation, synflow_scores
from minidst.verify import THEOREMS


def test_synflow_conservation():
    cases, deviation = THEOREMS["synflow_conservation"].check()
    assert cases == 3 * 3**6
    assert deviation <= THEOREMS["synflow_conservation"].tolerance == 1e-15


def test_one_network_by_hand():
    """θ⁽¹⁾ = 2 −1, θ⁽²⁾ = 1 −3: R = 1·3 + 3·2 = 9, and 2 + 1 + 3 + 3 = 9 = 3 + 6.
    1  1
    """
    theta, none = [np.array([[2, -1], [1, 1]]), np.array([[1, -3]])], [np.array([0, 0]), np.array([0])]
    f, g = synaptic_flow(theta, none)
    assert [level.tolist() for level in f] == [[1, 1], [3, 2], [9]]
    assert [level.tolist() for level in g] == [[5, 4], [1, 3], [1]]
    assert [S.tolist() for S in synflow_scores(theta, none)] == [[[2, 1], [3, 3]], [[3, 6]]]
    assert synflow_conservation(theta, none) == [9, 9]


def test_by_hand_what_flows_in_through_a_bias_is_missing_from_the_layers_before():
    """A bias of −2 at the neuron that 3 leads on from adds 3·2 = 6 to R = 9, and one of 4 at the output adds 4."""
    theta, bias = [np.array([[2, -1], [1, 1]]), np.array([[1, -3]])], [np.array([0, -2]), np.array([4])]
    assert synaptic_flow(theta, bias)[0][-1].tolist() == [19]
    assert synflow_conservation(theta, bias) == [9, 15]  # 19 − 4 − 6, 19 − 4
    assert [S.sum() for S in synflow_scores(theta, bias)] == [9, 15]


@pytest.mark.parametrize("with_bias", [False, True])
def test_scores_are_theta_times_the_derivative_of_R_in_symbols(with_bias):
    sizes = (2, 2, 3, 1)
    theta = [np.array(sympy.symbols(f"w{l}_:{n_in * n_out}", positive=True), object).reshape(n_out, n_in)
             for l, (n_in, n_out) in enumerate(pairwise(sizes))]  # fmt: skip
    bias = [np.array(sympy.symbols(f"b{l}_:{n_out}", positive=True), object) for l, n_out in enumerate(sizes[1:])]
    bias = bias if with_bias else [0 * b for b in bias]
    x = np.ones(2, int)
    for W, b in zip(theta, bias, strict=True):
        x = W @ x + b
    R = x.sum()
    for W, S in zip(theta, synflow_scores(theta, bias), strict=True):
        assert all(sympy.expand(s - w * sympy.diff(R, w)) == 0 for w, s in zip(W.flat, S.flat, strict=True))
    through = [sum((b * sympy.diff(R, b) for part in bias[l:] for b in part if b != 0), sympy.S(0)) for l in range(3)]
    for total, part in zip(synflow_conservation(theta, bias), through, strict=True):
        assert sympy.expand(total - (R - part)) == 0


@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.integers(0, 2**32 - 1), st.booleans())
def test_a_score_is_what_all_paths_through_the_connection_carry(sizes, seed, sparse):
    """R is the sum over all paths of the product of their |θ|; here they are walked one by one."""
    rng = np.random.default_rng(seed)
    theta = [rng.integers(-4, 5, (n_out, n_in)) for n_in, n_out in pairwise(sizes)]
    through = [np.zeros_like(W) for W in theta]
    for path in product(*(range(size) for size in sizes)):
        steps = list(zip(path[1:], path[:-1], strict=True))
        carries = np.prod([abs(W[step]) for W, step in zip(theta, steps, strict=True)])
        for part, step in zip(through, steps, strict=True):
            part[step] += carries
    none = [np.zeros(n_out, int) for n_out in sizes[1:]]
    R = through[0].sum()
    assert synflow_conservation(theta, none) == [R] * len(theta)
    layers = [SparseLinear(CSR.from_dense(W)) if sparse else Linear(W) for W in theta]
    net = Network([part for layer in layers for part in (layer, ReLU())][:-1])
    for layer, found, scores, part in zip(layers, flow(net), synflow_scores(theta, none), through, strict=True):
        assert (scores == part).all()
        stored = part[layer.W.connections()] if sparse else part.reshape(-1)
        np.testing.assert_allclose(found * R, stored, rtol=1e-12)
