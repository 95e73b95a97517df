"""SRigL, RigL with structure (Lasby et al. 2023, "Dynamic sparse training with structured sparsity", arXiv:2305.02299).

All active neurons of a layer have the same fan-in k: their weights are a rectangle (`Condensed`). Every ΔT steps, in
place of an optimizer step and until three quarters of training, in each layer with nnz connections:
1. K = ⌊α_t·nnz⌋.
2. Salient are the nnz − K active connections with the largest |θ| and the K absent ones with the largest |∇|.
3. Ablate each neuron with fewer than max(1, ⌊γ_sal·k⌋) salient ones: it loses all its inputs, for good.
4. k′ = ⌊budget/active neurons⌋, where the budget is the layer's first number of connections.
5. Drop the K smallest |θ| of the layer, whichever neuron they belong to.
6. Every active neuron grows, at weight 0, the absent connections (those just dropped among them) with the largest
   |∇|, up to exactly k′. One that has more than k′ keeps its largest |θ|.

By hand, budget 6, k = 2, K = 3, γ_sal = 0.3, so that one salient connection is enough:
    θ = .9 .8  0  0     |∇| = .1 .1  4  1     salient: .9 .8 .7 by |θ|,    active after = 1 1 1 0
         0 .7 .1  0            3 .1  5  2     4 3 2 by |∇| of absent ones                 1 1 1 0
        .2  0  0 .3           .1 .5 .6 .1                                                 0 0 0 0
Neuron 2 has no salient connection and is ablated; k′ = ⌊6/2⌋ = 3. The three smallest weights, .1 .2 .3, are dropped.
Neuron 0 then grows 4; neuron 1 grows 3 and 5, which is the connection that it has just lost.

Where the paper is silent: the output layer is never ablated. A hidden layer keeps at least so many neurons, the most
salient, that k′ ≤ n_in. An ablated neuron's connections are neither candidates nor salient, so it never returns (in the
authors' code it may), k never falls, and step 6 removes connections only if the budget was lowered by hand. The K of
step 5 are those of step 2, ablated or not. A layer whose active neurons have every input does not change. At the start
`mlp` rounds k to the nearest integer, at least 1: at a very low density a layer has more connections than its share.
FLOPs are RigL's and, with ablation, a second f_D: the gradient of all positions is computed for step 2 and again for
step 6, so that it need not be stored.
"""

from dataclasses import dataclass, replace

import numpy as np

from ...formats import Condensed
from ...kernels.arrays import Bool, Offset
from ...kernels.select import k_largest, k_smallest, largest_in_rows
from ...nn.linear import SparseLinear
from ...nn.network import Network
from ..grow import GrowthContext, all_absent, gradient
from ..method import Exchange, Method
from ..prune import how_many, magnitude, to_integer
from ..schedule import Cosine
from ..update import apply
from .rigl import rigl_flops


@dataclass(frozen=True)
class SRigL:
    """Steps 1 to 6 in every Condensed layer: `method("srigl", update=SRigL(gamma_sal=0.95, first_fan_in=True))`.

    gamma_sal: γ_sal in [0, 1]; the paper takes 0.95 for vision transformers; ablation: False leaves steps 2 and 3 out.
    first_fan_in: k of step 3 is the fan-in with all neurons active, as in the authors' code. The present fan-in rises
    with every neuron ablated, so with a γ_sal near 1 it leaves few neurons (figures in README.md).
    The record's prune, round, initial_weight, regrow_pruned and keep_value_on_regrow apply; with regrow_pruned=False
    a dropped connection returns only to a neuron without other absent ones. Raises ValueError for another γ_sal, and
    for a layer that is not Condensed.
    """

    gamma_sal: float = 0.3
    ablation: bool = True
    first_fan_in: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.gamma_sal <= 1:
            raise ValueError(f"gamma_sal {self.gamma_sal} must lie in [0, 1]: it is a share of a neuron's connections")

    def __call__(self, net: Network, method: Method, fraction: float, rng: np.random.Generator) -> Exchange:
        """Update every sparse layer; budgets are kept in `net.memory["srigl.budget.0"]` and so on."""
        total = Exchange()
        for l, layer in enumerate(net.weighted):
            if isinstance(layer, SparseLinear):
                budget = net.memory.setdefault(f"srigl.budget.{l}", layer.connections)
                ablates = self.ablation and layer is not net.weighted[-1]
                total = total.plus(self.exchange(layer, method, fraction, rng, budget, ablates))
        return total

    def exchange(
        self, layer: SparseLinear, method: Method, fraction: float, rng: np.random.Generator, budget: int, ablates: bool
    ) -> Exchange:
        """Update one layer. Rows are numbered by active neuron, a = 0 … n_active − 1, not by output."""
        W = layer.W
        if not isinstance(W, Condensed):
            raise ValueError(f"SRigL keeps a constant fan-in and was given a {type(W).__name__} layer; use Condensed")
        n_active, n_in = W.active.size, layer.shape[1]
        X, DY = layer.last_batch()
        keys = (np.arange(n_active)[:, None] * n_in + W.indices).reshape(-1)
        context = GrowthContext((n_active, n_in), keys, X, DY[W.active])
        if context.free == 0:
            return Exchange()
        criterion = method.prune or magnitude
        scores = np.array(criterion(layer.weight.values, layer.gradient, rng))  # a copy to be changed
        K = how_many(criterion, layer.weight.values, fraction, method.round)
        scores[k_smallest(scores, K)] = -np.inf
        ranked = scores.reshape(n_active, W.fan_in)
        left = (ranked > -np.inf).sum(axis=1)
        k = budget // layer.shape[0] if self.first_fan_in else W.fan_in
        staying = self.salient(left, context, K, k, budget) if ablates else np.arange(n_active)
        wanted = np.zeros(n_active, np.int64)
        wanted[staying] = budget // staying.size
        kept = np.empty(ranked.shape, bool)
        largest_in_rows(ranked, np.minimum(left, wanted), kept)
        G = _grown(W, kept, wanted - kept.sum(axis=1), context, method.regrow_pruned)
        return apply(layer, method, np.flatnonzero(~kept), G, rng)._replace(considered=context.free)

    def salient(self, left: Offset, context: GrowthContext, K: int, k: int, budget: int) -> Offset:
        """Steps 2 and 3: the neurons that are not ablated, sorted. left: number of salient |θ| of each, (n_active,)."""
        n_active, n_in = context.shape
        count = left + np.bincount(gradient(context, None, K) // n_in, minlength=n_active)
        enough = int((count >= max(1, to_integer(self.gamma_sal * k, "floor"))).sum())
        fewest = budget // (n_in + 1) + 1  # neurons with ⌊budget/neurons⌋ ≤ n_in
        return k_largest(count.astype(np.float64), max(enough, fewest))


def _grown(W: Condensed, kept: Bool, missing: Offset, context: GrowthContext, may_return: bool) -> Offset:
    """Keys of the `missing[a]` largest |∇| of each neuron; computed in blocks no larger than the layer itself."""
    n_in = W.shape[1]
    growing = np.flatnonzero(missing)
    rows_per_block = max(1, max(W.nnz, 1 << 14) // n_in)
    grown = [np.empty(0, np.int64)]
    for start in range(0, growing.size, rows_per_block):
        block = growing[start : start + rows_per_block]
        nabla = np.abs(context.DY[block] @ context.X.T)
        columns = W.indices[block]
        dropped = np.take_along_axis(nabla, columns, axis=1) if may_return else nabla.dtype.type(-1)
        np.put_along_axis(nabla, columns, np.where(kept[block], -np.inf, dropped), axis=1)
        best = np.empty(nabla.shape, bool)
        largest_in_rows(nabla, missing[block], best)
        a, j = np.divmod(np.flatnonzero(best), n_in)
        grown.append(W.active[block[a]].astype(np.int64) * n_in + j)
    return np.concatenate(grown)


def srigl_flops(f_S: float, f_D: float, ΔT: float) -> float:
    """(3 f_S ΔT + 2 f_S + 2 f_D)/(ΔT + 1)"""
    return (3 * f_S * ΔT + 2 * f_S + 2 * f_D) / (ΔT + 1)


SRIGL = Method(
    name="srigl",
    paper="Lasby et al. 2023, arXiv:2305.02299",
    summary="RigL at one fan-in for all neurons; ablates idle ones",
    flops=srigl_flops,
    format="condensed",
    prune=magnitude,
    candidates=all_absent,
    score=gradient,
    schedule=Cosine(alpha=0.3, every=100, until=0.75),
    update=SRigL(),
)
SRIGL_NO_ABLATION = replace(
    SRIGL,
    name="srigl-no-ablation",
    summary="… keeping every neuron",
    flops=rigl_flops,
    update=SRigL(ablation=False),
)
