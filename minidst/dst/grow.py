"""Growth = candidates × score: which absent connections are looked at, and which of those are grown.

Candidates return S, the keys i·n_in + j of a subset, sorted; or None, which stands for every connection that is not
taken and is never written out. A score (score.py) picks G, the k best of S; without one, G is any k of S.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..kernels.arrays import Float, Offset
from ..kernels.select import keep_absent
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

    @classmethod
    def of(cls, layer: SparseLinear, net: Network | None = None, taken: Offset | None = None) -> "Site":
        """A layer after a forward and a backward pass; taken: all that is active, if not given."""
        taken = layer.W.keys() if taken is None else taken
        return cls(layer.shape, taken, *layer.last_batch(), net, layer, layer.connections)

    @property
    def free(self) -> int:
        """How many connections could be grown, |W ∖ taken|."""
        return self.shape[0] * self.shape[1] - self.taken.size

    def without_taken(self, S: Offset) -> Offset:
        """S ∖ taken, each key once, for sorted S, whose memory it uses."""
        return S[: keep_absent(S, self.taken)]


Candidates = Callable[[Site, int, np.random.Generator], Offset | None]
"""(site, k, rng) → S, or None for all that is not taken."""


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
