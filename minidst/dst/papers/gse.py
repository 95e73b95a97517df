"""GSE, guided stochastic exploration (Heddes et al. 2024, "Always-sparse training by growing connections with guided
stochastic exploration", arXiv:2401.06898; equation numbers from its appendix).

Every ΔT steps, in place of an optimizer step, in each layer (algorithm 2):
1. From one batch make a distribution f over the inputs and g over the outputs.
2. Draw ⌈γ|A|⌉ pairs, a ~ f and b ~ g; S is the distinct ones that are not active.
3. k = min(⌈α_t|A|⌉, |S|).
4. Grow the k of S with the largest |∇|; the gradient is evaluated on S and nowhere else.
5. Drop the k active ones with the smallest |θ|; having been active in step 2, they cannot have been grown.

Memory and time follow |A| and the number of units, never n_in·n_out. |S| = |G| makes it SET, S = W ∖ A makes it RigL.
The distributions differ in how well the product f_a·g_b guesses |∇_ab| = |Σ_i h_ai δ_bi|.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from ...kernels import sketch
from ...kernels.arrays import Float, Offset
from ..grow import Site, gradient
from ..method import Method
from ..prune import magnitude
from ..schedule import Cosine

Distribution = Callable[[Float, Float, np.random.Generator], tuple[Float, Float]]
"""(X, DY, rng) → f over inputs (n_in,) and g over outputs (n_out,), float64, up to a factor."""


def uniform(X: Float, DY: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """f_a = 1/n_in, g_b = 1/n_out."""
    return np.ones(X.shape[0]), np.ones(DY.shape[0])


def grabo(X: Float, DY: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """f ∝ |h|1, g ∝ |δ|1: the bound |∇| ≤ (|h|1)(|δ|1)ᵀ (equations 2 and 3)."""
    return _rows(sketch.l1, X), _rows(sketch.l1, DY)


def graest(X: Float, DY: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """f ∝ |hs|, g ∝ |δs| with one random sign per sample, the same for h and δ: E[(hs)(δs)ᵀ] = hδᵀ (4 and 5)."""
    s = np.where(rng.random(X.shape[1]) < 0.5, -1, 1).astype(X.dtype)
    return _rows(sketch.signed, X, s), _rows(sketch.signed, DY, s)


def l2(X: Float, DY: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """f_a ∝ ‖h_a‖₂, g_b ∝ ‖δ_b‖₂: |∇_ab| ≤ ‖h_a‖₂‖δ_b‖₂ ≤ |h_a|₁|δ_b|₁, tighter than GraBo at its cost (ours)."""
    return _rows(sketch.l2, X), _rows(sketch.l2, DY)


@dataclass(frozen=True)
class GuidedSample:
    """S = distinct{(a_m, b_m) : a_m ~ f, b_m ~ g, m = 1 … ⌈γ|A|⌉} ∖ A. gamma: γ > 0. O(n_in + n_out + |S|) memory."""

    distribution: Distribution
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.gamma < inf:
            raise ValueError(f"gamma {self.gamma} must be positive and finite: |S| is about gamma·|A|")

    def __call__(self, site: Site, k: int, rng: np.random.Generator) -> Offset:
        """The keys of S, sorted."""
        f, g = self.distribution(site.X, site.DY, rng)
        m = ceil(self.gamma * (site.taken.size if site.active is None else site.active))
        keys = _endpoints(g, m, rng)  # of (a, b): b·n_in + a, in place, for this is where GSE needs most memory
        keys *= site.shape[1]
        keys += _endpoints(f, m, rng)
        return site.without_taken(np.unique(keys))

    def __str__(self) -> str:
        return f"{self.distribution.__name__} sample, γ = {self.gamma:g}"


def _rows(kernel: Callable[..., None], H: Float, *signs: Float) -> Float:
    out = np.empty(H.shape[0])
    kernel(H, *signs, out)
    return out


def _endpoints(weight: Float, m: int, rng: np.random.Generator) -> Offset:
    """m units drawn with probability ∝ weight; uniformly where every weight is 0 (a dead layer tells nothing)."""
    cumulative = np.cumsum(weight if weight.any() else np.ones(weight.size))
    drawn: Offset = np.searchsorted(cumulative, rng.random(m) * cumulative[-1], side="right")
    drawn[drawn == weight.size] = np.searchsorted(cumulative, cumulative[-1])  # u·total can round up to the total
    return drawn


def _gse(distribution: Distribution, summary: str) -> Method:
    return Method(
        name=f"gse-{distribution.__name__}",
        paper="Heddes et al. 2024, arXiv:2401.06898",
        summary=summary,
        prune=magnitude,
        candidates=GuidedSample(distribution),
        score=gradient,
        schedule=Cosine(alpha=0.2, every=1000, until=0.75),
        round="ceil",
        regrow_pruned=False,
    )


GSE_UNIFORM = _gse(uniform, "grows the largest gradients of a uniform sample")
GSE_GRABO = _gse(grabo, "… of a sample guided by the gradient's L1 bound")
GSE_GRAEST = _gse(graest, "… of a sample guided by the gradient's AMS sketch")
GSE_L2 = _gse(l2, "… of a sample guided by the gradient's L2 bound (ours)")
