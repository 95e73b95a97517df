"""One exchange of connections in one layer: which go, P, which come, G, and A ← (A ∖ P) ∪ G."""

from collections.abc import Sequence

import numpy as np

from ..kernels.arrays import Bool, Float, Offset
from ..kernels.select import k_smallest
from ..nn.layers import SparseLinear
from ..nn.network import Network
from .grow import Site, pick
from .method import Exchange, Method
from .prune import how_many

NONE = np.empty(0, np.int64)


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
        return NONE, NONE, 0
    k = how_many(method.prune, layer.weight.values, fraction, method.round)
    if method.order == "grow_then_prune":
        G, considered = grow(layer, method, NONE, k, rng, net)
        _, P = lowest([layer], method, G.size, rng)
        return P, G, considered
    scores, P = lowest([layer], method, k, rng)
    G, considered = grow(layer, method, P, k, rng, net)
    if G.size < P.size:
        P = spared(P, scores, np.isin(layer.W.keys()[P], G, assume_unique=True), G.size)
    return P, G, considered


def lowest(layers: Sequence[SparseLinear], method: Method, k: int, rng: np.random.Generator) -> tuple[Float, Offset]:
    """(scores of all connections of these layers, one layer after the other; the positions P of the k lowest)."""
    assert method.prune is not None, "there is nothing to prune by"
    scores = np.concatenate([method.prune(layer.weight.values, layer.gradient, rng) for layer in layers])
    return scores, k_smallest(scores, k)


def grow(
    layer: SparseLinear, method: Method, P: Offset, k: int, rng: np.random.Generator, net: Network | None = None
) -> tuple[Offset, int]:
    """(G, |S|): up to k keys to grow in a layer that drops P."""
    site, S = look(layer, method, P, k, rng, net)
    G = method.score(site, S, k) if method.score else pick(S, k, rng)
    return G, site.free if S is None else S.size


def look(
    layer: SparseLinear, method: Method, P: Offset, k: int, rng: np.random.Generator, net: Network | None = None
) -> tuple[Site, Offset | None]:
    """(where to look in a layer that drops P, the record's candidates there, told that k are to be grown)."""
    assert method.candidates is not None, "Method requires candidates with prune"
    keys = layer.W.keys()
    site = Site.of(layer, net, np.delete(keys, P) if method.regrow_pruned else keys)
    return site, method.candidates(site, k, rng)


def spared(P: Offset, scores: Float, regrown: Bool, grown: int) -> Offset:
    """P, less its best-scored surplus over |G|; what G regrows is not spared, for it is to start anew."""
    surplus = P.size - grown
    leaving = np.flatnonzero(~regrown)
    kept = k_smallest(scores[P[leaving]], leaving.size - surplus)  # between equal scores the smaller key goes
    return np.delete(P, np.delete(leaving, kept)) if surplus > 0 else P


def apply(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: np.random.Generator) -> Exchange:
    """Rewire: drop connections P, grow keys G with the record's newborn weights; or keep what both name."""
    done = Exchange(P.size, G.size)
    if method.keep_value_on_regrow:
        pruned = layer.W.keys()[P]
        staying = np.isin(pruned, G, assume_unique=True)
        P, G = P[~staying], np.setdiff1d(G, pruned[staying], assume_unique=True)
    layer.rewire(P, G, _first_weights(layer, method, P, G, rng))
    return done


def _first_weights(layer: SparseLinear, method: Method, P: Offset, G: Offset, rng: np.random.Generator) -> Float:
    n_out, n_in = layer.shape
    rows, born_rows = layer.W.connections()[0], np.clip(G // n_in, 0, n_out - 1)  # `rewire` refuses what is outside
    fan_in, lost, gained = (np.bincount(each, minlength=n_out) for each in (rows, rows[P], born_rows))
    return method.newborn(born_rows, fan_in - lost + gained, rng, layer.W.dtype)
