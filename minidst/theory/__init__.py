"""Closed forms of what the papers claim: an oracle. `proofs/` derives them, tests check them, the rest never asks them.

A file here, a file in `proofs/`, one in `minidst/verify/` and a test share each theorem's name. Functions use NumPy and
plain arithmetic alone, so where a formula is rational, `fractions.Fraction` arguments (or object arrays of them) give
the exact answer.
"""

from .expected_itop import expected_itop, expected_jaccard, itop_variance, jaccard_floor
from .four_wise_signs import four_wise_signs, product_bound, sketch_bias
from .grabo_bound import grabo_attained, grabo_bound, l2_bound
from .graest_variance import (
    graest_gap_bound,
    graest_magnitude,
    graest_magnitude_gap,
    graest_mean,
    graest_probability,
    graest_variance,
)
from .gse_limits import gse_limits, uniform_sample
from .sampling_coverage import guided_gamma, hit_probability, sampling_coverage, uniform_coverage, uniform_gamma

__all__ = [
    "expected_itop",
    "expected_jaccard",
    "four_wise_signs",
    "grabo_attained",
    "grabo_bound",
    "graest_gap_bound",
    "graest_magnitude",
    "graest_magnitude_gap",
    "graest_mean",
    "graest_probability",
    "graest_variance",
    "gse_limits",
    "guided_gamma",
    "hit_probability",
    "itop_variance",
    "jaccard_floor",
    "l2_bound",
    "product_bound",
    "sampling_coverage",
    "sketch_bias",
    "uniform_coverage",
    "uniform_gamma",
    "uniform_sample",
]
