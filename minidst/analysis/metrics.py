"""Metrics of networks: overlap of topologies, dead connections, explored connections, quality of a guide."""

from typing import Any

import numpy as np

from .._support.statistics import half_width as half_width
from ..dst.grow import GrowthContext, gradient_at
from ..dst.papers.gse.distributions import Distribution
from ..kernels.arrays import Float, Offset
from ..kernels.keys import keep_absent
from ..nn import Network, SparseLinear
from ..topology.graphs import absent, distinct


def jaccard(a: Offset, b: Offset) -> float:
    """J(a, b) = |a ∩ b|/|a ∪ b| of two sets of keys, each key once; 1 for two empty sets.

    Source: Nowak et al. 2023, arXiv:2306.12230, equation 1.
    """
    shared = np.intersect1d(a, b, assume_unique=True).size
    union = a.size + b.size - shared
    return shared / union if union else 1.0


def mask_similarity(net: Network, other: Network) -> float:
    """J̄ = 1/L Σ_l J(A_l, A′_l) over the sparse layers of two networks of the same sizes (same source and equation).

    Raises ValueError if their layers cannot be compared.
    """
    shapes, others = [layer.shape for layer in net.sparse], [layer.shape for layer in other.sparse]
    if shapes != others or not shapes:
        raise ValueError(f"sparse layers {shapes} and {others} cannot be compared; both networks need the same ones")
    return float(np.mean([jaccard(a.W.keys(), b.W.keys()) for a, b in zip(net.sparse, other.sparse, strict=True)]))


def dead_connections(net: Network, x: Float, y: Any) -> float:
    """Share of the active connections of sparse layers that no sample b sends a gradient through: all h_jb·δ_ib = 0.

    Their input, or a unit after them, is 0 for every sample, so that only weight decay can change them. x: (samples,
    features); y: their targets. Runs the network forward and backward over all of them at once.
    """
    _, DZ = net.loss(net.forward(np.ascontiguousarray(x.T, net.dtype)), y)
    net.backward(DZ)
    alive = 0
    for layer in net.sparse:
        X, DY = layer.last_batch()
        alive += int(np.count_nonzero(layer.W.grad((DY != 0).astype(net.dtype), (X != 0).astype(net.dtype))))
    return 1 - alive / sum(layer.connections for layer in net.sparse)


class Explored:
    """Every connection that has ever been active, by layer, as sorted keys: O(ever active) memory, no dense array.

    Feed it the network after each update. Source: Liu et al. 2021, "Do we actually need dense over-parameterization?
    In-time over-parameterization in sparse training" (ITOP).
    """

    def __init__(self, net: Network) -> None:
        self.shapes = [layer.shape for layer in net.sparse]
        self.keys = [layer.W.keys() for layer in net.sparse]

    def add(self, net: Network) -> None:
        """Count what is active now. Raises ValueError if this is not the network, or its layers have been compacted."""
        shapes = [layer.shape for layer in net.sparse]
        if shapes != self.shapes:
            raise ValueError(f"layers are {shapes} and were {self.shapes}; start a new Explored for another network")
        for l, (ever, layer) in enumerate(zip(self.keys, net.sparse, strict=True)):
            new = layer.W.keys()
            new = new[: keep_absent(new, ever)]
            self.keys[l] = np.insert(ever, np.searchsorted(ever, new), new)  # few are new: nothing to be sorted

    def ratios(self) -> list[float]:
        """R_l = |ever active|/(n_out·n_in) of every sparse layer."""
        return [ever.size / (n_out * n_in) for ever, (n_out, n_in) in zip(self.keys, self.shapes, strict=True)]

    @property
    def ratio(self) -> float:
        """R_s, the same of all sparse layers together."""
        return sum(ever.size for ever in self.keys) / sum(n_out * n_in for n_out, n_in in self.shapes)


def rank_correlation(
    net: Network, layer: SparseLinear, guide: Distribution, rng: np.random.Generator, pairs: int = 100_000
) -> float:
    """Spearman's ρ between a guide's f_a·g_b and |∇_ab| over the absent connections, after a forward and backward pass.

    Over all of them, or over `pairs` drawn uniformly where there are more. 0 where one of the two does not vary: a
    constant guide (uniform) knows nothing of ranks. Raises ValueError for fewer than 2 connections to rank.
    """
    context = GrowthContext.of(layer, net)
    n = min(pairs, context.free)
    if n < 2:
        raise ValueError(
            f"{context.free} absent connections and pairs {pairs} leave {n} to rank; at least 2 are needed"
        )
    from scipy.stats import spearmanr  # takes a second to import

    keys = absent(distinct([n], context.free, rng), context.excluded)
    f, g = guide(context, rng)
    rows, cols = np.divmod(keys, layer.shape[1])
    guess, truth = g[rows] * f[cols], np.abs(gradient_at(context.X, context.DY, keys))
    if np.ptp(guess) == 0 or np.ptp(truth) == 0:
        return 0.0
    return float(spearmanr(guess, truth).statistic)
