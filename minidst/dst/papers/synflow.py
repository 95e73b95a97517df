"""SynFlow, iterative synaptic flow pruning (Tanaka et al. 2020, arXiv:2006.05467).

1. Start from a dense network. No data are needed.
2. R = 1ᵀ |θ⁽ᴸ⁾| … |θ⁽¹⁾| 1 is the flow of ones through the network of absolute weights. Score a connection by its part
   of it, |∂R/∂θ ⊙ θ|: the flow into its input × |θ| × the flow out of its output.
3. Keep the best-scored connections of the whole network: in round r of 100 as many as make density^(r/100).
4. Repeat from 2 with what is left; then train it.

By hand: θ⁽¹⁾ = 2 −1, θ⁽²⁾ = 1 −3. Flow in: 1 1, then 3 1.5. Flow out: 1, before that 1 3. R = 1·3 + 3·1.5 = 7.5.
               .5  1      Scores: 2·1·1, 1·1·1; .5·1·3, 1·1·3 = 2, 1; 1.5, 3 and 1·3·1, 3·1.5·1 = 3, 4.5.
Each layer's scores sum to 7.5, because all of the flow passes through every layer. Rounds to density .1 in 5 leave
.630957, .398107, .251189, .158489, .1.

Why no layer collapses: let a round remove fewer than 1/L of the connections left in L layers, those with the lowest
scores. Their mean score is at most the mean of all, so together they have less than 1/L of the total L·R. The flow lost
is at most the sum of their scores, so R stays positive, and with it a path through every layer. 100 rounds are that
gentle down to one connection per layer if density ≥ (1 − 1/2L)¹⁰⁰: 10⁻⁸ for three layers, .006 for ten.
"""

from dataclasses import dataclass, replace

import numpy as np

from ...kernels.arrays import Float
from ...nn.hessian import matrix, outer
from ...nn.network import Network
from ..method import Batches
from ..prune import prune_globally
from .snip import SNIP


@dataclass(frozen=True)
class IterativeFlow:
    """Prune `net` to its `budget` by synaptic flow. rounds: ≥ 1; the paper warns against a single one."""

    rounds: int = 100

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ValueError(f"rounds {self.rounds} must be at least 1; the paper takes 100")

    def __call__(self, net: Network, batches: Batches, rng: np.random.Generator) -> None:
        """O(n_in·n_out) memory, in float64, until the first round is over."""
        for keep in counts(net.connections, net.budget, self.rounds):
            prune_globally(net, flow(net), keep)


def counts(total: int, keep: int, rounds: int) -> list[int]:
    """How many connections are left after each round: total·(keep/total)^(r/rounds), r = 1 … rounds."""
    return [round(total * (keep / total) ** (r / rounds)) for r in range(1, rounds + 1)]


def flow(net: Network) -> list[Float]:
    """|∂R/∂θ ⊙ θ|/R for each weight layer, (nnz,) float64.

    Flows are scaled to a sum of 1 after every layer, so that none overflows. Every layer's scores sum to R, so dividing
    them by their sum makes layers comparable again.
    """
    theta = [matrix(layer, np.abs(layer.weight.values, dtype=np.float64)) for layer in net.weighted]
    entering: list[Float] = [np.ones((net.sizes[0], 1))]
    for W in theta[:-1]:
        entering.append(_to_sum_1(W @ entering[-1]))
    leaving: Float = np.ones((net.sizes[-1], 1))
    scores: list[Float] = []
    for layer, W, arriving in zip(reversed(net.weighted), reversed(theta), reversed(entering), strict=True):
        part = np.abs(layer.weight.values.reshape(-1)) * outer(W, leaving, arriving)
        scores.insert(0, _to_sum_1(part))
        leaving = _to_sum_1(W.T @ leaving)
    return scores


def _to_sum_1(a: Float) -> Float:
    """a/Σa, or a itself if its sum is 0."""
    total = a.sum()
    return a / total if total > 0 else a


SYNFLOW = replace(
    SNIP,
    name="synflow",
    paper="Tanaka et al. 2020, arXiv:2006.05467",
    summary="keeps what carries most flow, in 100 rounds, without data",
    begin=IterativeFlow(),
)
