"""MEST, memory-economic sparse training (Yuan et al. 2021, arXiv:2110.14032).

A small weight with a large gradient is about to change, so a connection's worth is |θ| + λ|∇|. Every few epochs
("mutation"), in each layer with budget b:
1. Drop the connections of the lowest worth, down to a lower density.
2. Grow connections up to an upper density, uniformly, at weight 0; those just dropped may return.
Elastic: the distance between the two densities, here α_t·b, shrinks as training goes on.

The paper has two versions. They differ in which of the two densities is the budget; neither trains with fewer:
- MEST+EM: down to (1 − α_t)·b and up to b again, so memory never exceeds that of b connections. This is drop
  k = ⌊α_t·b⌋ and grow k, so the record at the end of this file is all it needs.
- MEST+EM&S, a soft memory bound: down to b, and up to (1 + α_t)·b. New connections are tried out beside the old ones
  before the next mutation chooses among all. Between two mutations a layer has b + ⌊α_t·b⌋ connections, α_t that of
  the earlier one; a last mutation, which grows nothing, drops the surplus:
  `method("mest", update=Elastic(below=0, above=1), schedule=Closing(0.2, "epoch"))`.

By hand, b = 10 and α_t = .3: EM drops 3 and grows 3. EM&S has grown from 10 to 13; at the next mutation, α_t = .2, it
drops the 3 worst of the 13 and grows 2: 12.

The authors' code drops 20 % at first, 10 % from 56 % of training on and none after 75 %, every 5 epochs; here the same
start and end, as a cosine, every epoch. λ = 1 is our choice; `partial(mest, lam=…)` for another.
"""

from dataclasses import dataclass
from sys import float_info

import numpy as np
from numpy.random import Generator

from ...kernels.select import k_smallest
from ...nn.network import Network
from ..grow import random_absent
from ..method import Exchange, Method
from ..prune import mest, to_integer
from ..schedule import Cosine, Schedule
from ..update import apply, grow, spare


@dataclass(frozen=True)
class Elastic:
    """In every layer of budget b: drop to b − ⌊below·α_t·b⌋, grow to b + ⌊above·α_t·b⌋ or until the layer is full.

    below, above: ≥ 0, below ≤ 1. b is the layer's size at the first update, kept in `net.memory["mest.budget"]`; a
    layer that started full does not change. Raises ValueError for numbers out of range.
    """

    below: float = 1.0
    above: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.below <= 1 and self.above >= 0):
            raise ValueError(f"below {self.below} must lie in [0, 1] and above {self.above} in [0, ∞): parts of α_t·b")

    def __call__(self, net: Network, method: Method, fraction: float, rng: Generator) -> Exchange:
        """One mutation of the whole network."""
        assert method.prune is not None, "MEST prunes by a score"
        done = Exchange()
        budgets = net.memory.setdefault("mest.budget", np.array([layer.W.nnz for layer in net.sparse]))
        for layer, b in zip(net.sparse, budgets.tolist(), strict=True):
            places = layer.shape[0] * layer.shape[1]
            if b == places:
                continue
            lower = b - to_integer(self.below * fraction * b, method.round)
            upper = min(b + to_integer(self.above * fraction * b, method.round), places)
            scores = method.prune(layer.weight.values, layer.gradient, rng)
            P = k_smallest(scores, layer.W.nnz - lower)
            wanted = upper - layer.W.nnz + P.size
            G, considered = grow(layer, method, P, wanted, rng, net)
            regrown = np.isin(layer.W.keys()[P], G, assume_unique=True)
            P = spare(P, scores, regrown, P.size - wanted + G.size)
            done = done.plus(apply(layer, method, P, G, rng)._replace(considered=considered))
        return done


@dataclass(frozen=True)
class Closing(Schedule):
    """α_t as in any Schedule, but nearly 0 in the last update, which drops what is above the budget and grows nothing.

    The last update is at the last t = ΔT, 2ΔT, … within until · T and within the training, whose steps are 0 … T − 1.
    """

    def fraction(self, t: int, T: int, steps_per_epoch: int) -> float:
        """α_t if step t of T is an update, the smallest positive number if it is the last one, else 0."""
        last = min(int(self.until * T), T - 1)
        last -= last % (steps_per_epoch if self.every == "epoch" else self.every)
        return float_info.min if t == last >= self.first else super().fraction(t, T, steps_per_epoch)


MEST = Method(
    name="mest",
    paper="Yuan et al. 2021, arXiv:2110.14032",
    summary="drops small weights with small gradients, grows at random",
    prune=mest,
    candidates=random_absent,
    schedule=Cosine(alpha=0.2, every="epoch", until=0.75),
    skip_optimizer_step=False,
)
