"""One update of a network's topology: A ← (A ∖ P) ∪ G, layer by layer or across all layers."""

import numpy as np

from ..kernels.arrays import Bool, Float, Offset
from ..kernels.select import k_largest, k_smallest
from ..nn.layers import SparseLinear
from ..nn.network import Network
from .grow import Site, gradient_at, pick
from .method import Exchange, Method
from .prune import how_many


def update(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """Do what the record says to every sparse layer, after a forward and a backward pass; say how much was done."""
    if method.update:
        return method.update(net, method, fraction, rng)
    if method.scope == "global":
        return exchange_globally(net, method, fraction, rng)
    total = Exchange()
    for layer in net.sparse:
        total = total.plus(exchange(layer, method, fraction, rng, net))
    return total


def exchange(
    layer: SparseLinear, method: Method, fraction: float, rng: np.random.Generator, net: Network | None = None
) -> Exchange:
    """Prune the k = round(α_t·|A|) connections with the lowest scores of one layer and grow as many.

    Where fewer than k can be grown, fewer are pruned: the number of connections never changes. A full layer has
    nothing to explore and is left alone.
    """
    if method.prune is None or layer.W.density == 1:
        return Exchange()
    scores = method.prune(layer.weight.values, layer.gradient, rng)
    k = how_many(method.prune, layer.weight.values, fraction, method.round)
    P = k_smallest(scores, k)
    G, considered = grow(layer, method, P, k, rng, net)
    regrown = np.isin(layer.W.keys()[P], G, assume_unique=True)
    done = apply(layer, method, spared(P, scores, regrown, G.size), G, rng)
    return done._replace(considered=considered)


def exchange_globally(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """The same with one k for the network: its lowest scores go, its best candidates are grown, in whatever layer.

    Each layer offers its k best; a layer's part of a guided sample is proportional to its n_out·n_in.
    """
    layers = [layer for layer in net.sparse if layer.W.density < 1]
    if method.prune is None or not layers:
        return Exchange()
    sizes, places = [layer.W.nnz for layer in layers], [layer.shape[0] * layer.shape[1] for layer in layers]
    scores = np.concatenate([method.prune(layer.weight.values, layer.gradient, rng) for layer in layers])
    k = sum(how_many(method.prune, layer.weight.values, fraction, method.round) for layer in layers)
    P = k_smallest(scores, k)

    offers, nabla, considered = [], [], 0
    for layer, dropped, size in zip(layers, _split(P, sizes), places, strict=True):
        G, looked_at = grow(layer, method, dropped, k, rng, net, round(k * size / sum(places)))
        offers.append(G)
        nabla.append(np.abs(gradient_at(*layer.last_batch(), G)))
        considered += looked_at
    best = _split(k_largest(np.concatenate(nabla), k), [G.size for G in offers])
    grown = [G[chosen] for G, chosen in zip(offers, best, strict=True)]

    keys = [layer.W.keys()[dropped] for layer, dropped in zip(layers, _split(P, sizes), strict=True)]
    regrown = np.concatenate([np.isin(e, G, assume_unique=True) for e, G in zip(keys, grown, strict=True)])
    P = spared(P, scores, regrown, sum(G.size for G in grown))
    done = Exchange(0, 0, considered)
    for layer, dropped, G in zip(layers, _split(P, sizes), grown, strict=True):
        done = done.plus(apply(layer, method, dropped, G, rng))
    return done


def grow(
    layer: SparseLinear,
    method: Method,
    P: Offset,
    k: int,
    rng: np.random.Generator,
    net: Network | None = None,
    sampled: int | None = None,
) -> tuple[Offset, int]:
    """(G, |S|): up to k keys to grow in a layer that drops P; its candidates are told to expect `sampled`, or k."""
    assert method.candidates is not None, "Method requires candidates with prune"
    keys = layer.W.keys()
    taken = np.delete(keys, P) if method.regrow_pruned else keys
    site = Site(layer.shape, taken, *layer.last_batch(), net, layer)
    S = method.candidates(site, k if sampled is None else sampled, rng)
    G = method.score(site, S, k) if method.score else pick(S, k, rng)
    return G, site.free if S is None else S.size


def spared(P: Offset, scores: Float, regrown: Bool, grown: int) -> Offset:
    """P, less its best-scored surplus over |G|; what G regrows is not spared, for it is to start anew."""
    surplus = P.size - grown
    leaving = np.flatnonzero(~regrown)
    return np.delete(P, leaving[k_largest(scores[P[leaving]], surplus)]) if surplus > 0 else P


def apply(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: np.random.Generator) -> Exchange:
    """Rewire: drop connections P, grow keys G with the record's newborn weights; or keep what both name."""
    keys = layer.W.keys()
    done = Exchange(P.size, G.size)
    if method.keep_value_on_regrow:
        staying = np.isin(keys[P], G, assume_unique=True)
        P, G = P[~staying], np.setdiff1d(G, keys[P[staying]], assume_unique=True)
    n_in = layer.shape[1]
    rows_after = np.concatenate([np.delete(keys, P), G]) // n_in
    layer.rewire(P, G, method.newborn(G // n_in, rows_after, rng, layer.W.dtype))
    return done


def _split(positions: Offset, sizes: list[int]) -> list[Offset]:
    """Sorted positions in concatenated arrays of these sizes, as positions in each."""
    ends = np.cumsum(sizes)
    parts = np.split(positions, np.searchsorted(positions, ends)[:-1])
    return [part - start for part, start in zip(parts, ends - sizes, strict=True)]
