"""Growth that moves connections between layers: the network grows as many as it drops, each layer its share."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from ..kernels.arrays import Float, Offset
from ..nn.layers import SparseLinear
from ..nn.network import Network
from ..topology import deal
from .exchange import grow
from .method import Exchange, Method
from .update import apply_globally


def redistribute(
    net: Network,
    method: Method,
    layers: Sequence[SparseLinear],
    pruned: Sequence[Offset],
    scores: Sequence[Float],
    weights: Sequence[float],
    rng: Generator,
) -> Exchange:
    """Drop P_l of every layer and grow K = Σ|P_l| connections, K_l ∝ w_l of them in layer l.

    A share above the layer's absent connections goes to the others (`topology.deal`). Where all layers together
    cannot grow K, the best-scored of the pruned stay: the number of connections never changes.
    pruned: sorted connection numbers P_l; scores: (nnz_l,) each; weights: w_l ≥ 0.
    """
    sizes = [layer.W.nnz for layer in layers]
    taken = [nnz - P.size if method.regrow_pruned else nnz for nnz, P in zip(sizes, pruned, strict=True)]
    room = np.array([layer.shape[0] * layer.shape[1] - n for layer, n in zip(layers, taken, strict=True)])
    K = min(sum(P.size for P in pruned), int(room.sum()))
    if K == 0:
        return Exchange()
    grown, considered = [], 0
    for layer, P, K_l in zip(layers, pruned, deal(K, np.array(weights), room), strict=True):
        G, looked_at = grow(layer, method, P, int(K_l), rng, net)
        grown.append(G)
        considered += looked_at
    starts = np.cumsum([0, *sizes[:-1]])
    P = np.concatenate([P + start for P, start in zip(pruned, starts, strict=True)])
    done = apply_globally(layers, method, P, np.concatenate(scores), grown, rng)
    return done._replace(considered=considered)
