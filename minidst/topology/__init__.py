"""Which connections exist: how many in each layer, which ones at the start, and the one way to change them."""

from .allocate import KINDS, Kind, allocate, deal
from .graphs import bernoulli, constant_fan_in, distinct, gnm
from .rewire import carry, rewire

__all__ = ["KINDS", "Kind", "allocate", "bernoulli", "carry", "constant_fan_in", "deal", "distinct", "gnm", "rewire"]
