"""d_l = min(1, ε·r_l): densities of layers from one budget, in proportion to their Erdős-Rényi(-Kernel) ratios.

Mocanu et al. 2018 (ER), Evci et al. 2020 (RigL), arXiv:1911.11134, section 3(1) (ERK); proofs/erk_densities.md.
"""

from collections.abc import Sequence
from math import prod
from typing import Literal

import numpy as np

from .._support.validation import check_choice, check_interval, is_integer, quoted
from .arrays import Array, Number

Kind = Literal["uniform", "er", "erk"]
Shapes = Sequence[tuple[int, ...]]
"""(n_out, n_in) or (n_out, n_in, k_h, k_w) of every layer."""


def erk_densities(shapes: Shapes, density: Number, kind: Kind = "erk") -> Array:
    """d_l = min(1, ε·r_l), and Σ_l d_l·N_l = density·Σ_l N_l. Returns (L,), Fractions if density is one.

    r_l = 1 (uniform), (n_in + n_out)/(n_in·n_out) (er), (n_in + n_out + k_h + k_w)/(n_in·n_out·k_h·k_w) (erk).
    """
    scale = erk_scale(shapes, density, kind)
    return np.array([min(1, scale * raw_weight(shape, kind) / prod(shape)) for shape in shapes])


def erk_scale(shapes: Shapes, density: Number, kind: Kind = "erk") -> Number:
    """ε = max_D (B − Σ_{l∈D} N_l)/Σ_{l∉D} r_l·N_l, B = density·Σ_l N_l, over sets D ≠ all of layers.

    Only the 0, 1, …, L − 1 layers with the largest r_l need to be tried as D. Raises ValueError for a density outside
    (0, 1].
    """
    check_interval("density", density, "(0, 1]", "1 is the dense network")
    check_choice("kind", kind, ("uniform", "er", "erk"))
    if not shapes or not all(len(shape) in (2, 4) and all(map(is_integer, shape)) for shape in shapes):
        raise ValueError(f"shapes {quoted(shapes)} must be (n_out, n_in) or (n_out, n_in, k_h, k_w), one or more")
    ratio = {shape: raw_weight(shape, kind) / prod(shape) for shape in shapes}
    fullest_first = sorted(shapes, key=lambda shape: -ratio[shape])
    left, weight, scales = density * sum(map(prod, shapes)), sum(raw_weight(s, kind) for s in shapes), []
    for shape in fullest_first:
        scales.append(left / weight)
        left, weight = left - prod(shape), weight - raw_weight(shape, kind)
    return max(scales)


def raw_weight(shape: tuple[int, ...], kind: Kind) -> int:
    """r_l·N_l, a layer's connections divided by ε: n_in + n_out + k_h + k_w for erk."""
    n_out, n_in, *kernel = shape
    return {"uniform": prod(shape), "er": (n_in + n_out) * prod(kernel), "erk": n_in + n_out + sum(kernel)}[kind]
