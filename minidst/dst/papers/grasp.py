"""GraSP, gradient signal preservation (Wang et al. 2020, arXiv:2002.07376), and |GraSP| (Lubana and Dick 2021,
arXiv:2009.11839).

1. Start from a dense network at its first weights; divide its outputs by a temperature of 200, so that the softmax
   is nearly flat and the score says little about single labels.
2. Take the gradient g of the mean loss over one pass of the training set, and Hg over a second one.
3. A step δ changes ‖g‖² by 2 δᵀHg to first order, so removing connection e, δ = −θ_e, changes it by 2·(−θ ⊙ Hg)_e.
4. GraSP removes the largest −θ ⊙ Hg: what is left is what makes the gradient flow.
   |GraSP| removes the smallest |θ ⊙ Hg|: what is left is what changes the flow, either way, so that it is preserved.
5. Train what is left, the `budget` best of the whole network.

By hand: one output z = θᵀx, L = z² (target 0), x = (1, 2, −1), θ = (3, −1, 2). z = −1, g = 2z·x = (−2, −4, 2),
H = 2xxᵀ, Hg = 4z‖x‖²·x = (−24, −48, 24) and −θ ⊙ Hg = (72, −48, −48). GraSP removes the first connection; |GraSP|
keeps it before all others. Without it z = −4 and ‖g‖² = 384, up from 24; to first order it was 24 + 2·72 = 168.

Hg is the R-operator of nn/tangent.py: exact, with no step size to choose. Which sign is meant has confused readers;
here as in the authors' code a connection with a large −θ ⊙ Hg goes.
"""

from dataclasses import dataclass

import numpy as np

from ...nn.hessian import gradient, hessian_vector, mean_over
from ...nn.network import Network
from ..method import Batches, Method
from ..prune import prune_globally


@dataclass(frozen=True)
class PreserveFlow:
    """Cut `net` to the `budget` largest θ ⊙ Hg, or |θ ⊙ Hg|. temperature: > 0, the divisor of the outputs."""

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


def _grasp(name: str, paper: str, summary: str, absolute: bool) -> Method:
    return Method(
        name=name,
        paper=paper,
        summary=summary,
        memory="O(n_in·n_out) until the first step, O(nnz) from then on",
        start="dense",
        begin=PreserveFlow(absolute=absolute),
        skip_optimizer_step=False,
        needs_dense=True,
    )


GRASP = _grasp(
    "grasp", "Wang et al. 2020, arXiv:2002.07376", "keeps what makes a dense network's gradient flow", absolute=False
)
GRASP_ABS = _grasp(
    "grasp-abs", "Lubana and Dick 2021, arXiv:2009.11839", "… what changes that flow most, either way", absolute=True
)
