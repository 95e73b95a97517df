"""Closed forms of what the papers claim: an oracle. `proofs/` derives them, tests check them, the rest never asks them.

A file here, a file in `proofs/`, one in `minidst/verify/` and a test share each theorem's name. Functions use NumPy and
plain arithmetic alone, so where a formula is rational, `fractions.Fraction` arguments (or object arrays of them) give
the exact answer.
"""

from .adjoint_gap import adjoint_gap, difference_bound, linear_adjoint, linear_tangent
from .condensed_product import compaction, condense, condensed_product
from .grabo_bound import grabo_attained, grabo_bound, l2_bound
from .rewiring import rewiring
from .snip_saliency import grasp_saliency, removal, snip_saliency
from .synflow_conservation import synaptic_flow, synflow_conservation, synflow_scores

__all__ = [
    "adjoint_gap",
    "compaction",
    "condense",
    "condensed_product",
    "difference_bound",
    "grabo_attained",
    "grabo_bound",
    "grasp_saliency",
    "l2_bound",
    "linear_adjoint",
    "linear_tangent",
    "removal",
    "rewiring",
    "snip_saliency",
    "synaptic_flow",
    "synflow_conservation",
    "synflow_scores",
]
