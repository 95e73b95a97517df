"""One update of one layer's topology: A ← (A ∖ P) ∪ G."""

import numpy as np

from ..kernels.select import k_smallest
from ..nn.layers import SparseLinear
from .grow import Site, pick
from .method import Method
from .prune import how_many


def update(layer: SparseLinear, method: Method, fraction: float, rng: np.random.Generator) -> int:
    """Prune k = round(α_t·|A|) connections with the lowest scores, grow as many; return how many were exchanged.

    The layer holds X, DY and its gradient from the last backward pass. Where fewer than k connections can be grown,
    fewer are pruned: the number of connections never changes. A full layer has nothing to explore and is left alone.
    """
    W, theta = layer.W, layer.weight.values
    n_out, n_in = W.shape
    if method.prune is None or method.candidates is None or W.nnz == n_out * n_in:
        return 0
    (X, DY), grad = layer.last_batch(), layer.weight.grad
    assert grad is not None, "backward leaves it"

    keys = W.keys()
    scores = method.prune(theta, grad, rng)
    k = how_many(method.prune, theta, fraction, method.round)
    P = k_smallest(scores, k)
    site = Site(W.shape, np.delete(keys, P) if method.regrow_pruned else keys, X, DY, keys.size)
    S = method.candidates(site, k, rng)
    G = method.score(site, S, k) if method.score else pick(S, k, rng)

    returning = np.isin(keys[P], G, assume_unique=True)
    leaving = P[~returning]
    surplus = P.size - G.size  # where too few can be grown, the best of those to be pruned stay
    leaving = leaving[k_smallest(scores[leaving], leaving.size - surplus)]
    if method.keep_value_on_regrow:
        drop, born = leaving, np.setdiff1d(G, keys[P[returning]], assume_unique=True)
    else:
        drop, born = np.concatenate([leaving, P[returning]]), G
    rows_after = np.concatenate([np.delete(keys, drop), born]) // n_in
    layer.rewire(drop, born, method.newborn(born // n_in, rows_after, rng, W.dtype))
    return int(G.size)
