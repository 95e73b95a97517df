"""Growth = candidates × score: which absent connections are looked at, and which of those are grown.

Candidates return S, the keys i·n_in + j of a subset, sorted; or None, which stands for every connection that is not
excluded and is never written out. A score gives each candidate a number s ≥ 0, and G are the k with the largest;
without one, G is any k of S. The numbers of one score mean the same in every layer, so they also compare layers.

    SET     random candidates, no score              GSE     a guided sample × |gradient|
    RigL    all absent ones × |gradient|             SNFS    all absent ones × |momentum|
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.validation import check_callable
from ..kernels import coo
from ..kernels.arrays import Float, Offset
from ..kernels.keys import ends, keep_absent
from ..kernels.select import collect, k_largest
from ..kernels.simd.tiles import tiles
from ..nn.linear import SparseLinear
from ..nn.network import Network
from ..topology.graphs import absent, distinct

PIECE = 1 << 14  # connections whose row and column are written out at a time
BLOCK = 1 << 16  # gradients that are always computed together: dense products are fast where they are large


@dataclass(frozen=True, eq=False)
class GrowthContext:
    """What growth may look at in one layer.

    shape: (n_out, n_in); excluded: sorted keys that must not be grown; X: (n_in, B); DY: (n_out, B); net, layer: for
    heuristics that look at more than the last batch; active: |A| before the update, if not the number excluded.
    """

    shape: tuple[int, int]
    excluded: Offset
    X: Float
    DY: Float
    net: Network | None = None
    layer: SparseLinear | None = None
    active: int | None = None

    @classmethod
    def of(cls, layer: SparseLinear, net: Network | None = None, excluded: Offset | None = None) -> "GrowthContext":
        """A layer after a forward and a backward pass; excluded: all that is active, if not given."""
        excluded = layer.W.keys() if excluded is None else excluded
        return cls(layer.shape, excluded, *layer.last_batch(), net, layer, layer.connections)

    @property
    def free(self) -> int:
        """How many connections could be grown, |W ∖ excluded|."""
        return self.shape[0] * self.shape[1] - self.excluded.size

    def without_excluded(self, S: Offset) -> Offset:
        """S ∖ excluded, each key once, for sorted S, whose memory it uses."""
        return S[: keep_absent(S, self.excluded)]


Candidates = Callable[[GrowthContext, int, np.random.Generator], Offset | None]
"""(context, k, rng) → S, or None for all that is not excluded."""


def random_absent(context: GrowthContext, k: int, rng: np.random.Generator) -> Offset:
    """S: k of the connections that are not excluded, uniformly (SET's growth, when nothing scores them)."""
    return absent(distinct([min(k, context.free)], context.free, rng), context.excluded)


def all_absent(context: GrowthContext, k: int, rng: np.random.Generator) -> None:
    """S = W ∖ excluded, all of it (RigL)."""
    return


def pick(S: Offset | None, k: int, rng: np.random.Generator) -> Offset:
    """G: any k of S, uniformly; S itself where it has no more than k."""
    assert S is not None, "a record of all_absent has a score"
    return S if S.size <= k else np.sort(rng.choice(S, k, replace=False))


@dataclass(frozen=True)
class Score:
    """G = argtop-k over S of s, sorted keys; ties go to the smaller key.

    values: (context, sorted keys) → s of each, (keys.size,); search: (context, k) → G over all connections that are
    not excluded, where there is a way to find it without listing them.
    """

    name: str
    values: Callable[[GrowthContext, Offset], Float]
    search: Callable[[GrowthContext, int], Offset] | None = None

    def __post_init__(self) -> None:
        check_callable("values", self.values, "a function of (context, keys), such as gradient.values")
        if self.search is not None:
            check_callable("search", self.search, "a function of (context, k), or None")

    def __call__(self, context: GrowthContext, S: Offset | None, k: int) -> Offset:
        """G. S: sorted keys, or None for all that is not excluded."""
        if S is None:
            if self.search:
                return self.search(context, k)
            S = absent(np.arange(context.free), context.excluded)
        return S[k_largest(self.values(context, S), k)]

    def __str__(self) -> str:
        return self.name


def gradient_at(X: Float, DY: Float, keys: Offset) -> Float:
    """∇_ij = Σ_b DY[i, b]·X[j, b] at the sorted keys i·n_in + j and nowhere else, (keys.size,)."""
    nabla = np.empty(keys.size, X.dtype)
    rows, cols = np.empty(PIECE, np.int32), np.empty(PIECE, np.int32)
    for start in range(0, keys.size, PIECE):
        piece = keys[start : start + PIECE]
        ends(piece, X.shape[0], rows, cols)
        for first, end, size in tiles(X):
            coo.sddmm(rows[: piece.size], cols[: piece.size], DY, nabla[start : start + PIECE], X, first, end, 0, size)
    return nabla


def _streaming_top_k(context: GrowthContext, k: int) -> Offset:
    """G over all absent connections, without the n_out × n_in gradient: O(nnz + block) memory, the same G.

    |∇| is computed a block of rows at a time. A buffer of 2k + 1024 places collects every candidate whose |∇| exceeds
    the threshold, which at first lets all pass. Whenever the buffer is full, its k best stay and the smallest of them
    becomes the threshold: nothing at or below it can be among the k largest of all, for k candidates seen earlier, of
    smaller keys, are at least as large. So the threshold rises, and soon most blocks pass without a single hit.
    """
    n_out, n_in = context.shape
    k = min(k, context.free)
    if k == 0:
        return np.empty(0, np.int64)
    rows_per_block = max(1, max(4 * context.excluded.size, BLOCK) // n_in)  # 16 bytes a connection, less than the layer
    block = np.empty((min(rows_per_block, n_out), n_in), context.X.dtype)
    capacity = 2 * k + 1024  # any slack is right; the more, the rarer a cut back to k
    keys, kept = np.empty(capacity, np.int64), np.empty(capacity, context.X.dtype)
    filled, threshold = 0, context.X.dtype.type(-1)
    for row in range(0, n_out, rows_per_block):
        deltas = context.DY[row : row + rows_per_block]
        nabla = np.matmul(deltas, context.X.T, out=block[: len(deltas)]).reshape(-1)
        np.abs(nabla, out=nabla)
        first = row * n_in
        low, high = np.searchsorted(context.excluded, (first, first + nabla.size))
        nabla[context.excluded[low:high] - first] = -1  # never above a threshold
        scanned = 0
        while True:
            scanned, filled = collect(nabla, scanned, first, threshold, filled, keys, kept)
            if scanned == nabla.size:
                break
            best = k_largest(kept[:filled], k)  # keys came in order, so ties again go to the smaller key
            keys[:k], kept[:k] = keys[best], kept[best]
            filled, threshold = k, kept[:k].min()
    return keys[k_largest(kept[:filled], k)]


gradient = Score("gradient", lambda context, keys: np.abs(gradient_at(context.X, context.DY, keys)), _streaming_top_k)
"""s = |∇_ij|, ∇_ij = Σ_b DY[i, b]·X[j, b]   (RigL: Evci et al. 2020, section 3(4)).

On a subset the gradient is evaluated there and nowhere else (GSE); on all absent connections it is streamed.
"""

textbook_gradient = Score("textbook gradient", lambda context, keys: np.abs(context.DY @ context.X.T).reshape(-1)[keys])
"""The same by writing out the n_out × n_in gradient, as papers do, whatever S is."""


InitialWeight = Callable[[Offset, Offset, np.random.Generator, Any], Float]
"""(rows of the grown connections, fan-in of every row after the update, rng, dtype) → their first weights."""


def zeros(rows: Offset, fan_in: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """0: the network's output does not move at the update (RigL)."""
    return np.zeros(rows.size, dtype)


def from_init(rows: Offset, fan_in: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """N(0, 2/k_i), as at the start, with the fan-in k_i after the update."""
    return (rng.standard_normal(rows.size) * np.sqrt(2 / fan_in[rows])).astype(dtype)
