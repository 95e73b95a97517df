"""Sweeps: a study, a grid of settings × seeds, is run trial by trial into a file of results."""

from .results import Results
from .scheduler import Cluster, Here, Local, Pool, estimate, sweep
from .settings import Settings
from .study import Study, find, load_study, shipped
from .trial import Trial, run_trial

__all__ = ["Cluster", "Here", "Local", "Pool", "Results", "Settings", "Study", "Trial", "estimate", "find",
           "load_study", "run_trial", "shipped", "sweep"]  # fmt: skip
