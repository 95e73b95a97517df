"""Sweeps: a study's grid of settings × seeds, each run a row in a file that nothing can lose it from."""

from .estimate import estimate
from .executors import Cluster, Here, Local, Pool
from .results import Results
from .scheduler import sweep
from .settings import Settings
from .shipped import find, shipped
from .study import Study, load_study
from .trial import Trial, measure

__all__ = ["Cluster", "Here", "Local", "Pool", "Results", "Settings", "Study", "Trial", "estimate", "find",
           "load_study", "measure", "shipped", "sweep"]  # fmt: skip
