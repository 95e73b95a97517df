"""The theorems, each with a check that counts, enumerates or measures what its closed form says.

`minidst verify` runs the checks outside of pytest. No other package uses `minidst.theory`.
"""

from importlib import import_module

from .theorem import Counted, Theorem

NAMES = (
    "grabo_bound", "graest_variance", "four_wise_signs", "output_norm_variance", "init_gain", "erk_densities",
    "sampling_coverage", "gse_limits", "cosine_schedule", "train_flops", "condensed_product", "synflow_conservation",
    "snip_saliency", "expected_itop", "rewiring", "adjoint_gap",
)  # fmt: skip
THEOREMS: dict[str, Theorem] = {name: import_module(f".{name}", __name__).THEOREM for name in NAMES}
"""In the order of proofs/README.md, each from the file of its name."""

__all__ = ["THEOREMS", "Counted", "Theorem"]
