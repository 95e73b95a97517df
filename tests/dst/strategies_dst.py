"""What the tests of `dst` draw from, and how they look at a layer. Weights, activations and gradients are small whole
numbers, so that ties abound and sums are exact.
"""

import numpy as np
from builders import rng, whole_layer
from hypothesis import settings
from hypothesis import strategies as st

from minidst import COO, CSR, METHODS
from minidst.dst import GrowthContext, exchange
from minidst.nn import Network
from minidst.topology import gnm

GROWING = [name for name, record in METHODS.items() if record.candidates]  # gradual, DEEP R: not at updates
LAYERWISE = [name for name in GROWING if not METHODS[name].update]  # an `update` of its own has tests of its own
FORMATS = {"coo": COO, "csr": CSR}
few = settings(max_examples=12)  # of whole trainings
seeds = st.integers(0, 2**32 - 1)
fractions = st.integers(0, 64).map(lambda a: a / 64)  # exact in floating point, so rounding is too


def update(layer, method, fraction, draw=None):
    """One update of one layer by itself: how many connections were exchanged."""
    return exchange(layer, method, fraction, draw or rng(), Network([layer])).grown


def active(layer):
    """The (n_out, n_in) matrix of which connections exist, as 0 and 1."""
    matrix = np.zeros(layer.shape, int)
    matrix[layer.W.connections()] = 1
    return matrix


def by_key(layer, array=None):
    """{key: number} of the layer's weights, or of another array aligned to its connections."""
    array = layer.weight.values if array is None else array
    return dict(zip(layer.W.keys().tolist(), array.tolist(), strict=True))


def column(*numbers):
    """A matrix of one column."""
    return [[number] for number in numbers]


def lists_of(least, most, length=4):
    """Layer sizes."""
    return st.lists(st.integers(least, most), min_size=2, max_size=length)


@st.composite
def whole_layers(draw, formats=("coo", "csr"), most=7, least_free=0):
    """A layer that `whole_layer` builds; full ones too unless `least_free` places are to be left."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    places = n_out * n_in
    nnz = draw(st.integers(min(1, places - least_free), max(0, places - least_free)))
    format = FORMATS[draw(st.sampled_from(formats))]
    return whole_layer((n_out, n_in), nnz, draw(st.integers(1, 4)), rng(draw(seeds)), format)


@st.composite
def contexts(draw, most=8):
    """A GrowthContext: from nothing excluded to everything, nearly full layers often."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    places, numbers = n_out * n_in, rng(draw(seeds))
    M = draw(st.one_of(st.integers(0, places), st.integers(max(0, places - 3), places)))
    B = draw(st.integers(1, 4))
    X, DY = (numbers.integers(-2, 3, (n, B)).astype(np.float32) for n in (n_in, n_out))
    return GrowthContext((n_out, n_in), gnm(n_out, n_in, M, numbers), X, DY)
