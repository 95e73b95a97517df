"""The theorems, each with a check that counts, enumerates or measures what its closed form says.

`minidst verify` runs them all, outside of pytest. The only part of the house that imports `minidst.theory`.
"""

from .expected_itop import THEOREM as EXPECTED_ITOP
from .four_wise_signs import THEOREM as FOUR_WISE_SIGNS
from .grabo_bound import THEOREM as GRABO_BOUND
from .graest_variance import THEOREM as GRAEST_VARIANCE
from .gse_limits import THEOREM as GSE_LIMITS
from .sampling_coverage import THEOREM as SAMPLING_COVERAGE
from .theorem import Counted, Theorem

THEOREMS = {
    theorem.name: theorem
    for theorem in (
        GRABO_BOUND,
        GRAEST_VARIANCE,
        FOUR_WISE_SIGNS,
        SAMPLING_COVERAGE,
        GSE_LIMITS,
        EXPECTED_ITOP,
    )
}
"""In the order of proofs/README.md."""

__all__ = ["THEOREMS", "Counted", "Theorem"]
