"""Layers and arrays of small whole numbers: float64 sums and products of them are exact, so tests may say ==."""

import numpy as np
from hypothesis import settings

from minidst.formats import COO, CSR, Condensed
from minidst.nn import Dropout, LeakyReLU, Linear, ReLU, SparseLinear
from minidst.topology import constant_fan_in

FORMATS = {"coo": COO, "csr": CSR, "condensed": Condensed}
checked = settings(deadline=None, max_examples=40)  # the first example compiles


def whole(rng, *shape, dtype=np.float64):
    """Whole numbers from −3 to 3."""
    return rng.integers(-3, 4, shape).astype(dtype)


def away_from_zero(rng, *shape):
    """Whole numbers from −3 to 3 without 0, where ReLU has its kink."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def sparse_layer(format, n_out, n_in, k, rng, dtype=np.float64):
    """A SparseLinear with k inputs for each output, which every format can hold. Weights may be 0."""
    rows, cols = np.divmod(constant_fan_in(n_out, n_in, k, rng), n_in)
    W = FORMATS[format].from_connections(
        (n_out, n_in), rows.astype(np.int32), cols.astype(np.int32), whole(rng, rows.size, dtype=dtype)
    )
    return SparseLinear(W, whole(rng, n_out, dtype=dtype))


class HeldDropout(Dropout):
    """Dropout whose mask is the same at every forward pass, and that is on."""

    def __init__(self, p, seed):
        super().__init__(p, np.random.default_rng(seed))
        self.seed = seed

    def forward(self, X, training=False):
        self.rng = np.random.default_rng(self.seed)
        return super().forward(X, training=True)


KINDS = ["coo", "csr", "condensed", "linear", "relu", "leaky", "dropout"]


def layer_of(kind, n_out, n_in, k, rng):
    """One layer of each kind the package has; the layers without weights keep n_in outputs."""
    if kind in FORMATS:
        return sparse_layer(kind, n_out, n_in, k, rng)
    if kind == "linear":
        return Linear(whole(rng, n_out, n_in), whole(rng, n_out))
    return {"relu": ReLU(), "leaky": LeakyReLU(0.25), "dropout": HeldDropout(0.75, int(rng.integers(99)))}[kind]
