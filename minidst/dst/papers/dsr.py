"""DSR, dynamic sparse reparameterization (Mostafa and Wang 2019, arXiv:1902.05967).

One threshold H serves all layers: it needs no sorting, and a layer loses as many connections as it has small weights.
At every update, with N_p = α_t·nnz the number of connections to drop:
1. Drop every |θ| < H, K in all. A layer that would lose all of them keeps its largest.
2. If K < 0.9·N_p, double H for the next update; if K > 1.1·N_p, halve it.
3. Grow K connections, uniformly; layer l gets K·R_l/ΣR of them, R_l being its survivors. What exceeds a layer's absent
   connections goes to the others. A connection just dropped may not return.

By hand: H = .1, N_p = 2. Layer 1 has θ = .9 .05 .7 0 0 0 0, layer 2 θ = .3 −.02 .01 0 0 0 0. K = 3 > 2.2, so H becomes
.05. Two connections survive in layer 1 and one in layer 2: their shares of the three are 2 and 1.

The paper gives N_p as a fixed number, for its networks 7 to 14 % of the weights, every 100 steps at first and every
800 in the end, until 95 % of training. Here it is a fraction α like every other method's, constant, every 100 steps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...kernels.arrays import Float, Offset
from ...nn.network import Network
from ..grow import random_absent
from ..method import Exchange, Method
from ..prune import magnitude
from ..schedule import Constant
from ..update import redistribute


@dataclass(frozen=True)
class Threshold:
    """Steps 1 to 3. start: H at the first update, > 0; tolerance: how far K may miss N_p before H changes, in (0, 1).

    H is kept in `net.memory["dsr.threshold"]`. Raises ValueError for numbers out of range.
    """

    start: float = 1e-3
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        if not (self.start > 0 and 0 < self.tolerance < 1):
            raise ValueError(f"start {self.start} must be positive, and tolerance {self.tolerance} within (0, 1)")

    def __call__(self, net: Network, method: Method, fraction: float, rng: Generator) -> Exchange:
        """One update of the whole network."""
        assert method.prune is not None, "DSR prunes by a score"
        H = net.memory.get("dsr.threshold", self.start)
        layers = net.sparse
        scores = [method.prune(layer.weight.values, layer.gradient, rng) for layer in layers]
        pruned = [below(score, H) for score in scores]
        survivors = [score.size - P.size for score, P in zip(scores, pruned, strict=True)]
        N_p = fraction * sum(score.size for score in scores)
        net.memory["dsr.threshold"] = self.adapted(H, sum(P.size for P in pruned), N_p)
        return redistribute(net, method, layers, pruned, scores, survivors, rng)

    def adapted(self, H: float, pruned: int, target: float) -> float:
        """2H if K = `pruned` < (1 − tolerance)·N_p, N_p = `target`; H/2 if K > (1 + tolerance)·N_p; else H."""
        if pruned < (1 - self.tolerance) * target:
            return 2 * H
        return H / 2 if pruned > (1 + self.tolerance) * target else H


def below(scores: Float, H: float) -> Offset:
    """Positions of the connections with a score below H; of all but the best, if all are below."""
    P = np.flatnonzero(scores < H)
    return np.delete(P, scores.argmax()) if P.size == scores.size > 0 else P


DSR = Method(
    name="dsr",
    paper="Mostafa and Wang 2019, arXiv:1902.05967",
    summary="drops below a global threshold, grows where most survive",
    prune=magnitude,
    candidates=random_absent,
    schedule=Constant(alpha=0.1, every=100, until=0.95),
    regrow_pruned=False,
    update=Threshold(),
    skip_optimizer_step=False,
)
