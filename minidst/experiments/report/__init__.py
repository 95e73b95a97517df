"""Reports: tables and figures of the results of a sweep."""

from .figures import curves, front, similarity
from .grouped import Cell, Report, read
from .ranks import Ranks, critical_difference, nemenyi, ranked
from .table import as_csv, as_latex, as_text

__all__ = ["Cell", "Ranks", "Report", "as_csv", "as_latex", "as_text", "critical_difference", "curves", "front",
           "nemenyi", "ranked", "read", "similarity"]  # fmt: skip
