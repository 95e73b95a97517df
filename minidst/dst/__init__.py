"""How a topology evolves: a method is a record, its paper is one file in `papers/`."""

from . import grow, prune, score
from .exchange import exchange
from .grow import Site, all_absent, random_absent
from .method import Exchange, Method, from_init, zeros
from .micro import update_in_parts
from .papers.gse import GuidedSample
from .registry import METHODS, method
from .schedule import Constant, Cosine, Linear, Schedule
from .score import Score, gradient, textbook_gradient
from .update import exchange_globally, update

__all__ = [
    "METHODS",
    "Constant",
    "Cosine",
    "Exchange",
    "GuidedSample",
    "Linear",
    "Method",
    "Schedule",
    "Score",
    "Site",
    "all_absent",
    "exchange",
    "exchange_globally",
    "from_init",
    "gradient",
    "grow",
    "method",
    "prune",
    "random_absent",
    "score",
    "textbook_gradient",
    "update",
    "update_in_parts",
    "zeros",
]
