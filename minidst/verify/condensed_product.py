"""Theorem 11, by every small matrix of whole numbers, every condensed topology and every network with a dead neuron."""

from itertools import combinations, product

import numpy as np

from ..formats import CSR, Condensed
from ..nn import Network, ReLU, SparseLinear
from ..theory import compaction, condense, condensed_product
from ..theory.arrays import Array
from .theorem import Counted, Theorem

SIGNS = (-1, 0, 1)


def matrices() -> Counted:
    """Every W in {−1, 0, 1}^{2×3} with every k it can have, times every v in {−1, 0, 1}³."""
    cases, off, V = 0, 0, np.array([*product(SIGNS, repeat=3)]).T
    for W in np.array([*product(SIGNS, repeat=6)]).reshape(-1, 2, 3):
        for k in range(max(1, (W != 0).sum(1).max()), 4):
            off += int((condensed_product(*condense(W, k), V) != W @ V).sum())
            cases += V.shape[1]
    return Counted(cases, off)


def topologies() -> Counted:
    """`minidst.Condensed` with 3 outputs and 3 inputs: each output is ablated or has one of the sets of k inputs."""
    cases, off, V = 0, 0, np.array([*product(SIGNS, repeat=3)], float).T.copy()
    for k in (1, 2, 3):
        for rows in product((None, *combinations(range(3), k)), repeat=3):
            active = np.array([i for i, row in enumerate(rows) if row is not None])
            if active.size:
                indices = np.array([row for row in rows if row is not None])
                values = np.arange(1.0, indices.size + 1).reshape(indices.shape)
                Y = np.zeros((3, V.shape[1]))
                Y[active] = condensed_product(values, indices, V)
                off += int((Condensed((3, 3), indices, values, active) @ V != Y).sum())
                cases += V.shape[1]
    return Counted(cases, off)


def two_layers(W1: Array, b1: Array, W2: Array, b2: Array, X: Array) -> Array:
    """W₂ ReLU(W₁X + b₁) + b₂."""
    Y: Array = W2 @ np.maximum(W1 @ X + b1[:, None], 0) + b2[:, None]
    return Y


def networks() -> Counted:
    """2 → 2 → 1, weights in {−1, 0, 1}, biases in {−2, 1}, a hidden neuron without input; all x in {−1, 0, 1}²."""
    cases, off, X = 0, 0, np.array([*product(SIGNS, repeat=2)], float).T.copy()
    b2 = np.array([2.0])
    for *below, (w1, w2), biases in product(*[[*product(SIGNS, repeat=2)]] * 3, [*product((-2, 1), repeat=2)]):
        W1, b1, W2 = np.array(below, float), np.array(biases, float), np.array([[w1, w2]], float)
        if W1.any(1).all():
            continue
        Y = two_layers(W1, b1, W2, b2, X)
        net = Network([SparseLinear(CSR.from_dense(W1), b1), ReLU(), SparseLinear(CSR.from_dense(W2), b2)])
        off += int((two_layers(*compaction(W1, b1, W2, b2), X) != Y).sum())
        off += int((net.compact().forward(X) != Y).sum())
        cases += X.shape[1]
    return Counted(cases, off)


def check() -> Counted:
    """Nothing differs, anywhere."""
    parts = matrices(), topologies(), networks()
    return Counted(sum(part.cases for part in parts), max(part.deviation for part in parts))


THEOREM = Theorem(
    name="condensed_product",
    source="SRigL, app. F, eq. 31",
    statement="Wv = Σ_c W^c_{:,c} ⊙ v^{π_c} where no row has more than k weights; compaction changes no output",
    how="exhaustive",
    held="yes, for k ≥ the largest fan-in; in eq. 30 the index j_α lacks its row",
    check=check,
)
