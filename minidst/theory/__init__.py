"""Closed forms of the papers' claims. `proofs/` derives them; tests and `minidst verify` check them.

A file here, one in `proofs/`, one in `minidst/verify/` and a test share each theorem's name. Functions use NumPy and
plain arithmetic, so where a formula is rational, `fractions.Fraction` arguments (or object arrays of them) give the
exact answer.
"""

from .adjoint_gap import adjoint_gap, difference_bound, linear_adjoint, linear_tangent
from .condensed_product import compaction, condense, condensed_product
from .cosine_schedule import cosine_schedule, gradual_schedule
from .erk_densities import erk_densities, erk_scale
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
from .init_gain import init_gain, outputs_without_input
from .output_norm_variance import output_norm_variance
from .rewiring import rewiring
from .sampling_coverage import guided_gamma, hit_probability, sampling_coverage, uniform_coverage, uniform_gamma
from .snip_saliency import grasp_saliency, removal, snip_saliency
from .synflow_conservation import synaptic_flow, synflow_conservation, synflow_scores
from .train_flops import amortising_interval, forward_flops, resnet50, rigl_overhead, train_flops

__all__ = [
    "adjoint_gap", "amortising_interval", "compaction", "condense", "condensed_product", "cosine_schedule",
    "difference_bound", "erk_densities", "erk_scale", "expected_itop", "expected_jaccard", "forward_flops",
    "four_wise_signs", "grabo_attained", "grabo_bound", "gradual_schedule", "graest_gap_bound", "graest_magnitude",
    "graest_magnitude_gap", "graest_mean", "graest_probability", "graest_variance", "grasp_saliency", "gse_limits",
    "guided_gamma", "hit_probability", "init_gain", "itop_variance", "jaccard_floor", "l2_bound", "linear_adjoint",
    "linear_tangent", "output_norm_variance", "outputs_without_input", "product_bound", "removal", "resnet50",
    "rewiring", "rigl_overhead", "sampling_coverage", "sketch_bias", "snip_saliency", "synaptic_flow",
    "synflow_conservation", "synflow_scores", "train_flops", "uniform_coverage", "uniform_gamma", "uniform_sample",
]  # fmt: skip
