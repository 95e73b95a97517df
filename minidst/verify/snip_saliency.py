"""Theorem 13, by every connection of every linear network 2 → 2 → 1 with weights in {−1, 1, 2} and a squared error.

All numbers are integers, so that float64 is exact. L is a parabola in each weight, and ½‖∇‖² a polynomial of degree
4, whose derivative the five-point formula gives without error: 12 F′(0) = F(−2) − 8F(−1) + 8F(1) − F(2).
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from ..dst.prune import snip
from ..nn import Linear, MeanSquaredError, Network
from ..nn.hessian import gradient, hessian_vector
from ..theory import grasp_saliency, removal, snip_saliency
from ..theory.arrays import Floats
from .theorem import Theorem

X, Y = np.array([[1.0, 0], [2, 1]]), np.array([1.0, 2])  # two samples of one output: L = ½Σ(z − y)²


def after(net: Network, layer: Linear, e: int, times: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """(L, ½‖∇‖²) where weight e of the layer is (1 − t) times itself, for every t; at t = 1 it is removed."""
    theta = layer.weight.values.reshape(-1)
    old = theta[e]
    for t in times:
        theta[e] = (1 - t) * old
        g = np.concatenate(gradient(net, X, Y))
        yield net.loss(net.forward(X), Y)[0], float(g @ g) / 2
    theta[e] = old


def wrong(weights: tuple[int, ...]) -> int:
    """How many saliencies of one network are wrong, out of six connections."""
    theta = np.array(weights, float)
    layers = [Linear(theta[:4].reshape(2, 2)), Linear(theta[4:].reshape(1, 2))]
    net = Network(layers, MeanSquaredError())
    g = gradient(net, X, Y)
    flat, Hg = np.concatenate(g), np.concatenate(hessian_vector(net, X, Y, g))
    L, first, second = net.loss(net.forward(X), Y)[0], snip_saliency(theta, flat), grasp_saliency(theta, Hg)
    off = int((snip(theta, flat) != np.abs(first)).sum())
    for e, (layer, at) in enumerate((part, at) for part in layers for at in range(part.connections)):
        (_, Fm2), (_, Fm1), (without, F1), (_, F2) = after(net, layer, at, (-2, -1, 1, 2))
        off += int(12 * second[e] != Fm2 - 8 * Fm1 + 8 * F1 - F2)
        along: Floats = np.eye(6)[e]
        curvature = np.concatenate(hessian_vector(net, X, Y, [along[:4], along[4:]]))[e]
        off += int(without - L != removal(theta[e], flat[e], curvature))
    return off


THEOREM = Theorem(
    name="snip_saliency", source="SNIP; pruning study, § 3.2; GraSP",
    statement="without connection e, L rises by −θ_e∇_e and ½‖∇‖² by −θ_e(H∇)_e, up to O(θ_e²)",
    cases=lambda: ((6, wrong(weights)) for weights in product((-1, 1, 2), repeat=6)),
    held="yes; GraSP's score is half of what ‖∇‖² rises by",
)  # fmt: skip
