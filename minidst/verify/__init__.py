"""The theorems, each with a check that counts, enumerates or measures what its closed form says.

`minidst verify` runs them all, outside of pytest. The only part of the house that imports `minidst.theory`.
"""

from .cosine_schedule import THEOREM as COSINE_SCHEDULE
from .erk_densities import THEOREM as ERK_DENSITIES
from .grabo_bound import THEOREM as GRABO_BOUND
from .init_gain import THEOREM as INIT_GAIN
from .output_norm_variance import THEOREM as OUTPUT_NORM_VARIANCE
from .theorem import Counted, Theorem
from .train_flops import THEOREM as TRAIN_FLOPS

_RECORDS = (GRABO_BOUND, OUTPUT_NORM_VARIANCE, INIT_GAIN, ERK_DENSITIES, COSINE_SCHEDULE, TRAIN_FLOPS)
THEOREMS = {theorem.name: theorem for theorem in _RECORDS}
"""In the order of proofs/README.md."""

__all__ = ["THEOREMS", "Counted", "Theorem"]
