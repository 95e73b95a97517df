"""Gradual pruning during training (Zhu and Gupta 2018, arXiv:1710.01878).

1. Start from a dense network and train it.
2. Every Δt steps, after the optimizer's step, raise the sparsity of the network to
       s_t = s_f + (s_i − s_f)(1 − (t − t₀)/(n·Δt))³   (equation 1)
   with s_i = 0, t₀ = 0, s_f = 1 − budget/(Σ n_in·n_out), and n updates: fast at first, when much is redundant, slow at
   the end. Remove the smallest |θ| of the whole network until it is reached.
3. After n updates, at three quarters of training, the budget is met exactly; train on.

By hand, to s_f = .9 in n = 10: 0, .2439, .4392, .5913, .7056, .7875, .8424, .8757, .8928, .8991, .9.

Here a removed connection is freed for good. The authors' code masks it and keeps its weight, without gradient, so it
could return if others shrank below it. They prune every layer to the same sparsity: `method("gradual", scope="layer")`.
The default compares all layers, as in the dynamic methods of "Memory efficient dynamic sparse training" (section 4.1).
A sparse layer takes more memory than a dense one until half of it is gone, because it also stores which connections
exist: memory peaks after the first update.
"""

from dataclasses import dataclass

import numpy as np

from ...kernels.arrays import Float
from ...nn.network import Network
from ..method import Exchange, Method
from ..prune import magnitude, prune_globally
from ..schedule import Schedule


def cubic(progress: float) -> float:
    """1 − (1 − p)³, from 0 at p = 0 to 1 at p = 1."""
    return 1 - (1 - progress) ** 3


@dataclass(frozen=True)
class Rising(Schedule):
    """decay(t / T_end) at t = ΔT, 2ΔT, …, T_end: the part of the pruning that is done after step t.

    T_end is the last multiple of ΔT within until · T and within the training, whose steps are 0 … T − 1, so that the
    last update completes it. Before step `first` there is no other update. A training shorter than ΔT has one, at its
    end.
    """

    def fraction(self, t: int, T: int, steps_per_epoch: int) -> float:
        """s_t/s_f if step t of T is an update, else 0."""
        last = max(1, min(int(self.until * T), T - 1))
        every = min(last, steps_per_epoch if self.every == "epoch" else self.every)
        last -= last % every
        if t < min(self.first, last) or t % every or t > last:
            return 0.0
        return self.alpha * self.decay(t / last)


def prune_to_sparsity(net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
    """Prune `net` to (1 − s_t)·N connections, s_t = `fraction`·s_f, by the record's criterion and scope."""
    before = net.connections
    N = sum(n_out * n_in for n_out, n_in in (layer.shape for layer in net.weighted))
    criterion, scores = method.prune or magnitude, []
    for p in (layer.weight for layer in net.weighted):
        score = criterion(p.values.reshape(-1), np.zeros(p.values.size) if p.grad is None else p.grad, rng)
        scores.append(_rank(score) if method.scope == "layer" else score)
    prune_globally(net, scores, N - round(fraction * (N - net.budget)))
    return Exchange(pruned=before - net.connections)


def _rank(scores: Float) -> Float:
    """Rank within the layer over its size, in (0, 1]: pruning by it takes the same fraction of every layer."""
    return (1 + scores.argsort(kind="stable").argsort()) / max(scores.size, 1)


def gradual_flops(f_S: float) -> float:
    """3 f_S, f_S falling from f_D to the budget"""
    return 3 * f_S


GRADUAL = Method(
    name="gradual",
    paper="Zhu and Gupta 2018, arXiv:1710.01878",
    summary="prunes a dense network by magnitude while it trains",
    memory="O(n_in·n_out) at first, falling to O(nnz)",
    flops=gradual_flops,
    start="dense",
    prune=magnitude,
    update=prune_to_sparsity,
    schedule=Rising(alpha=1.0, every=100, until=0.75, decay=cubic),
    scope="global",
    skip_optimizer_step=False,
    needs_dense=True,
)
