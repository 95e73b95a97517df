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
from .train_flops import amortising_interval, forward_flops, resnet50, rigl_overhead, train_flops

__all__ = [
    "amortising_interval",
    "cosine_schedule",
    "erk_densities",
    "erk_scale",
    "forward_flops",
    "grabo_attained",
    "grabo_bound",
    "gradual_schedule",
    "init_gain",
    "l2_bound",
    "output_norm_variance",
    "outputs_without_input",
    "resnet50",
    "rigl_overhead",
    "train_flops",
]
