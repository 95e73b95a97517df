"""Theorem 11, by every small integer matrix, every condensed topology and every network with a dead neuron."""

from itertools import chain, combinations, product

import numpy as np

from ..formats import CSR, Condensed
from ..nn import Network, ReLU, SparseLinear
from ..theory import compaction, condense, condensed_product
from ..theory.arrays import Array
from .theorem import Cases, Theorem

SIGNS = (-1, 0, 1)


def matrices() -> Cases:
    """Every W in {−1, 0, 1}^{2×3} with every k it can have, times every v in {−1, 0, 1}³."""
    V = np.array([*product(SIGNS, repeat=3)]).T
    for W in np.array([*product(SIGNS, repeat=6)]).reshape(-1, 2, 3):
        for k in range(max(1, (W != 0).sum(1).max()), 4):
            yield V.shape[1], (condensed_product(*condense(W, k), V) != W @ V).sum()


def topologies() -> Cases:
    """`minidst.Condensed` with 3 outputs and 3 inputs: each output is ablated or has one of the sets of k inputs."""
    V = np.array([*product(SIGNS, repeat=3)], float).T.copy()
    for k in (1, 2, 3):
        for rows in product((None, *combinations(range(3), k)), repeat=3):
            active = np.array([i for i, row in enumerate(rows) if row is not None])
            if active.size:
                indices = np.array([row for row in rows if row is not None])
                values = np.arange(1.0, indices.size + 1).reshape(indices.shape)
                Y = np.zeros((3, V.shape[1]))
                Y[active] = condensed_product(values, indices, V)
                yield V.shape[1], (Condensed((3, 3), indices, values, active) @ V != Y).sum()


def two_layers(W1: Array, b1: Array, W2: Array, b2: Array, X: Array) -> Array:
    """W₂ ReLU(W₁X + b₁) + b₂."""
    return np.asarray(W2 @ np.maximum(W1 @ X + b1[:, None], 0) + b2[:, None])


def networks() -> Cases:
    """2 → 2 → 1, weights in {−1, 0, 1}, biases in {−2, 1}, a hidden neuron without input; all x in {−1, 0, 1}²."""
    X, b2 = np.array([*product(SIGNS, repeat=2)], float).T.copy(), np.array([2.0])
    for *below, (w1, w2), biases in product(*[[*product(SIGNS, repeat=2)]] * 3, [*product((-2, 1), repeat=2)]):
        W1, b1, W2 = np.array(below, float), np.array(biases, float), np.array([[w1, w2]], float)
        if W1.any(1).all():
            continue
        Y = two_layers(W1, b1, W2, b2, X)
        net = Network([SparseLinear(CSR.from_dense(W1), b1), ReLU(), SparseLinear(CSR.from_dense(W2), b2)])
        yield X.shape[1], (two_layers(*compaction(W1, b1, W2, b2), X) != Y).sum()
        yield 0, (net.compact().forward(X) != Y).sum()


THEOREM = Theorem(
    name="condensed_product", source="SRigL, app. F, eq. 31",
    statement="Wv = Σ_c W^c_{:,c} ⊙ v^{π_c} where no row has more than k weights; compaction changes no output",
    cases=lambda: chain(matrices(), topologies(), networks()),
    held="yes, for k ≥ the largest fan-in; in eq. 30 the index j_α lacks its row",
)  # fmt: skip
