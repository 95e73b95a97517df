"""Theorem 12, by every network 2 → 2 → 1 with weights in {−2, 0, 1}, without biases and with."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from ..dst.grow import GrowthContext
from ..dst.papers.gse.synflow import synflow
from ..dst.papers.synflow import flow
from ..formats import CSR
from ..nn import Network, ReLU, SparseLinear
from ..theory import synaptic_flow, synflow_conservation, synflow_scores
from ..theory.arrays import Array
from .theorem import Cases, Theorem


def violations(theta: Sequence[Array], bias: Sequence[Array]) -> int:
    """How many equations fail: a layer's sum, a neuron's in-flow and out-flow, the flow lost with a connection."""
    f, g = synaptic_flow(theta, bias)
    scores = synflow_scores(theta, bias)
    wrong = sum(int(S.sum() != total) for S, total in zip(scores, synflow_conservation(theta, bias), strict=True))
    for l, S in enumerate(scores):
        wrong += int((S.sum(0) != f[l] * g[l]).sum())
        wrong += int((S.sum(1) + g[l + 1] * np.abs(bias[l]) != f[l + 1] * g[l + 1]).sum())
        for e in np.ndindex(S.shape):
            without = [W.copy() for W in theta]
            without[l][e] = 0
            wrong += int(f[-1].sum() - synaptic_flow(without, bias)[0][-1].sum() != S[e])
    return wrong


def difference(theta: Sequence[Array], bias: Sequence[Array]) -> float:
    """|minidst − closed form| of SynFlow's scores, over R, and of GSE's f and g, over their sums, without biases."""
    none = [np.zeros_like(b) for b in bias]
    f, g = synaptic_flow(theta, none)
    R, off = f[-1].sum(), 0.0
    first, second = (SparseLinear(CSR.from_dense(W), b.astype(float)) for W, b in zip(theta, bias, strict=True))
    net = Network([first, ReLU(), second])
    for l, (layer, found, S) in enumerate(zip((first, second), flow(net), synflow_scores(theta, none), strict=True)):
        off = max(off, float(np.abs(found - S[layer.W.connections()] / max(R, 1)).max(initial=0)))
        site = GrowthContext(layer.shape, layer.W.keys(), np.empty(0), np.empty(0), net, layer)
        for of_minidst, exact in zip(synflow(site, net.rng), (f[l], g[l + 1]), strict=True):
            off = max(off, float(np.abs(of_minidst / (of_minidst.sum() or 1) - exact / max(exact.sum(), 1)).max()))
    return off


def cases() -> Cases:
    """Integers in the closed forms, float64 in minidst."""
    for weights in product((-2, 0, 1), repeat=6):
        theta = [np.array(weights[:4]).reshape(2, 2), np.array(weights[4:]).reshape(1, 2)]
        for *hidden, last in ((0, 0, 0), (-1, 0, 0), (-1, 2, 3)):
            yield 1, violations(theta, [np.array(hidden), np.array([last])])
        yield 0, difference(theta, [np.array([-1, 1]), np.array([3])])


THEOREM = Theorem(
    name="synflow_conservation", source="SynFlow, thm. 1 and 2; earlier GSE, eq. 2",
    statement="Σ_e θ ∂R/∂θ = R in every layer, in-flow = out-flow at each neuron; a bias takes g·|b| from those before",
    cases=cases, tolerance=1e-15, held="yes, for networks without biases",
)  # fmt: skip
