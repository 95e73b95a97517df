"""Guides of GSE's sample: a distribution f over a layer's inputs and g over its outputs, in O(n_in + n_out) numbers.

The product f_a·g_b estimates |∇_ab| = |Σ_i h_ai δ_bi|, and connection (a, b) is sampled in proportion to it. Source:
Heddes et al. 2024, appendix A (equation numbers from there). SynFlow, which needs no data, is in synflow.py.

By hand, h = (3, 4) and δ = (4, −3) over two samples: ∇ = 12 − 12 = 0. GraBo's bound is 7·7 = 49, l2's 5·5 = 25.
GraEst, s = (1, 1): |7|·|1|; s = (1, −1): |−1|·|7|. Before the absolute value these are 7 and −7, on average 0 = ∇.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....kernels import sketch
from ....kernels.arrays import Float
from ...grow import GrowthContext

Distribution = Callable[[GrowthContext, np.random.Generator], tuple[Float, Float]]
"""(context, rng) → f over inputs (n_in,) and g over outputs (n_out,), float64, up to a factor."""

Signs = Callable[[int, np.random.Generator], Float]
"""(B, rng) → ±1 for each of B samples, (B,) float64."""


def rademacher(B: int, rng: np.random.Generator) -> Float:
    """s_b = ±1, independent: B draws."""
    return np.where(rng.random(B) < 0.5, -1.0, 1.0)


def four_wise(B: int, rng: np.random.Generator) -> Float:
    """s_b = ±1, any four of them independent: GraEst's mean and variance need no more. Four draws."""
    s = np.empty(B)
    sketch.four_wise(rng.integers(2**sketch.EXPONENT - 1, size=4), sketch.EXPONENT, s)
    return s


@dataclass(frozen=True)
class Sketch:
    """f = finish(Σ_b term(h_b)) and g = finish(Σ_b term(δ_b)): a Distribution whose batch may come in parts.

    kernel: adds Σ_b term to its last argument; signs: factors of the samples, if any.
    """

    name: str
    kernel: Callable[..., None]
    finish: Callable[[Float], Float] = np.abs
    signs: Signs | None = None

    def __call__(self, context: GrowthContext, rng: np.random.Generator) -> tuple[Float, Float]:
        """(f, g) of the context's batch."""
        tally = Tally(self, context.shape, context.X.shape[1], rng)
        tally.add(context.X, context.DY)
        return tally.finished()

    def __str__(self) -> str:
        return self.name


class Tally:
    """The sums of a sketch over a batch of B samples that comes in parts: O(n_in + n_out + B) memory.

    Each sample has its own sign. Using the same signs for every part, as the reference code does, biases the estimate
    by the products of samples of different parts that share a sign.
    """

    def __init__(self, sketch: Sketch, shape: tuple[int, int], B: int, rng: np.random.Generator) -> None:
        self.sketch = sketch
        self.f, self.g = np.zeros(shape[1]), np.zeros(shape[0])
        self.signs = sketch.signs(B, rng) if sketch.signs else None

    def add(self, X: Float, DY: Float) -> None:
        """Another part of the batch. X: (n_in, b); DY: (n_out, b)."""
        arguments: list[Float] = []
        if self.signs is not None:
            arguments, self.signs = [self.signs[: X.shape[1]]], self.signs[X.shape[1] :]
        self.sketch.kernel(X, *arguments, self.f)
        self.sketch.kernel(DY, *arguments, self.g)

    def finished(self) -> tuple[Float, Float]:
        """(f, g) of all parts together."""
        return self.sketch.finish(self.f), self.sketch.finish(self.g)


grabo = Sketch("grabo", sketch.l1)
"""f ∝ |h|1, g ∝ |δ|1: the bound |∇| ≤ (|h|1)(|δ|1)ᵀ (equations 2 and 3)."""

l2 = Sketch("l2", sketch.squares, np.sqrt)
"""f_a ∝ ‖h_a‖₂, g_b ∝ ‖δ_b‖₂: |∇_ab| ≤ ‖h_a‖₂‖δ_b‖₂ ≤ |h_a|₁|δ_b|₁, tighter than GraBo at the same cost (ours)."""

graest = Sketch("graest", sketch.signed, signs=rademacher)
"""f ∝ |hs|, g ∝ |δs| with one random sign per sample, the same for h and δ: E[(hs)(δs)ᵀ] = hδᵀ (4 and 5)."""

graest_four_wise = Sketch("graest four-wise", sketch.signed, signs=four_wise)
"""GraEst with signs from four random numbers instead of B; the mean is off by less than |h|1|δ|1/2¹²¹."""


def uniform(context: GrowthContext, rng: np.random.Generator) -> tuple[Float, Float]:
    """f_a = 1/n_in, g_b = 1/n_out."""
    return np.ones(context.shape[1]), np.ones(context.shape[0])
