"""Which connections exist: how many in each layer, which ones at the start, and the one way to change them."""

from .._support.deprecated import renamed
from .allocate import KINDS, Kind, allocate, apportion
from .graphs import bernoulli, constant_fan_in, distinct, gnm
from .rewire import carry, rewire

__all__ = [
    "KINDS", "Kind", "allocate", "apportion", "bernoulli", "carry", "constant_fan_in", "distinct", "gnm", "rewire",
]  # fmt: skip

__getattr__ = renamed("minidst.topology", {"deal": "minidst.topology.allocate.apportion"})
