"""How a topology evolves: a method is a record (method.py), its paper is one file in `papers/`."""

from .._support.deprecated import CallableModule, renamed
from . import grow, prune, update
from .grow import GrowthContext, Score, all_absent, from_init, gradient, random_absent, textbook_gradient, zeros
from .method import Exchange, Method
from .papers.gse.gse import GuidedSample
from .papers.gse.micro_batches import micro_batched
from .registry import METHODS, method
from .schedule import Constant, Cosine, LinearDecay, Schedule
from .update import exchange, update_topology

__all__ = [
    "METHODS", "Constant", "Cosine", "Exchange", "GrowthContext", "GuidedSample", "LinearDecay", "Method",
    "Schedule", "Score", "all_absent", "exchange", "from_init", "gradient", "grow", "method", "micro_batched",
    "prune", "random_absent", "textbook_gradient", "update", "update_topology", "zeros",
]  # fmt: skip

RENAMED = {
    "Linear": "minidst.dst.schedule.LinearDecay", "Site": "minidst.dst.grow.GrowthContext",
    "exchange_globally": "minidst.dst.update.exchange_globally",
    "score": "minidst.dst.grow",
    "update_in_parts": "minidst.dst.papers.gse.micro_batches.update_in_parts",
}  # fmt: skip
__getattr__ = renamed("minidst.dst", RENAMED)
update.__class__ = CallableModule
