"""One update of a network's topology, layer by layer or across all layers."""

from collections.abc import Sequence

import numpy as np

from ..kernels.arrays import Float, Offset
from ..kernels.select import k_largest
from ..nn.layers import SparseLinear
from ..nn.network import Network
from .exchange import NONE, apply, choose, look, lowest, spared
from .method import Exchange, Method
from .prune import how_many


def update(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """Do what the record says to every sparse layer, after a forward and a backward pass; say how much was done."""
    if method.update:
        return method.update(net, method, fraction, rng)
    if method.scope == "global":
        return exchange_globally(net, method, fraction, rng)
    chosen = [choose(layer, method, fraction, rng, net) for layer in net.sparse]  # before any layer is changed
    total = Exchange()
    for layer, (P, G, considered) in zip(net.sparse, chosen, strict=True):
        done = apply(layer, method, P, G, rng) if G.size else Exchange()
        total = total.plus(done._replace(considered=considered))
    return total


def exchange_globally(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """An exchange with one k for the network: its lowest scores go, its best candidates come, in whatever layer.

    Each layer offers its k best by the record's own score, which then compares the offers of all layers; a layer's part
    of a guided sample is proportional to its n_out·n_in. A full layer has none to offer, but may lose some.
    """
    layers = net.sparse
    if method.prune is None or all(layer.W.density == 1 for layer in layers):
        return Exchange()
    assert method.score is not None, "Method refuses scope='global' without one"
    sizes, told = [layer.W.nnz for layer in layers], quotas(layers, method, fraction)
    k, prunes_first = told[0][0], method.order == "prune_then_grow"
    P = NONE
    if prunes_first:
        scores, P = lowest(layers, method, k, rng)

    offers, values, considered = [], [], 0
    for layer, dropped, (_, sampled) in zip(layers, split(P, sizes), told, strict=True):
        site, S = look(layer, method, dropped, sampled, rng, net)
        G = method.score(site, None, k) if S is None else S
        s = method.score.values(site, G)
        best = k_largest(s, k)
        offers.append(G[best])
        values.append(s[best])
        considered += site.free if S is None else S.size
    chosen = split(k_largest(np.concatenate(values), k), [G.size for G in offers])
    grown = [G[best] for G, best in zip(offers, chosen, strict=True)]

    if not prunes_first:
        scores, P = lowest(layers, method, sum(G.size for G in grown), rng)
    done = apply_globally(layers, method, P, scores, grown, rng)
    return done._replace(considered=considered)


def quotas(layers: Sequence[SparseLinear], method: Method, fraction: float) -> list[tuple[int, int]]:
    """(k, k′) of each layer: how many it offers to grow, and how many its candidates are told to expect.

    Both are its own k = round(α_t·|A|), or, if all layers choose together, the sum of those and its part of that sum
    ∝ n_out·n_in.
    """
    own = [how_many(method.prune, layer.weight.values, fraction, method.round) for layer in layers if method.prune]
    if method.scope == "layer":
        return [(k, k) for k in own]
    places = [layer.shape[0] * layer.shape[1] for layer in layers]
    return [(sum(own), round(sum(own) * size / sum(places))) for size in places]


def apply_globally(
    layers: Sequence[SparseLinear],
    method: Method,
    P: Offset,
    scores: Float,
    grown: Sequence[Offset],
    rng: np.random.Generator,
) -> Exchange:
    """Rewire all layers: drop connections P, less the surplus over what is grown, and grow the keys `grown` of each.

    P: sorted positions in the concatenated connections of the layers; scores: of all those connections.
    """
    sizes = [layer.W.nnz for layer in layers]
    keys = [layer.W.keys()[dropped] for layer, dropped in zip(layers, split(P, sizes), strict=True)]
    regrown = np.concatenate([np.isin(e, G, assume_unique=True) for e, G in zip(keys, grown, strict=True)])
    P = spared(P, scores, regrown, sum(G.size for G in grown))
    done = Exchange()
    for layer, dropped, G in zip(layers, split(P, sizes), grown, strict=True):
        done = done.plus(apply(layer, method, dropped, G, rng))
    return done


def split(positions: Offset, sizes: list[int]) -> list[Offset]:
    """Sorted positions in concatenated arrays of these sizes, as positions in each."""
    ends = np.cumsum(sizes)
    parts = np.split(positions, np.searchsorted(positions, ends)[:-1])
    return [part - start for part, start in zip(parts, ends - sizes, strict=True)]
