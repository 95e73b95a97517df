"""Growth = candidates × score: which absent connections are looked at, and which of those are grown.

Candidates return S, the keys i·n_in + j of a subset, sorted; or None, which stands for every connection that is not
taken and is never written out. A score picks G, the k best of S; without one, G is any k of S.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..kernels import coo
from ..kernels.arrays import Bool, Float, Offset
from ..kernels.select import collect, k_largest
from ..nn.layers import SparseLinear
from ..nn.network import Network
from ..topology.graphs import absent, distinct


@dataclass(frozen=True, eq=False)
class Site:
    """What growth may look at in one layer.

    shape: (n_out, n_in); taken: sorted keys that must not be grown; X: (n_in, B); DY: (n_out, B); net, layer: for
    heuristics that look at more than the last batch; active: |A| before the update, if that is not the number taken.
    """

    shape: tuple[int, int]
    taken: Offset
    X: Float
    DY: Float
    net: Network | None = None
    layer: SparseLinear | None = None
    active: int | None = None

    @property
    def free(self) -> int:
        """How many connections could be grown, |W ∖ taken|."""
        return self.shape[0] * self.shape[1] - self.taken.size

    def without_taken(self, S: Offset) -> Offset:
        """S ∖ taken, for sorted S."""
        return S[~_contains(self.taken, S)]


Candidates = Callable[[Site, int, np.random.Generator], Offset | None]
"""(site, k, rng) → S, or None for all that is not taken."""

Score = Callable[[Site, Offset | None, int], Offset]
"""(site, S, k) → G, the keys of the k best of S, sorted; ties go to the smaller key."""


def random_absent(site: Site, k: int, rng: np.random.Generator) -> Offset:
    """S: k of the connections that are not taken, uniformly (SET's growth, when nothing scores them)."""
    return absent(distinct([min(k, site.free)], site.free, rng), site.taken)


def all_absent(site: Site, k: int, rng: np.random.Generator) -> None:
    """S = W ∖ taken, all of it (RigL)."""
    return


def pick(S: Offset | None, k: int, rng: np.random.Generator) -> Offset:
    """G: any k of S, uniformly; S itself where it has no more than k."""
    assert S is not None, "Method refuses all_absent without a score"
    return S if S.size <= k else np.sort(rng.choice(S, k, replace=False))


def gradient(site: Site, S: Offset | None, k: int) -> Offset:
    """G = argtop-k over S of |∇_ij|, ∇_ij = Σ_b DY[i, b]·X[j, b]   (RigL: Evci et al. 2020, section 3(4)).

    On a subset the gradient is evaluated there and nowhere else (GSE). On all absent connections it is computed a
    block of rows at a time and only the k largest so far are kept: O(nnz + block) memory, the same G.
    """
    if S is None:
        return _streaming_gradient(site, k)
    return S[k_largest(np.abs(gradient_at(site.X, site.DY, S)), k)]


def gradient_at(X: Float, DY: Float, keys: Offset) -> Float:
    """∇_ij = Σ_b DY[i, b]·X[j, b] at the sorted keys i·n_in + j and nowhere else, (keys.size,)."""
    rows, cols = np.divmod(keys, X.shape[0])
    nabla = np.empty(keys.size, X.dtype)
    coo.sddmm(rows.astype(np.int32), cols.astype(np.int32), DY, X, nabla)
    return nabla


def textbook_gradient(site: Site, S: Offset | None, k: int) -> Offset:
    """The same G as `gradient`; on all absent connections by writing out the n_out × n_in gradient, as papers do."""
    if S is not None:
        return gradient(site, S, k)
    nabla = np.abs(site.DY @ site.X.T).reshape(-1)
    nabla[site.taken] = -1
    return k_largest(nabla, min(k, site.free))


def _streaming_gradient(site: Site, k: int) -> Offset:
    n_out, n_in = site.shape
    k = min(k, site.free)
    if k == 0:
        return np.empty(0, np.int64)
    rows_per_block = max(1, max(site.taken.size, 1 << 14) // n_in)  # a block as large as the sparse layer itself
    block = np.empty((min(rows_per_block, n_out), n_in), site.X.dtype)
    room = 2 * k + 1024  # any slack will do; the more, the rarer a cut back to k
    keys, kept = np.empty(room, np.int64), np.empty(room, site.X.dtype)
    filled, threshold = 0, site.X.dtype.type(-1)
    for row in range(0, n_out, rows_per_block):
        deltas = site.DY[row : row + rows_per_block]
        nabla = np.matmul(deltas, site.X.T, out=block[: len(deltas)]).reshape(-1)
        np.abs(nabla, out=nabla)
        first = row * n_in
        low, high = np.searchsorted(site.taken, (first, first + nabla.size))
        nabla[site.taken[low:high] - first] = -1
        scanned = 0
        while True:
            scanned, filled = collect(nabla, scanned, first, threshold, filled, keys, kept)
            if scanned == nabla.size:
                break
            best = k_largest(kept[:filled], k)  # keys came in order, so ties again go to the smaller key
            keys[:k], kept[:k] = keys[best], kept[best]
            filled, threshold = k, kept[:k].min()
    return keys[k_largest(kept[:filled], k)]


def _contains(sorted_keys: Offset, wanted: Offset) -> Bool:
    """For each wanted key whether it is among the sorted ones."""
    if sorted_keys.size == 0:
        return np.zeros(wanted.size, bool)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), sorted_keys.size - 1)
    found: Bool = sorted_keys[at] == wanted
    return found
