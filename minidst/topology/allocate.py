"""How many connections each layer gets from one budget."""

from collections.abc import Sequence
from math import prod
from typing import Literal

import numpy as np

from .._support.validation import INT32_MAX, check_choice, check_integer, check_interval, is_size, quoted
from ..kernels.arrays import Offset

Kind = Literal["uniform", "er", "erk"]
KINDS: tuple[Kind, ...] = ("uniform", "er", "erk")


def allocate(shapes: Sequence[tuple[int, ...]], density: float, kind: Kind = "erk") -> list[int]:
    """nnz_l = min(N_l, ε·r_l·N_l), ε such that Σ_l nnz_l = round(density · Σ_l N_l), exactly.

    r_l = 1 (uniform), (n_in + n_out)/(n_in·n_out) (ER, Mocanu et al. 2018) or, for a kernel,
    (n_in + n_out + k_w + k_h)/(n_in·n_out·k_w·k_h) (ERK, Evci et al. 2020, section 3(1)). A layer that would pass
    density 1 becomes dense and ε is solved again for the others, until no layer passes it; counts are rounded by
    largest remainder, so none of the budget is lost.

    shapes: (n_out, n_in) or (n_out, n_in, k_h, k_w) of every layer; density: in (0, 1].
    Raises ValueError for an unknown kind, a density outside (0, 1], or one that leaves a layer without connections.
    """
    check_choice("allocation", kind, KINDS)
    if not isinstance(shapes, Sequence) or not shapes or not all(map(_is_shape, shapes)):
        raise ValueError(f"shapes {quoted(shapes)} must be of at least one layer, each (n_out, n_in) or (n_out, n_in, "
                         f"k_h, k_w), whole numbers from 1 to {INT32_MAX}")  # fmt: skip
    check_interval("density", density, "(0, 1]", "1 is the dense network")
    sizes, ratios = np.empty(len(shapes), np.int64), np.ones(len(shapes))
    for l, shape in enumerate(shapes):
        sizes[l] = prod(map(int, shape))
        if kind != "uniform":
            ends = tuple(map(int, shape if kind == "erk" else shape[:2]))  # ER looks at inputs and outputs only
            ratios[l] = sum(ends) / prod(ends)
    weights = ratios * sizes
    counts = _largest_remainder(_capped_shares(weights, sizes, round(density * int(sizes.sum()))), sizes)
    if counts.min() < 1:
        layer = int(counts.argmin())
        size = "×".join(map(str, shapes[layer]))
        advice = f"raise density to ≥ {_least_density(weights, sizes):.2g}"
        if kind != "uniform" and _least_density(sizes.astype(float), sizes) <= density:
            advice += ' or use allocation="uniform"'
        raise ValueError(f"density {density:g} leaves layer {layer} ({size}) with 0 connections; {advice}")
    return list(map(int, counts))


def apportion(total: int, weights: np.ndarray, room: Offset) -> Offset:
    """Whole numbers min(room_l, ε·w_l) with the ε that makes their sum `total`: shares ∝ w_l, none above its room.

    What a full layer cannot take goes to the others, again ∝ w_l; shares are rounded by largest remainder. A layer
    with w_l = 0 gets only what no other has room for. weights: (L,), ≥ 0 and finite; room: (L,).
    Raises ValueError if `total` is more than all the room.
    """
    weights, room = np.asarray(weights, np.float64), np.asarray(room, np.int64)
    check_integer("total", total, 0)
    if weights.shape != room.shape or not np.isfinite(weights).all() or weights.min(initial=0) < 0:
        raise ValueError(f"weights {quoted(weights)} must be one for each of {room.size} layers, ≥ 0 and finite")
    if total > room.sum():
        raise ValueError(f"{total} connections do not fit into layers with room for {room.sum()}; ask for fewer")
    least = 1e-12 * weights.max(initial=0) or 1.0
    return _largest_remainder(_capped_shares(np.maximum(weights, least), room, total), room)


def _is_shape(shape: object) -> bool:
    """Whether these are the sizes of a layer, whose places int64 can number."""
    if not isinstance(shape, tuple | list) or len(shape) not in (2, 4) or not all(map(is_size, shape)):
        return False
    return prod(map(int, shape)) < 2**62


def _capped_shares(weights: np.ndarray, sizes: Offset, budget: int) -> np.ndarray:
    """min(N_l, ε·w_l) with the ε that spends the budget. Each round caps at least one layer, so it ends."""
    dense = np.zeros(sizes.size, bool)
    while not dense.all():
        epsilon = (budget - sizes[dense].sum()) / weights[~dense].sum()
        passes = ~dense & (epsilon * weights > sizes)
        if not passes.any():
            break
        dense |= passes
    return np.where(dense, sizes, epsilon * weights)


def _largest_remainder(shares: np.ndarray, sizes: Offset) -> Offset:
    """Whole numbers with the same sum: round down, then give the rest to the largest fractions that have room."""
    counts = np.minimum(np.floor(shares + 1e-9), sizes).astype(np.int64)
    missing = round(float(shares.sum())) - int(counts.sum())
    fractions = np.where(counts < sizes, shares - counts, -1.0)
    counts[np.argsort(-fractions, kind="stable")[:missing]] += 1
    return counts


def _least_density(weights: np.ndarray, sizes: Offset) -> float:
    """The smallest density, in two digits and rounded up, that leaves every layer a connection."""
    budget = int(np.minimum(sizes, weights / weights.min()).sum())
    total = int(sizes.sum())

    def suffices(budget: int) -> bool:
        return bool(_largest_remainder(_capped_shares(weights, sizes, budget), sizes).min() >= 1)

    while not suffices(budget):
        budget += 1
    while budget > 1 and suffices(budget - 1):  # rounding may give a small share its connection sooner
        budget -= 1
    unit = 10.0 ** (np.floor(np.log10((budget - 0.5) / total)) - 1)
    digits = int(np.ceil((budget - 0.5) / total / unit - 1e-9))
    while round(float(f"{digits * unit:.2g}") * total) < budget:  # what is printed must do
        digits += 1
    return min(1.0, float(f"{digits * unit:.2g}"))
