"""α_t = α/2·(1 + cos(πt/T_end)), the fraction of connections exchanged, and the sparsity of gradual pruning.

Evci et al. 2020 (RigL), arXiv:1911.11134, section 3(2); Zhu and Gupta 2018, arXiv:1710.01878, equation 1;
proofs/cosine_schedule.md.
"""

import numpy as np

from .._support.validation import as_array, check_integer, check_interval, quoted
from .arrays import Array, Number


def cosine_schedule(t: Array | float, T_end: float, alpha: float = 1.0) -> Number:
    """α_t = α/2·(1 + cos(πt/T_end)), from α at t = 0 through α/2 at T_end/2 to 0 at T_end, falling all the way.

    t: steps in [0, T_end], any shape. Raises ValueError for a step outside, where the cosine would rise again.
    """
    check_interval("T_end", T_end, "(0, ∞)", "it is the last step")
    check_interval("alpha", alpha, "(0, 1]", "it is a fraction of connections")
    steps = as_array("t", t)
    if steps.dtype.kind not in "iuf":
        raise ValueError(f"t {quoted(t)} has dtype {steps.dtype}; give steps as numbers in [0, {T_end}]")
    progress = steps / T_end
    _check_inside(progress, t, T_end)
    return alpha / 2 * (1 + np.cos(np.pi * progress))


def gradual_schedule(t: Number, n: Number, every: Number, s_f: Number, s_i: Number = 0, t_0: Number = 0) -> Number:
    """s_t = s_f + (s_i − s_f)(1 − (t − t₀)/(n·Δt))³, from s_i at t₀ to s_f at t₀ + n·Δt, rising if s_i < s_f.

    n: pruning updates; every: Δt, steps between them; s_i, s_f: first and last sparsity. A Fraction if t is one.
    Raises ValueError for a step outside [t₀, t₀ + n·Δt], where the cube would prune beyond s_f.
    """
    check_integer("n", n)
    check_interval("every", every, "(0, ∞)", "it is a number of steps")
    for name, s in (("s_f", s_f), ("s_i", s_i)):
        check_interval(name, s, "[0, 1]", "it is a sparsity")
    progress = (t - t_0) / (n * every)
    _check_inside(progress, t, t_0 + n * every)
    return s_f + (s_i - s_f) * (1 - progress) ** 3


def _check_inside(progress: Number, t: Number, end: Number) -> None:
    if not np.all((progress >= 0) & (progress <= 1)):
        raise ValueError(f"step {t} lies outside the schedule, which ends at {end}; there is no update there")
