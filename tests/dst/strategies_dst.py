"""What the tests of `dst` share: layers ready for an update, and oracles in plain Python. Numbers are
small and whole wherever gradients are compared, so that ties abound and sums are exact.
"""

from itertools import pairwise

import numpy as np
from builders import ready
from hypothesis import settings
from hypothesis import strategies as st

from minidst import COO, CSR, METHODS
from minidst.dst import GrowthContext, exchange
from minidst.nn import MeanSquaredError, Network, SparseLinear
from minidst.topology import gnm

GROWING = [name for name, record in METHODS.items() if record.candidates]  # gradual, DEEP R: not at updates
LAYERWISE = [name for name in GROWING if not METHODS[name].update]  # an `update` of its own has tests of its own
FORMATS = {"coo": COO, "csr": CSR}
checked = settings(deadline=None, max_examples=40)  # the first example compiles
seeds = st.integers(0, 2**32 - 1)


def update(layer, method, fraction, rng):
    """One update of one layer by itself: how many connections were exchanged."""
    return exchange(layer, method, fraction, rng, Network([layer])).grown


def active(layer):
    """The (n_out, n_in) picture of which connections exist, as 0 and 1."""
    picture = np.zeros(layer.shape, int)
    picture[layer.W.connections()] = 1
    return picture


def by_key(layer, array):
    """{key: number} of what is aligned to the layer's connections."""
    return dict(zip(layer.W.keys().tolist(), array.tolist(), strict=True))


@st.composite
def whole_layers(draw, formats=("coo", "csr"), most=7, least_free=0):
    """A layer with weights in {±1, ±2, ±3}, whole activations and gradients, and momentum; full ones too."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    places = n_out * n_in
    nnz = draw(st.integers(min(1, places - least_free), max(0, places - least_free)))
    rng, format = np.random.default_rng(draw(seeds)), FORMATS[draw(st.sampled_from(formats))]
    return whole_layer((n_out, n_in), nnz, draw(st.integers(1, 4)), rng, format)


def whole_layer(shape, nnz, B, rng, format=CSR):
    """Such a layer with `nnz` connections anywhere."""
    rows, cols = np.divmod(gnm(*shape, nnz, rng), shape[1])
    theta = rng.choice([-3.0, -2, -1, 1, 2, 3], nnz)
    W = format.from_connections(shape, rows.astype(np.int32), cols.astype(np.int32), theta)
    layer = ready(SparseLinear(W), rng.integers(-2, 3, (shape[1], B)), rng.integers(-2, 3, (shape[0], B)))
    layer.weight.state["velocity"] = rng.integers(1, 9, nnz).astype(float)
    return layer


def whole_network(sizes, density, seed):
    """A network of such layers."""
    rng = np.random.default_rng(seed)
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    layers = [whole_layer(shape, round(density * shape[0] * shape[1]), 3, rng) for shape in shapes]
    return Network(layers, MeanSquaredError())


@st.composite
def whole_sites(draw, most=8):
    """A Site with whole activations and gradients; from nothing taken to everything taken, nearly full ones often."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    places = n_out * n_in
    rng = np.random.default_rng(draw(seeds))
    M = draw(st.one_of(st.integers(0, places), st.integers(max(0, places - 3), places)))
    B = draw(st.integers(1, 4))
    X, DY = (rng.integers(-2, 3, (n, B)).astype(np.float32) for n in (n_in, n_out))
    return GrowthContext((n_out, n_in), gnm(n_out, n_in, M, rng), X, DY)


def naive_gradient(site):
    """[Σ_b DY[i, b]·X[j, b]] by key, with three loops over whole numbers."""
    (n_out, n_in), B = site.shape, site.X.shape[1]
    return [sum(int(site.DY[i, b]) * int(site.X[j, b]) for b in range(B)) for i in range(n_out) for j in range(n_in)]


def naive_best(site, S, k):
    """The k keys of S with the largest |∇|, the smaller key first among equals; sorted."""
    nabla = naive_gradient(site)
    return sorted(sorted(S, key=lambda e: (-abs(nabla[e]), e))[:k])


def naive_update(theta, nabla, k, *, regrow_pruned, S=None):
    """Prune k by |θ|, grow k by |∇|: (active keys afterwards, grown keys). theta: {key: θ}; nabla: list by key."""
    pruned = sorted(theta, key=lambda e: (abs(theta[e]), e))[:k]
    taken = set(theta) - set(pruned) if regrow_pruned else set(theta)
    pool = [e for e in (range(len(nabla)) if S is None else S) if e not in taken]
    grown = sorted(pool, key=lambda e: (-abs(nabla[e]), e))[:k]
    leaving = [e for e in pruned if e not in grown]
    returning = len(pruned) - len(leaving)
    leaving = leaving[: len(grown) - returning]  # where too few can be grown, the best of the pruned stay
    return sorted((set(theta) - set(leaving)) | set(grown)), sorted(grown)
