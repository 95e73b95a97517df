"""Layers and arrays of small whole numbers: float64 sums and products of them are exact, so tests may say ==."""

import numpy as np
from hypothesis import settings

from minidst.formats import FORMATS
from minidst.nn import Dropout, LeakyReLU, Linear, ReLU, SparseLinear
from minidst.topology import constant_fan_in, gnm

checked = settings(deadline=None, max_examples=40)  # the first example compiles


def whole(rng, *shape, dtype=np.float64):
    """Whole numbers from −3 to 3."""
    return rng.integers(-3, 4, shape).astype(dtype)


def away_from_zero(rng, *shape):
    """Whole numbers from −3 to 3 without 0, where ReLU has its kink."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def normal(rng, *shape, dtype=np.float64):
    """Not whole at all: for tests that allow for rounding."""
    return rng.standard_normal(shape).astype(dtype)


def sparse_layer(format, n_out, n_in, k, rng, dtype=np.float64, numbers=whole):
    """A SparseLinear with n_out·k connections anywhere, or k in each row if the format needs that. Some may be 0."""
    keys = constant_fan_in(n_out, n_in, k, rng) if format == "condensed" else gnm(n_out, n_in, n_out * k, rng)
    rows, cols = (part.astype(np.int32) for part in np.divmod(keys, n_in))
    W = FORMATS[format].from_connections((n_out, n_in), rows, cols, numbers(rng, rows.size, dtype=dtype))
    return SparseLinear(W, numbers(rng, n_out, dtype=dtype))


class HeldDropout(Dropout):
    """Dropout whose mask is the same at every forward pass, and that is on."""

    def __init__(self, p, seed):
        super().__init__(p, np.random.default_rng(seed))
        self.seed = seed

    def forward(self, X, training=False):
        self.rng = np.random.default_rng(self.seed)
        return super().forward(X, training=True)


WEIGHTED = ["coo", "csr", "condensed", "linear"]
KINDS = [*WEIGHTED, "relu", "leaky", "dropout"]


def layer_of(kind, n_out, n_in, k, rng, numbers=whole):
    """One layer of each kind the package has; the layers without weights keep n_in outputs."""
    if kind in FORMATS:
        return sparse_layer(kind, n_out, n_in, k, rng, numbers=numbers)
    if kind == "linear":
        return Linear(numbers(rng, n_out, n_in), numbers(rng, n_out))
    return {"relu": ReLU(), "leaky": LeakyReLU(0.25), "dropout": HeldDropout(0.75, int(rng.integers(99)))}[kind]
