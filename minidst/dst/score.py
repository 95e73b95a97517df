"""What candidates are ranked by: a score gives a connection a number s ≥ 0, and the k with the largest are grown.

The numbers of one score mean the same in every layer, so that layers can be compared by them too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..given import function
from ..kernels import coo
from ..kernels.arrays import Float, Offset
from ..kernels.order import ends
from ..kernels.select import collect, k_largest
from ..topology.graphs import absent
from .grow import Site

PIECE = 1 << 14  # connections whose row and column are written out at a time
BLOCK = 1 << 16  # gradients that are always computed together: dense products want to be large


@dataclass(frozen=True)
class Score:
    """G = argtop-k over S of s, sorted keys; ties go to the smaller key.

    values: (site, sorted keys) → s of each, (keys.size,); search: (site, k) → G over all connections that are not
    taken, where there is a way to find it without listing them.
    """

    name: str
    values: Callable[[Site, Offset], Float]
    search: Callable[[Site, int], Offset] | None = None

    def __post_init__(self) -> None:
        function("values", self.values, "a function of (site, keys), such as score.gradient.values")
        if self.search is not None:
            function("search", self.search, "a function of (site, k), or None")

    def __call__(self, site: Site, S: Offset | None, k: int) -> Offset:
        """G. S: sorted keys, or None for all that is not taken."""
        if S is None:
            if self.search:
                return self.search(site, k)
            S = absent(np.arange(site.free), site.taken)
        return S[k_largest(self.values(site, S), k)]

    def __str__(self) -> str:
        return self.name


def gradient_at(X: Float, DY: Float, keys: Offset) -> Float:
    """∇_ij = Σ_b DY[i, b]·X[j, b] at the sorted keys i·n_in + j and nowhere else, (keys.size,)."""
    nabla = np.empty(keys.size, X.dtype)
    rows, cols = np.empty(PIECE, np.int32), np.empty(PIECE, np.int32)
    for start in range(0, keys.size, PIECE):
        piece = keys[start : start + PIECE]
        ends(piece, X.shape[0], rows, cols)
        coo.sddmm(rows[: piece.size], cols[: piece.size], DY, X, nabla[start : start + PIECE])
    return nabla


def _streaming_gradient(site: Site, k: int) -> Offset:
    """G over all absent connections, a block of rows at a time: only the k largest so far are kept."""
    n_out, n_in = site.shape
    k = min(k, site.free)
    if k == 0:
        return np.empty(0, np.int64)
    rows_per_block = max(1, max(4 * site.taken.size, BLOCK) // n_in)  # 16 bytes a connection, less than the layer
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


gradient = Score("gradient", lambda site, keys: np.abs(gradient_at(site.X, site.DY, keys)), _streaming_gradient)
"""s = |∇_ij|, ∇_ij = Σ_b DY[i, b]·X[j, b]   (RigL: Evci et al. 2020, section 3(4)).

On a subset the gradient is evaluated there and nowhere else (GSE). On all absent connections it is computed a block of
rows at a time and only the k largest so far are kept: O(nnz + block) memory, the same G.
"""

textbook_gradient = Score("textbook gradient", lambda site, keys: np.abs(site.DY @ site.X.T).reshape(-1)[keys])
"""The same by writing out the n_out × n_in gradient, as papers do, whatever S is."""
