"""Pruning: a criterion scores every active connection, and the lowest are dropped, in a layer or in a whole network.

Each criterion takes θ and ∇, (nnz,) each, the weights and the batch gradient of the active connections, and returns
(nnz,) scores ≥ 0. Source of the survey and of the names: Nowak et al. 2023, "Fantastic weights and how to find them:
where to prune in dynamic sparse training", arXiv:2306.12230, section 3.2.
"""

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import Literal

import numpy as np

from ..formats import CSR
from ..kernels.arrays import Float, Offset
from ..kernels.radix_sort import by_magnitude, ranks_by_sign
from ..kernels.select import k_largest
from ..nn.linear import Linear, SparseLinear
from ..nn.network import Network

Criterion = Callable[[Float, Float, np.random.Generator], Float]
"""(θ, ∇, rng) → scores; most criteria have no use for rng and may be called without it."""

Round = Literal["floor", "ceil", "nearest"]
ROUNDS: dict[Round, Callable[[float], int]] = {"floor": floor, "ceil": ceil, "nearest": round}
NUDGE: dict[Round, float] = {"floor": 1 + 1e-12, "ceil": 1 - 1e-12, "nearest": 1}


def magnitude(theta: Float, grad: Float | None = None, rng: np.random.Generator | None = None) -> Float:
    """s = |θ|."""
    return np.abs(theta)


def per_sign(theta: Float, grad: Float | None = None, rng: np.random.Generator | None = None) -> Float:
    """s = (1 + rank of |θ| among weights of its sign)/(number of them): the fraction ζ at which it would be dropped.

    Dropping every s ≤ ζ drops exactly ⌊ζ·n₊⌋ of the smallest positive and ⌊ζ·n₋⌋ of the largest negative weights, as
    SET does (Mocanu et al. 2018). A weight of exactly 0 counts as positive.
    """
    scores = np.empty(theta.size)
    ranks_by_sign(theta, by_magnitude(theta), scores)
    return scores


def mest(theta: Float, grad: Float, rng: np.random.Generator | None = None, lam: float = 1.0) -> Float:
    """s = |θ| + λ|∇|   (Yuan et al. 2021)."""
    _aligned(theta, grad)
    return np.abs(theta) + lam * np.abs(grad)


def snip(theta: Float, grad: Float, rng: np.random.Generator | None = None) -> Float:
    """s = |θ|·|∇|: to first order, how much the loss changes when the connection goes (Lee et al. 2019)."""
    _aligned(theta, grad)
    return np.abs(theta) * np.abs(grad)


def sensitivity(theta: Float, grad: Float, rng: np.random.Generator | None = None) -> Float:
    """s = |∇|/|θ|   (Naji et al. 2021); ∞ for θ = 0 with a gradient, 0 where both are 0."""
    _aligned(theta, grad)
    return _ratio(np.abs(grad), np.abs(theta))


def reciprocal_sensitivity(theta: Float, grad: Float, rng: np.random.Generator | None = None) -> Float:
    """s = |θ|/|∇|; ∞ for a weight without gradient, 0 where both are 0."""
    _aligned(theta, grad)
    return _ratio(np.abs(theta), np.abs(grad))


def random(theta: Float, grad: Float | None, rng: np.random.Generator) -> Float:
    """s ~ U[0, 1): the control that any criterion must beat."""
    return rng.random(theta.size)


CRITERIA: dict[str, Criterion] = {
    "magnitude": magnitude, "per_sign": per_sign, "mest": mest, "snip": snip, "sensitivity": sensitivity,
    "reciprocal_sensitivity": reciprocal_sensitivity, "random": random,
}  # fmt: skip


def how_many(criterion: Criterion, theta: Float, fraction: float, rounding: Round) -> int:
    """k = ⌊α_t·nnz⌋ (or rounded otherwise); under `per_sign` the sum of one such number for each sign."""
    negative = int((theta < 0).sum())
    if criterion is not per_sign:
        return to_integer(fraction * theta.size, rounding)
    return to_integer(fraction * (theta.size - negative), rounding) + to_integer(fraction * negative, rounding)


def to_integer(x: float, rounding: Round) -> int:
    """⌊x⌋, ⌈x⌉ or the nearest, as if x had no rounding error: .29·100 is 28.999…96 and means 29."""
    return ROUNDS[rounding](x * NUDGE[rounding])


def prune_globally(net: Network, scores: Sequence[Float], keep: int) -> None:
    """Keep the `keep` highest scores of all layers together; weights, biases and optimizer state stay as they are.

    scores: one array per weight layer, aligned to its weight's entries (n_out·n_in of a dense layer, in row-major
    order, or nnz of a sparse one). A dense layer becomes a SparseLinear in CSR; ties go to the earlier layer and
    entry. A layer may be left without any connection: that is what its scores say.
    """
    sizes = [score.size for score in scores]
    kept = k_largest(np.concatenate([score.reshape(-1) for score in scores]), keep)
    ends = np.cumsum(sizes)
    parts = np.split(kept, np.searchsorted(kept, ends)[:-1])
    for layer, part, start in zip(net.weighted, parts, ends - sizes, strict=True):
        chosen = part - start
        if isinstance(layer, SparseLinear):
            layer.rewire(np.delete(np.arange(layer.W.nnz), chosen), np.empty(0, np.int64))
        else:
            net.layers[net.layers.index(layer)] = sparse_part(layer, chosen)


def sparse_part(layer: Linear, keys: Offset) -> SparseLinear:
    """The connections i·n_in + j = `keys` (sorted) of a dense layer, as a sparse one with the same bias."""
    rows, cols = np.divmod(keys, layer.shape[1])
    values = layer.weight.values.reshape(-1)[keys]
    W = CSR.from_connections(layer.shape, rows.astype(np.int32), cols.astype(np.int32), values)
    sparse = SparseLinear(W)
    sparse.bias = layer.bias
    sparse.weight.state = {name: array[keys] for name, array in layer.weight.state.items()}
    sparse.weight.steps = layer.weight.steps
    return sparse


def _aligned(theta: Float, grad: Float) -> None:
    if np.shape(theta) != np.shape(grad):
        raise ValueError(f"grad has shape {np.shape(grad)} and theta {np.shape(theta)}; "
                         "give the gradient of each weight, as backward leaves it")  # fmt: skip


def _ratio(numerator: Float, denominator: Float) -> Float:
    """a/b with 0/0 = 0 and a/0 = ∞."""
    ratio = np.where(numerator > 0, np.inf, 0).astype(numerator.dtype)
    with np.errstate(over="ignore"):  # a quotient too large for its type is ∞ too
        return np.divide(numerator, denominator, out=ratio, where=denominator > 0)
