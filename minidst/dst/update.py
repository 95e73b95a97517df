"""One update of a network's topology, A ← (A ∖ P) ∪ G: connections are exchanged within each layer, or among layers.

    within a layer    k = round(α_t·|A|); P: the k lowest scores of the layer; G: k of its candidates
    among layers      k is the sum of theirs; P and G are the k best of all layers together (scope="global"), or each
                      layer learns how many to grow (`redistribute`)

Nothing changes before everything is chosen. Where fewer than k can be grown, fewer are pruned: the number of
connections never changes. `apply` is the only place where layers are rewired.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from ..kernels.arrays import Bool, Float, Offset
from ..kernels.select import k_largest, k_smallest
from ..nn.linear import SparseLinear
from ..nn.network import Network
from ..topology import apportion
from .grow import GrowthContext, pick
from .method import Exchange, Method
from .prune import how_many

NONE = np.empty(0, np.int64)


def update_topology(net: Network, method: Method, fraction: float, rng: Generator) -> Exchange:
    """Do what the record says to every sparse layer, after a forward and a backward pass; return what was done."""
    if method.update:
        return method.update(net, method, fraction, rng)
    if method.scope == "global":
        return exchange_globally(net, method, fraction, rng)
    chosen = []
    for layer in net.sparse:
        chosen.append(choose(layer, method, fraction, rng, net))
    total = Exchange()
    for layer, (P, G, considered) in zip(net.sparse, chosen, strict=True):
        done = apply(layer, method, P, G, rng) if G.size else Exchange()
        total = total.plus(done._replace(considered=considered))
    return total


def exchange(
    layer: SparseLinear, method: Method, fraction: float, rng: Generator, net: Network | None = None
) -> Exchange:
    """Prune the k = round(α_t·|A|) connections with the lowest scores of one layer and grow as many."""
    P, G, considered = choose(layer, method, fraction, rng, net)
    done = apply(layer, method, P, G, rng) if G.size else Exchange()
    return done._replace(considered=considered)


def choose(
    layer: SparseLinear, method: Method, fraction: float, rng: Generator, net: Network | None = None
) -> tuple[Offset, Offset, int]:
    """(P, G, |S|) of one layer: which connections to prune, which keys to grow, how many were looked at.

    A full layer has nothing to explore and is left alone.
    """
    if method.prune is None or layer.W.density == 1:
        return NONE, NONE, 0
    k = how_many(method.prune, layer.weight.values, fraction, method.round)
    prunes_first, P = method.order == "prune_then_grow", NONE
    if prunes_first:
        scores = method.prune(layer.weight.values, layer.gradient, rng)
        P = k_smallest(scores, k)
    G, considered = grow(layer, method, P, k, rng, net)
    if not prunes_first:
        P = k_smallest(method.prune(layer.weight.values, layer.gradient, rng), G.size)
    elif G.size < P.size:
        P = spare(P, scores, np.isin(layer.W.keys()[P], G, assume_unique=True), G.size)
    return P, G, considered


def lowest(layers: Sequence[SparseLinear], method: Method, k: int, rng: Generator) -> tuple[Float, Offset]:
    """(scores of all connections of these layers, one layer after the other; the positions P of the k lowest)."""
    assert method.prune is not None, "the caller checks this"
    scores = np.concatenate([method.prune(layer.weight.values, layer.gradient, rng) for layer in layers])
    return scores, k_smallest(scores, k)


def grow(
    layer: SparseLinear, method: Method, P: Offset, k: int, rng: Generator, net: Network | None = None
) -> tuple[Offset, int]:
    """(G, |S|): up to k keys to grow in a layer that drops P."""
    context, S = candidates(layer, method, P, k, rng, net)
    G = method.score(context, S, k) if method.score else pick(S, k, rng)
    return G, context.free if S is None else S.size


def candidates(
    layer: SparseLinear, method: Method, P: Offset, k: int, rng: Generator, net: Network | None = None
) -> tuple[GrowthContext, Offset | None]:
    """(what growth may look at in a layer that drops P; the record's candidates S if k are to be grown)."""
    assert method.candidates is not None, "Method requires candidates with prune"
    keys = layer.W.keys()
    context = GrowthContext.of(layer, net, np.delete(keys, P) if method.regrow_pruned else keys)
    return context, method.candidates(context, k, rng)


def spare(P: Offset, scores: Float, regrown: Bool, grown: int) -> Offset:
    """P less its best-scored surplus over |G|; what G regrows stays in P, because it is to start anew."""
    surplus = P.size - grown
    leaving = np.flatnonzero(~regrown)
    kept = k_smallest(scores[P[leaving]], leaving.size - surplus)  # between equal scores the smaller key goes
    return np.delete(P, np.delete(leaving, kept)) if surplus > 0 else P


def apply(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: Generator) -> Exchange:
    """Rewire: drop connections P, grow keys G with the record's first weights; or keep what both name."""
    done = Exchange(P.size, G.size)
    if method.keep_value_on_regrow:
        pruned = layer.W.keys()[P]
        staying = np.isin(pruned, G, assume_unique=True)
        P, G = P[~staying], np.setdiff1d(G, pruned[staying], assume_unique=True)
    layer.rewire(P, G, _initial_weights(layer, method, P, G, rng))
    return done


def _initial_weights(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: Generator) -> Float:
    """First weights of the connections G, (|G|,), given the fan-in that their neurons have after the update."""
    n_out, n_in = layer.shape
    rows, grown_rows = layer.W.connections()[0], np.clip(G // n_in, 0, n_out - 1)  # `rewire` raises for keys outside
    fan_in = np.bincount(rows, minlength=n_out) - np.bincount(rows[P], minlength=n_out)
    return method.initial_weight(grown_rows, fan_in + np.bincount(grown_rows, minlength=n_out), rng, layer.W.dtype)


def exchange_globally(net: Network, method: Method, fraction: float, rng: Generator) -> Exchange:
    """An exchange with one k for the network: its lowest scores go, its best candidates come, in whatever layer.

    1. P: all layers' connections are scored in one long array, layer after layer, and the k lowest positions in it are
       split back into each layer's own (`split_by_layer`).
    2. Offers: each layer gives its k best candidates by the record's own score; more than k of one layer cannot be
       among the k best of all. A layer's part of a guided sample is proportional to its n_out·n_in.
    3. G: the k best of all offers together, split back in the same way.
    4. Every layer is rewired with its parts of P and G, which may differ in size: so layers trade connections. A full
       layer has nothing to offer, but may lose some.
    """
    layers = net.sparse
    if method.prune is None or all(layer.W.density == 1 for layer in layers):
        return Exchange()
    assert method.score is not None, "a record of scope='global' has a score"
    sizes, quota = [layer.W.nnz for layer in layers], quotas(layers, method, fraction)
    k, prunes_first = quota[0][0], method.order == "prune_then_grow"
    P = NONE
    if prunes_first:
        scores, P = lowest(layers, method, k, rng)

    offers, values, considered = [], [], 0
    for layer, dropped, (_, expected) in zip(layers, split_by_layer(P, sizes), quota, strict=True):
        context, S = candidates(layer, method, dropped, expected, rng, net)
        G = method.score(context, None, k) if S is None else S
        s = method.score.values(context, G)
        best = k_largest(s, k)
        offers.append(G[best])
        values.append(s[best])
        considered += context.free if S is None else S.size
    chosen = split_by_layer(k_largest(np.concatenate(values), k), [G.size for G in offers])
    grown = [G[best] for G, best in zip(offers, chosen, strict=True)]

    if not prunes_first:
        scores, P = lowest(layers, method, sum(G.size for G in grown), rng)
    done = _apply_globally(layers, method, P, scores, grown, rng)
    return done._replace(considered=considered)


def quotas(layers: Sequence[SparseLinear], method: Method, fraction: float) -> list[tuple[int, int]]:
    """(k, k′) of each layer: how many it offers to grow, and how many prunes its candidates are sized for.

    Both are its own k = round(α_t·|A|) or, if all layers choose together, the sum of those and its part of that sum
    ∝ n_out·n_in.
    """
    own = [how_many(method.prune, layer.weight.values, fraction, method.round) for layer in layers if method.prune]
    if method.scope == "layer":
        return [(k, k) for k in own]
    places = [layer.shape[0] * layer.shape[1] for layer in layers]
    return [(sum(own), round(sum(own) * size / sum(places))) for size in places]


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

    A share above the layer's absent connections goes to the others (`topology.apportion`). Where all layers together
    cannot grow K, the best-scored of the pruned stay.
    pruned: sorted positions P_l; scores: (nnz_l,) each; weights: w_l ≥ 0.
    """
    sizes = [layer.W.nnz for layer in layers]
    excluded = [nnz - P.size if method.regrow_pruned else nnz for nnz, P in zip(sizes, pruned, strict=True)]
    room = np.array([layer.shape[0] * layer.shape[1] - n for layer, n in zip(layers, excluded, strict=True)])
    K = min(sum(P.size for P in pruned), int(room.sum()))
    if K == 0:
        return Exchange()
    grown, considered = [], 0
    for layer, P, K_l in zip(layers, pruned, apportion(K, np.array(weights), room), strict=True):
        G, looked_at = grow(layer, method, P, int(K_l), rng, net)
        grown.append(G)
        considered += looked_at
    starts = np.cumsum([0, *sizes[:-1]])
    P = np.concatenate([P + start for P, start in zip(pruned, starts, strict=True)])
    done = _apply_globally(layers, method, P, np.concatenate(scores), grown, rng)
    return done._replace(considered=considered)


def _apply_globally(
    layers: Sequence[SparseLinear], method: Method, P: Offset, scores: Float, grown: Sequence[Offset], rng: Generator
) -> Exchange:
    """Rewire all layers: drop connections P, less the surplus over what is grown, and grow the keys `grown` of each.

    P: sorted positions in the concatenated connections of the layers; scores: of all those connections.
    """
    sizes = [layer.W.nnz for layer in layers]
    keys = [layer.W.keys()[dropped] for layer, dropped in zip(layers, split_by_layer(P, sizes), strict=True)]
    regrown = np.concatenate([np.isin(e, G, assume_unique=True) for e, G in zip(keys, grown, strict=True)])
    P = spare(P, scores, regrown, sum(G.size for G in grown))
    done = Exchange()
    for layer, dropped, G in zip(layers, split_by_layer(P, sizes), grown, strict=True):
        done = done.plus(apply(layer, method, dropped, G, rng))
    return done


def split_by_layer(positions: Offset, sizes: list[int]) -> list[Offset]:
    """Sorted positions in concatenated arrays of these sizes, as positions in each."""
    ends = np.cumsum(sizes)
    parts = np.split(positions, np.searchsorted(positions, ends)[:-1])
    return [part - start for part, start in zip(parts, ends - sizes, strict=True)]
