"""SNFS, sparse networks from scratch, or sparse momentum (Dettmers and Zettlemoyer 2019, arXiv:1907.04840).

After every step, for every connection that could exist: M ← βM + (1 − β)·∇, ∇ = δhᵀ. At the end of every epoch:
1. Drop the fraction α_t of each layer's connections with the smallest |θ|; K in all layers together.
2. A layer's part of K is proportional to the mean |M| of the connections it had before step 1: where the loss still
   pulls at the weights, more of them are needed. What exceeds a layer's absent connections goes to the others; a full
   layer loses connections like any other, or it could never shrink again.
3. Grow in each layer the absent connections with the largest |M|, at weight 0; those just dropped are absent.

By hand: layer 1 has θ = .9 .1 0 0 with M = .3 .5 .7 −.6, layer 2 has θ = .8 −.2 0 0 with M = .1 .1 .3 .2, and half of
each is dropped: .1 and −.2, so K = 2. Over the active connections the mean |M| is .4 and .1, so the shares are 1.6 and
.4, rounded to 2 and 0. Layer 1 grows .7 and −.6; layer 2 is left with one connection.

M is n_out × n_in in each layer, and ∇ dense at every step (2 f_S + f_D): weights are sparse, memory is not. RigL avoids
both by taking ∇ at updates only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...kernels.arrays import Float, Offset
from ...kernels.select import k_smallest
from ...nn.linear import SparseLinear
from ...nn.network import Network
from ..grow import GrowthContext, Score, all_absent
from ..method import Exchange, Method
from ..prune import how_many, magnitude
from ..schedule import Cosine
from ..update import redistribute


@dataclass(frozen=True)
class DenseMomentum:
    """M ← βM + (1 − β)·DY Xᵀ, (n_out, n_in), in every layer. beta: β in [0, 1)."""

    beta: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.beta < 1:
            raise ValueError(f"beta {self.beta} must lie in [0, 1): it is the part of the old momentum that stays")

    def __call__(self, net: Network, lr: float, rng: Generator) -> Exchange:
        """Add the last gradient to every M; no connection changes."""
        for l, layer in enumerate(net.sparse):
            X, DY = layer.last_batch()
            M = net.memory.setdefault(f"snfs.momentum.{l}", np.zeros(layer.shape, layer.W.dtype))
            M *= self.beta
            M += (1 - self.beta) * (DY @ X.T)
        return Exchange()


def size_of_momentum(context: GrowthContext, keys: Offset) -> Float:
    """|M_ij| of these connections."""
    assert context.net is not None, "update_topology passes the network"
    assert context.layer is not None, "update_topology passes the layer"
    return np.abs(_momentum(context.net, context.layer).reshape(-1)[keys])


momentum = Score("momentum", size_of_momentum)


def by_momentum(net: Network, method: Method, fraction: float, rng: Generator) -> Exchange:
    """Steps 1 to 3. Raises FloatingPointError if the momentum is no longer finite."""
    layers = net.sparse
    if all(layer.W.density == 1 for layer in layers):
        return Exchange()
    assert method.prune is not None, "SNFS prunes by a score"
    scores = [method.prune(layer.weight.values, layer.gradient, rng) for layer in layers]
    k = [how_many(method.prune, layer.weight.values, fraction, method.round) for layer in layers]
    pruned = [k_smallest(score, k_l) for score, k_l in zip(scores, k, strict=True)]
    pull = [np.abs(_momentum(net, layer).reshape(-1)[layer.W.keys()]).sum() / max(layer.W.nnz, 1) for layer in layers]
    if not np.isfinite(pull).all():
        raise FloatingPointError("the momentum of the gradient is not finite: lower lr, or scale the inputs")
    return redistribute(net, method, layers, pruned, scores, pull, rng)


def _momentum(net: Network, layer: SparseLinear) -> Float:
    """M of the layer; before the first step, the gradient of the last batch."""
    X, DY = layer.last_batch()
    M: Float | None = net.memory.get(f"snfs.momentum.{net.sparse.index(layer)}")
    return DY @ X.T if M is None else M


def snfs_flops(f_S: float, f_D: float) -> float:
    """2 f_S + f_D"""
    return 2 * f_S + f_D


SNFS = Method(
    name="snfs",
    paper="Dettmers and Zettlemoyer 2019, arXiv:1907.04840",
    summary="grows the largest momentum, most where a layer's is large",
    memory="O(n_in·n_out)",
    flops=snfs_flops,
    prune=magnitude,
    candidates=all_absent,
    score=momentum,
    schedule=Cosine(alpha=0.5, every="epoch", until=1.0),
    update=by_momentum,
    after_step=DenseMomentum(),
    skip_optimizer_step=False,
    needs_dense=True,
)
