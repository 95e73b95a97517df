"""What the tests of `dst` draw from, and how they look at a layer. Weights, activations and gradients are small whole
numbers, so that ties abound and sums are exact.
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import naive
import numpy as np
from builders import rng, whole_layer
from hypothesis import settings
from hypothesis import strategies as st
from strategies import DTYPES

from minidst import COO, CSR, METHODS
from minidst.dst import GrowthContext, GuidedSample, exchange
from minidst.nn import SGD, Adam, Network, SparseLinear
from minidst.topology import gnm

GROWING = [name for name, record in METHODS.items() if record.candidates]  # gradual, DEEP R: not at updates
LAYERWISE = [name for name in GROWING if not METHODS[name].update]  # an `update` of its own has tests of its own
FORMATS = {"coo": COO, "csr": CSR}
few = settings(max_examples=25)  # of whole trainings, and of sums over everything
seeds = st.integers(0, 2**32 - 1)
dtypes, optimizers = st.sampled_from(DTYPES), st.sampled_from([SGD(), Adam()])
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


class _Spy(GuidedSample):
    def draw(self, context, k, f, g, draw):
        S = super().draw(context, k, f, g, draw)
        self.seen.append((f, g, S))
        return S


def spied(record):
    """(the record with a sample that writes down every f, g and S, the list of these)."""
    spy = _Spy(*vars(record.candidates).values())
    object.__setattr__(spy, "seen", [])
    return replace(record, candidates=spy), spy.seen


def in_order(layer):
    """The layer's keys, which are different, sorted and inside."""
    keys, (n_out, n_in) = layer.W.keys(), layer.shape
    assert (np.diff(keys) > 0).all()
    assert keys.size == 0 or (keys[0] >= 0 and keys[-1] < n_out * n_in)
    return keys


@contextmanager
def every_rewiring_watched():
    """What survives a change of topology keeps weight and state bit for bit; what is grown has no state."""
    rewire = SparseLinear.rewire

    def watched(layer, drop, born, born_values=0.0):
        staying = np.delete(layer.W.keys(), drop)
        before = {"weight": layer.weight.values, **layer.weight.state}
        before = {name: np.delete(array, drop).tobytes() for name, array in before.items()}
        rewire(layer, drop, born, born_values)
        keys = in_order(layer)
        assert keys.tolist() == sorted([*staying.tolist(), *born.tolist()])
        survives = np.isin(keys, staying)
        after = {"weight": layer.weight.values, **layer.weight.state}
        assert {name: array[survives].tobytes() for name, array in after.items()} == before
        assert not any(array[~survives].any() for array in layer.weight.state.values())

    with patch.object(SparseLinear, "rewire", watched):
        yield


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


def bare_context(n_out, n_in, excluded):
    """A GrowthContext in which only what is excluded matters."""
    return GrowthContext((n_out, n_in), np.asarray(excluded, np.int64), np.ones((n_in, 1)), np.ones((n_out, 1)))


def free_of(context):
    return naive.absent(context.shape[0] * context.shape[1], context.excluded.tolist())


@st.composite
def contexts(draw, most=8):
    """A GrowthContext: from nothing excluded to everything, nearly full layers often."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    places, numbers = n_out * n_in, rng(draw(seeds))
    M = draw(st.one_of(st.integers(0, places), st.integers(max(0, places - 3), places)))
    B = draw(st.integers(1, 4))
    X, DY = (numbers.integers(-2, 3, (n, B)).astype(np.float32) for n in (n_in, n_out))
    return GrowthContext((n_out, n_in), gnm(n_out, n_in, M, numbers), X, DY)
