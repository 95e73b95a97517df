"""Reports: tables and pictures of the results of a sweep."""

from .critical_difference import critical_difference
from .curves import curves
from .grouped import Cell, Report, read
from .pareto_front import front
from .ranks import Ranks, nemenyi, ranked
from .similarity import similarity
from .table import as_csv, as_latex, as_text

__all__ = ["Cell", "Ranks", "Report", "as_csv", "as_latex", "as_text", "critical_difference", "curves", "front",
           "nemenyi", "ranked", "read", "similarity"]  # fmt: skip
