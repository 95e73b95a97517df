"""Closed forms of what the papers claim: an oracle. `proofs/` derives them, tests check them, the rest never asks them.

A file here, a file in `proofs/`, one in `minidst/verify/` and a test share each theorem's name. Functions use NumPy and
plain arithmetic alone, so where a formula is rational, `fractions.Fraction` arguments (or object arrays of them) give
the exact answer.
"""

from .cosine_schedule import cosine_schedule, gradual_schedule
from .erk_densities import erk_densities, erk_scale
from .grabo_bound import grabo_attained, grabo_bound, l2_bound
from .init_gain import init_gain, outputs_without_input
from .output_norm_variance import output_norm_variance

__all__ = [
    "cosine_schedule",
    "erk_densities",
    "erk_scale",
    "grabo_attained",
    "grabo_bound",
    "gradual_schedule",
    "init_gain",
    "l2_bound",
    "output_norm_variance",
    "outputs_without_input",
]
