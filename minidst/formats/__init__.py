"""The three ways to store a sparse matrix: frozen values, validated at the door."""

from .columns import Columns
from .condensed import Condensed
from .coo import COO
from .csr import CSR
from .sparse import Sparse, Transpose

FORMATS: dict[str, type[Sparse]] = {"coo": COO, "csr": CSR, "condensed": Condensed}
"""The formats by the names that `mlp(format=…)` and the command line accept."""

__all__ = ["COO", "CSR", "FORMATS", "Columns", "Condensed", "Sparse", "Transpose"]
