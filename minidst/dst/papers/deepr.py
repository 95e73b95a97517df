"""DEEP R, deep rewiring (Bellec et al. 2018, arXiv:1711.05136).

Every position (i, j) has a fixed sign s, with or without a connection, and a connection's weight is s·θ with θ ≥ 0.
After every optimizer step, for all connections:
1. θ ← θ − ηα + √(2ηT)·ν, ν ~ N(0, 1): an L1 drift towards 0, and noise that explores.
2. Drop every connection with θ < 0: the step would have changed its sign.
3. Grow as many in the same layer, at positions drawn uniformly (those just dropped among them), with θ = 1e-12. A
   connection that the loss pulls the wrong way is dropped after the next step; any other grows.

So no weight is large when it is dropped. By hand, ηα = .01 and T = 0: weights .5 −.2 .005 of signs + − + become .49
−.19 −.005. The last has changed its sign and is dropped; one of the layer's free positions, its own among them, starts
at 1e-12 with that position's sign.

Signs need no memory: s is one bit of a hash of the key i·n_in + j, the key-th output of a SplitMix64 generator (Steele
et al. 2014) whose seed is the layer's salt. There is no schedule but that of η.

The drift over a whole training, Σηα, sets how much is rewired, and has to match the size of a weight. In the authors'
MNIST script it is 0.3: α = 1e-5, noise as large as the drift (T = ηα²/2), η = 0.5 and 55 000 steps;
`Rewiring(l1=1e-5, temperature=2.5e-11)`. In our 1350 steps on digits from η = 0.1 the same α gives Σηα = 0.001, an all
but static network (95 % at a density of 2 %, static 96 %). The defaults α = 3e-3, T = 5e-7 give 0.3 there (97 %).
Longer training needs a smaller α, in proportion.

Their script uses plain SGD; with momentum, a dropped connection loses its velocity. They count θ = 0 as dead; here a
connection is dropped only below 0.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.random import Generator

from ...kernels.arrays import Float, Offset
from ...nn.network import Network
from ..grow import GrowthContext, random_absent
from ..method import Batches, Exchange, Method

BORN = 1e-12


def signs(keys: Offset, salt: Any, dtype: Any) -> Float:
    """±1 for every key, (keys.size,): the top bit of SplitMix64's output number `key` from seed `salt`, a uint64."""
    z = keys.astype(np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += salt
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.where(z >> np.uint64(63), -1, 1).astype(dtype)


def take_sides(net: Network, batches: Batches, rng: Generator) -> None:
    """w ← s·|w|, with a salt for each layer drawn once and kept in `net.memory["deepr.salt"]`."""
    if "deepr.salt" not in net.memory:
        net.memory["deepr.salt"] = rng.integers(2**64, size=len(net.sparse), dtype=np.uint64)
    for layer, salt in zip(net.sparse, net.memory["deepr.salt"], strict=True):
        w = layer.weight.values
        w[:] = np.abs(w) * signs(layer.W.keys(), salt, w.dtype)


@dataclass(frozen=True)
class Rewiring:
    """Steps 1 to 3. l1: α; temperature: T. Raises ValueError if one is negative."""

    l1: float = 3e-3
    temperature: float = 5e-7

    def __post_init__(self) -> None:
        if not (self.l1 >= 0 and self.temperature >= 0):
            raise ValueError(f"l1 {self.l1} and temperature {self.temperature} must not be negative")

    def __call__(self, net: Network, lr: float, rng: Generator) -> Exchange:
        """After one step of size η = lr; every layer keeps its number of connections."""
        done = Exchange()
        for layer, salt in zip(net.sparse, net.memory["deepr.salt"], strict=True):
            w, keys = layer.weight.values, layer.W.keys()
            s = signs(keys, salt, w.dtype)
            w -= w.dtype.type(lr * self.l1) * s
            if self.temperature:
                w += w.dtype.type(sqrt(2 * lr * self.temperature)) * rng.standard_normal(w.size).astype(w.dtype)
            dead = np.flatnonzero(w * s < 0)
            if dead.size:
                context = GrowthContext.of(layer, net, np.delete(keys, dead))
                born = random_absent(context, dead.size, rng)
                layer.rewire(dead, born, BORN * signs(born, salt, w.dtype))
                done = done.plus(Exchange(dead.size, born.size, born.size))
        return done


DEEPR = Method(
    name="deepr",
    paper="Bellec et al. 2018, arXiv:1711.05136",
    summary="drops weights that would change sign, at once grows others",
    begin=take_sides,
    after_step=Rewiring(),
    skip_optimizer_step=False,
)
