"""GSE, guided stochastic exploration (Heddes et al. 2024, "Always-sparse training by growing connections with guided
stochastic exploration", arXiv:2401.06898; algorithm 2 is in its appendix G).

Every ΔT steps, in place of an optimizer step, in each layer:
1. From one batch make a distribution f over the inputs and g over the outputs.
2. Draw ⌈γ|A|⌉ pairs, a ~ f and b ~ g; S is the distinct ones that are not active.
3. k = min(⌈α_t|A|⌉, |S|).
4. Grow the k of S with the largest |∇|; the gradient is evaluated on S and nowhere else.
5. Drop the k active ones with the smallest |θ|; having been active in step 2, they cannot have been grown.

By hand, A = {(0, 0), (1, 0), (1, 1)} with θ = .9, .1, .7: three pairs are drawn, say (0, 1), (1, 0) and (2, 1). (1, 0)
is active, so S = {(0, 1), (2, 1)}. If |∇| is 0 and 4 there, and α_t = .3, then k = ⌈.9⌉ = 1: input 2 is connected to
output 1 at weight 0, and the connection of weight .1 goes.

Memory and time follow |A| and the number of units, never n_in·n_out. |S| = |G| makes it SET, S = W ∖ A makes it RigL.
The distributions (distributions.py) differ in how well f_a·g_b guesses |∇_ab|. `micro_batched` makes steps 1 and 4
two passes over parts of the batch, so that an update never holds all of its activations (micro_batches.py).

The earlier paper, "Memory efficient dynamic sparse training", draws 10|P| pairs, shared out to layers ∝ n_in·n_out, and
chooses P and G among all layers' connections together, so that layers trade connections. It starts from the same
density in every layer: mlp(…, allocation="uniform"). Its SynFlow (synflow.py) guides the sample without data.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...._support.validation import check_callable, check_choice, check_interval
from ....kernels.arrays import Float, Index, Offset
from ....kernels.keys import sort_keys
from ....kernels.sampling import draw, fill_hints
from ...grow import GrowthContext, gradient
from ...method import Method, name_of
from ...prune import magnitude, to_integer
from ...schedule import Cosine
from .distributions import Distribution, Sketch, grabo, graest, l2, uniform
from .synflow import synflow

PIECE = 1 << 14  # draws made at a time, so that few numbers are held beside those M


@dataclass(frozen=True)
class GuidedSample:
    """S = distinct{(a_m, b_m) : a_m ~ f, b_m ~ g, m = 1 … M} ∖ A, M = ⌈γ|A|⌉ or ⌈γ|P|⌉. O(n_in + n_out + M) memory.

    gamma: γ > 0; per: whether it counts from the layer's "active" connections, or from the "pruned" ones, and then
    γ ≥ 1. The effective |S| is less than M by what was drawn twice or is active already. Raises ValueError otherwise.
    """

    distribution: Distribution
    gamma: float = 1.0
    per: Literal["active", "pruned"] = "active"

    def __post_init__(self) -> None:
        check_callable("distribution", self.distribution, "a function, such as uniform, grabo, graest or l2")
        check_choice("per", self.per, ("active", "pruned"))
        check_interval("gamma", self.gamma, "(0, ∞)", "|S| is about gamma times |A| or |P|")
        if self.per == "pruned" and self.gamma < 1:
            raise ValueError(f"gamma {self.gamma} per pruned connection finds too few to replace them; use at least 1")

    def __call__(self, context: GrowthContext, k: int, rng: np.random.Generator) -> Offset:
        """The keys of S, sorted. k: |P|, or a layer's part of it."""
        return self.draw(context, k, *self.distribution(context, rng), rng)

    def draw(self, context: GrowthContext, k: int, f: Float, g: Float, rng: np.random.Generator) -> Offset:
        """The same from a given f and g."""
        active = context.excluded.size if context.active is None else context.active
        m = to_integer(self.gamma * (active if self.per == "active" else k), "ceil")
        keys = _endpoints(g, m, rng).astype(np.int64)  # of (a, b): b·n_in + a, in place: GSE's most memory is here
        keys *= context.shape[1]
        keys += _endpoints(f, m, rng)
        sort_keys(keys)
        return context.without_excluded(keys)

    @property
    def in_parts(self) -> bool:
        """Whether f and g can be found from parts of a batch."""
        return isinstance(self.distribution, Sketch) or self.distribution in (uniform, synflow)

    def __str__(self) -> str:
        size = f"γ = {self.gamma:g}" if self.per == "active" else f"{self.gamma:g} per pruned"
        return f"{name_of(self.distribution)} sample, {size}"


def _endpoints(weight: Float, m: int, rng: np.random.Generator) -> Index:
    """m units drawn with probability ∝ weight; uniformly where every weight is 0, as in a dead layer."""
    cumulative = np.cumsum(weight if weight.any() else np.ones(weight.size))
    drawn, hints = np.empty(m, np.int32), np.empty(1 + np.clip(m, 4 * weight.size, 16 * weight.size), np.int32)
    fill_hints(cumulative, hints)
    for start in range(0, m, PIECE):
        piece = drawn[start : start + PIECE]
        draw(cumulative, hints, rng.random(piece.size), piece)
    return drawn


def gse_flops(f_S: float, ΔT: float, S: float) -> float:
    """3 f_S + 2 |S|/(ΔT + 1)"""
    return 3 * f_S + 2 * S / (ΔT + 1)


GSE_UNIFORM = Method(
    name="gse-uniform",
    paper="Heddes et al. 2024, arXiv:2401.06898",
    summary="grows the largest gradients of a uniform sample",
    flops=gse_flops,
    prune=magnitude,
    candidates=GuidedSample(uniform),
    score=gradient,
    schedule=Cosine(alpha=0.2, every=1000, until=0.75),
    round="ceil",
    order="grow_then_prune",
    regrow_pruned=False,
)


def _guided(distribution: Distribution, summary: str) -> Method:
    name = f"gse-{name_of(distribution)}"
    return replace(GSE_UNIFORM, name=name, summary=summary, candidates=GuidedSample(distribution))


GSE_SYNFLOW = _guided(synflow, "… of a sample guided by the flow through absolute weights")
GSE_GRABO = _guided(grabo, "… of a sample guided by the gradient's L1 bound")
GSE_GRAEST = _guided(graest, "… of a sample guided by the gradient's AMS sketch")
GSE_L2 = _guided(l2, "… of a sample guided by the gradient's L2 bound (ours)")
GSE_2022 = replace(
    GSE_GRABO,
    name="gse-2022",
    paper="Anonymous 2022, Memory efficient dynamic sparse training",
    summary="the earlier paper: prunes and grows among all layers",
    candidates=GuidedSample(grabo, 10, "pruned"),
    scope="global",
    order="prune_then_grow",  # |S| is counted from |P|
    schedule=Cosine(alpha=0.2, every=1000, until=0.6),
)
