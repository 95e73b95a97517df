"""One update of a network's topology: A ← (A ∖ P) ∪ G, layer by layer or across all layers."""

from collections.abc import Sequence

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
    chosen = [choose(layer, method, fraction, rng, net) for layer in net.sparse]  # before any layer is changed
    total = Exchange()
    for layer, (P, G, considered) in zip(net.sparse, chosen, strict=True):
        done = apply(layer, method, P, G, rng) if G.size else Exchange()
        total = total.plus(done._replace(considered=considered))
    return total


def exchange(
    layer: SparseLinear, method: Method, fraction: float, rng: np.random.Generator, net: Network | None = None
) -> Exchange:
    """Prune the k = round(α_t·|A|) connections with the lowest scores of one layer and grow as many.

    Where fewer than k can be grown, fewer are pruned: the number of connections never changes. A full layer has
    nothing to explore and is left alone.
    """
    P, G, considered = choose(layer, method, fraction, rng, net)
    done = apply(layer, method, P, G, rng) if G.size else Exchange()
    return done._replace(considered=considered)


def choose(
    layer: SparseLinear, method: Method, fraction: float, rng: np.random.Generator, net: Network | None = None
) -> tuple[Offset, Offset, int]:
    """(P, G, |S|) of one layer: which connections to prune, which keys to grow, how many were looked at."""
    if method.prune is None or layer.W.density == 1:
        return np.empty(0, np.int64), np.empty(0, np.int64), 0
    scores = method.prune(layer.weight.values, layer.gradient, rng)
    [(k, _)] = quotas([layer], method, fraction)
    P = k_smallest(scores, k)
    G, considered = grow(layer, method, P, k, rng, net)
    regrown = np.isin(layer.W.keys()[P], G, assume_unique=True)
    return spared(P, scores, regrown, G.size), G, considered


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


def exchange_globally(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """The same with one k for the network: its lowest scores go, its best candidates are grown, in whatever layer.

    Each layer offers its k best; a layer's part of a guided sample is proportional to its n_out·n_in.
    """
    layers = [layer for layer in net.sparse if layer.W.density < 1]
    if method.prune is None or not layers:
        return Exchange()
    sizes, told = [layer.W.nnz for layer in layers], quotas(layers, method, fraction)
    scores = np.concatenate([method.prune(layer.weight.values, layer.gradient, rng) for layer in layers])
    k = told[0][0]
    P = k_smallest(scores, k)

    offers, nabla, considered = [], [], 0
    for layer, dropped, (_, sampled) in zip(layers, split(P, sizes), told, strict=True):
        G, looked_at = grow(layer, method, dropped, k, rng, net, sampled)
        offers.append(G)
        nabla.append(np.abs(gradient_at(*layer.last_batch(), G)))
        considered += looked_at
    best = split(k_largest(np.concatenate(nabla), k), [G.size for G in offers])
    grown = [G[chosen] for G, chosen in zip(offers, best, strict=True)]

    done = apply_globally(layers, method, P, scores, grown, rng)
    return done._replace(considered=considered)


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
    site = Site(layer.shape, taken, *layer.last_batch(), net, layer, keys.size)
    S = method.candidates(site, k if sampled is None else sampled, rng)
    G = method.score(site, S, k) if method.score else pick(S, k, rng)
    return G, site.free if S is None else S.size


def spared(P: Offset, scores: Float, regrown: Bool, grown: int) -> Offset:
    """P, less its best-scored surplus over |G|; what G regrows is not spared, for it is to start anew."""
    surplus = P.size - grown
    leaving = np.flatnonzero(~regrown)
    kept = k_smallest(scores[P[leaving]], leaving.size - surplus)  # between equal scores the smaller key goes
    return np.delete(P, np.delete(leaving, kept)) if surplus > 0 else P


def apply(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: np.random.Generator) -> Exchange:
    """Rewire: drop connections P, grow keys G with the record's newborn weights; or keep what both name."""
    keys = layer.W.keys()
    done = Exchange(P.size, G.size)
    if method.keep_value_on_regrow:
        staying = np.isin(keys[P], G, assume_unique=True)
        P, G = P[~staying], np.setdiff1d(G, keys[P[staying]], assume_unique=True)
    n_in = layer.shape[1]
    born = method.newborn(G // n_in, np.concatenate([np.delete(keys, P), G]) // n_in, rng, layer.W.dtype)
    del keys  # rewiring is where an update needs most memory
    layer.rewire(P, G, born)
    return done


def split(positions: Offset, sizes: list[int]) -> list[Offset]:
    """Sorted positions in concatenated arrays of these sizes, as positions in each."""
    ends = np.cumsum(sizes)
    parts = np.split(positions, np.searchsorted(positions, ends)[:-1])
    return [part - start for part, start in zip(parts, ends - sizes, strict=True)]
