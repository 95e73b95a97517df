"""The three ways to store a sparse matrix: frozen values, validated when they are made."""

from .._support.deprecated import renamed
from .condensed import Condensed
from .coo import COO
from .csc import CSCView
from .csr import CSR
from .sparse import Sparse, Transpose

FORMATS: dict[str, type[Sparse]] = {"coo": COO, "csr": CSR, "condensed": Condensed}
"""The formats by the names that `mlp(format=…)` and the command line accept."""

__all__ = ["COO", "CSR", "FORMATS", "CSCView", "Condensed", "Sparse", "Transpose"]

__getattr__ = renamed("minidst.formats", {"Columns": "minidst.formats.csc.CSCView"})
