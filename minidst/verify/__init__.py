"""The theorems, each with a check that counts, enumerates or measures what its closed form says.

`minidst verify` runs the checks outside of pytest. No other package uses `minidst.theory`.
"""

from .adjoint_gap import THEOREM as ADJOINT_GAP
from .condensed_product import THEOREM as CONDENSED_PRODUCT
from .cosine_schedule import THEOREM as COSINE_SCHEDULE
from .erk_densities import THEOREM as ERK_DENSITIES
from .expected_itop import THEOREM as EXPECTED_ITOP
from .four_wise_signs import THEOREM as FOUR_WISE_SIGNS
from .grabo_bound import THEOREM as GRABO_BOUND
from .graest_variance import THEOREM as GRAEST_VARIANCE
from .gse_limits import THEOREM as GSE_LIMITS
from .init_gain import THEOREM as INIT_GAIN
from .output_norm_variance import THEOREM as OUTPUT_NORM_VARIANCE
from .rewiring import THEOREM as REWIRING
from .sampling_coverage import THEOREM as SAMPLING_COVERAGE
from .snip_saliency import THEOREM as SNIP_SALIENCY
from .synflow_conservation import THEOREM as SYNFLOW_CONSERVATION
from .theorem import Counted, Theorem
from .train_flops import THEOREM as TRAIN_FLOPS

# fmt: off
RECORDS = (
    GRABO_BOUND, GRAEST_VARIANCE, FOUR_WISE_SIGNS, OUTPUT_NORM_VARIANCE, INIT_GAIN, ERK_DENSITIES, SAMPLING_COVERAGE,
    GSE_LIMITS, COSINE_SCHEDULE, TRAIN_FLOPS, CONDENSED_PRODUCT, SYNFLOW_CONSERVATION, SNIP_SALIENCY, EXPECTED_ITOP,
    REWIRING, ADJOINT_GAP,
)
# fmt: on
THEOREMS = {theorem.name: theorem for theorem in RECORDS}
"""In the order of proofs/README.md."""

__all__ = ["THEOREMS", "Counted", "Theorem"]
