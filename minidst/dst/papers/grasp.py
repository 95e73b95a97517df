"""GraSP, gradient signal preservation (Wang et al. 2020, arXiv:2002.07376), and |GraSP| (Lubana and Dick 2021,
arXiv:2009.11839).

1. Start from a dense network at its first weights; divide its outputs by a temperature of 200, so that the softmax
   is nearly flat and the score depends little on single labels.
2. Take the gradient g of the mean loss over one pass of the training set, and Hg over a second one.
3. A step δ changes ‖g‖² by 2 δᵀHg to first order, so removing connection e, δ = −θ_e, changes it by 2·(−θ ⊙ Hg)_e.
4. GraSP removes the largest −θ ⊙ Hg: what is left makes the gradient flow.
   |GraSP| removes the smallest |θ ⊙ Hg|: what is left changes the flow most, either way, so that it is preserved.
5. Train what is left, the `budget` best of the whole network.

By hand: one output z = θᵀx, L = z² (target 0), x = (1, 2, −1), θ = (3, −1, 2). z = −1, g = 2z·x = (−2, −4, 2),
H = 2xxᵀ, Hg = 4z‖x‖²·x = (−24, −48, 24) and −θ ⊙ Hg = (72, −48, −48). GraSP removes the first connection; |GraSP|
keeps it before all others. Without it z = −4 and ‖g‖² = 384, up from 24; to first order it was 24 + 2·72 = 168.

Hg is exact, by the R-operator of nn/hessian.py. Readers have disagreed on the sign; here, as in the authors' code, a
connection with a large −θ ⊙ Hg is removed.
"""

from dataclasses import dataclass, replace

import numpy as np

from ...nn.hessian import gradient, hessian_vector, mean_over
from ...nn.network import Network
from ..method import Batches
from ..prune import prune_globally
from .snip import SNIP


@dataclass(frozen=True)
class PreserveFlow:
    """Prune `net` to the `budget` largest θ ⊙ Hg, or |θ ⊙ Hg|. temperature: > 0, the divisor of the outputs."""

    temperature: float = 200.0
    absolute: bool = False

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature {self.temperature} must be positive; 1 leaves the outputs as they are")

    def __call__(self, net: Network, batches: Batches, rng: np.random.Generator) -> None:
        """O(n_in·n_out) memory, once."""
        g = mean_over(batches(), lambda X, y: gradient(net, X, y, self.temperature))
        Hg = mean_over(batches(), lambda X, y: hessian_vector(net, X, y, g, self.temperature))
        scores = [layer.weight.values.reshape(-1) * h for layer, h in zip(net.weighted, Hg, strict=True)]
        prune_globally(net, [np.abs(s) for s in scores] if self.absolute else scores, net.budget)


GRASP = replace(
    SNIP,
    name="grasp",
    paper="Wang et al. 2020, arXiv:2002.07376",
    summary="keeps what makes a dense network's gradient flow",
    begin=PreserveFlow(),
)
GRASP_ABS = replace(
    SNIP,
    name="grasp-abs",
    paper="Lubana and Dick 2021, arXiv:2009.11839",
    summary="… what changes that flow most, either way",
    begin=PreserveFlow(absolute=True),
)
