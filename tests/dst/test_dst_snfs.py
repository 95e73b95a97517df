"""SNFS: a dense momentum says what to grow, and how much of it in which layer."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poured import assert_dealt

from minidst import CSR, METHODS, Config, Dataset, Network, fit, method, mlp, train
from minidst.dst import Constant, Exchange, update_topology
from minidst.dst.papers.snfs import DenseMomentum
from minidst.nn import MeanSquaredError, SparseLinear

pytestmark = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
fractions = st.integers(0, 64).map(lambda a: a / 64)
SNFS = METHODS["snfs"]


def rng(seed=0):
    return np.random.default_rng(seed)


def network(*pictures):
    """Sparse layers whose weights are the non-zero entries of these matrices, ready for an update."""
    net = Network([SparseLinear(CSR.from_dense(np.array(W, float))) for W in pictures], MeanSquaredError())
    for layer in net.sparse:
        layer.X, layer.DY = np.zeros((layer.shape[1], 1)), np.zeros((layer.shape[0], 1))
        layer.weight.grad = np.zeros(layer.W.nnz)
    return net


def remember(net, *momenta):
    net.memory = {f"snfs.momentum.{l}": np.array(M, float) for l, M in enumerate(momenta)}
    return net


def random_network(seed, sizes, density):
    """A random graph in each layer, with whole weights and whole momenta, so that ties abound; and full layers."""
    draw = rng(seed)
    pictures = [
        np.where(draw.random((b, a)) < density, draw.choice([-3, -2, -1, 1, 2, 3], (b, a)), 0)
        for a, b in pairwise(sizes)
    ]
    return remember(network(*pictures), *[draw.integers(-4, 5, (b, a)) for a, b in pairwise(sizes)])


def blobs(samples=40):
    draw = rng(1)
    y = np.arange(samples) % 3
    x = draw.standard_normal((samples, 6)) + 2 * draw.standard_normal((3, 6))[y]
    return Dataset(x, y, x, y, 3, "blobs")


def test_the_layer_whose_momentum_is_larger_gets_the_connections():
    """Half of each layer goes: .1 and −.2, K = 2.

        θ₁ = .9 .1 0 0     M₁ = .3 .5 .7 −.6    mean |M| of active .4    share 1.6
        θ₂ = .8 −.2 0 0    M₂ = .1 .1 .3 .2     (a column)       .1      share  .4

    Whole shares are 2 and 0. Absent in layer 1 are then .5 .7 −.6, of which .7 and −.6 are largest.
    """
    net = remember(
        network([[0.9, 0.1, 0, 0]], [[0.8], [-0.2], [0], [0]]),
        [[0.3, 0.5, 0.7, -0.6]],
        [[0.1], [0.1], [0.3], [0.2]],
    )
    assert update_topology(net, SNFS, 0.5, rng()) == Exchange(2, 2, 3 + 3)
    first, second = net.sparse
    np.testing.assert_array_equal(first.W.keys(), [0, 2, 3])
    np.testing.assert_array_equal(first.W.values, [0.9, 0, 0])
    np.testing.assert_array_equal(second.W.to_dense(), [[0.8], [0], [0], [0]])
    assert second.W.nnz == 1


def test_it_is_the_mean_that_counts_not_the_sum():
    """|M| is .1 on eight connections and .2 on two; 4 + 1 are dropped. Shares ∝ .1 and .2 are 1.67 and 3.33."""
    net = remember(
        network([[1, 2, 3, 4, 5, 6, 7, 8, 0, 0]], [[1], [2], *[[0]] * 8]), np.full((1, 10), 0.1), np.full((10, 1), -0.2)
    )
    assert update_topology(net, SNFS, 0.5, rng()).grown == 5
    assert [layer.connections for layer in net.sparse] == [4 + 2, 1 + 3]


def test_what_a_layer_has_no_room_for_goes_to_the_other():
    """Four go, all of them by the first layer's momentum, but it has only three places: one is grown in the second."""
    net = remember(
        network([[4, 3, 2, 1, 0]], [[4], [3], [2], [1], [0]]),
        [[9, 9, 9, 9, 9]],
        [[0], [0], [0], [0], [5]],
    )
    assert update_topology(net, SNFS, 0.5, rng()).grown == 4
    np.testing.assert_array_equal(net.sparse[0].W.keys(), range(5))
    np.testing.assert_array_equal(net.sparse[1].W.keys(), [0, 1, 4])


@given(seeds, st.lists(st.integers(1, 6), min_size=2, max_size=4), st.floats(0, 1), fractions, st.booleans())
@checked
def test_the_network_keeps_its_number_of_connections_and_grows_the_largest_momentum(
    seed, sizes, density, fraction, back
):
    net = random_network(seed, sizes, density)
    M = [np.abs(M).reshape(-1) for M in net.memory.values()]
    before = [dict(zip(layer.W.keys().tolist(), layer.W.values.tolist(), strict=True)) for layer in net.sparse]
    full = all(layer.W.density == 1 for layer in net.sparse)
    total = net.connections
    done = update_topology(net, method("snfs", regrow_pruned=back), fraction, rng())

    assert net.connections == total
    assert done.pruned == done.grown
    counts, weights, rooms = [], [], []
    for layer, theta, m in zip(net.sparse, before, M, strict=True):
        keys = layer.W.keys().tolist()
        assert keys == sorted(set(keys))
        after = dict(zip(keys, layer.W.values.tolist(), strict=True))
        if full:
            assert after == theta
            continue
        k = int(fraction * len(theta))
        lowest = sorted(theta, key=lambda e: (abs(theta[e]), e))[:k]
        born = [e for e in keys if after[e] == 0]  # no first weight is 0
        assert all(after[e] == theta[e] for e in keys if e not in born)
        assert set(theta) - set(keys) <= set(lowest)
        taken = set(theta) - set(lowest) if back else set(theta)
        absent = [e for e in range(m.size) if e not in taken]
        assert born == sorted(sorted(absent, key=lambda e: (-m[e], e))[: len(born)])
        counts.append(len(born))
        weights.append(Fraction(int(m[sorted(theta)].sum()), len(theta)) if theta else Fraction(0))
        rooms.append(len(absent))
    if counts:
        wanted = sum(int(fraction * len(theta)) for theta in before)
        assert sum(counts) == min(wanted, sum(rooms)) == done.grown
        assert_dealt(counts, weights, rooms)


def test_the_momentum_is_that_of_every_step_also_those_of_updates():
    """M ← βM + (1 − β)·DY Xᵀ, written down step by step beside a training with an update at every second step."""
    seen = []

    class Spy(DenseMomentum):
        def __call__(self, net, lr, draw):
            seen.append([layer.DY @ layer.X.T for layer in net.sparse])
            return super().__call__(net, lr, draw)

    record = method("snfs", after_step=Spy(0.7), schedule=Constant(0.5, 2))
    net = mlp((6, 7, 3), density=0.4, method=record, dtype=np.float64)
    steps = list(train(net, blobs(), record, Config(epochs=2, batch=8)))
    assert len(seen) == len(steps) == 10
    assert sum(step.grown > 0 for step in steps) == 4
    for l, layer in enumerate(net.sparse):
        M = np.zeros(layer.shape)
        for nabla in seen:
            M = 0.7 * M + 0.3 * nabla[l]
        np.testing.assert_allclose(net.memory[f"snfs.momentum.{l}"], M, rtol=1e-12, atol=1e-15)


def test_its_dense_momentum_is_declared_and_counted():
    assert SNFS.needs_dense
    assert SNFS.start == "sparse"
    data, dense = blobs(), (6 * 7 + 7 * 3) * 4
    net, plain = (mlp((6, 7, 3), density=0.3, method=name) for name in ("snfs", "static"))
    history = fit(net, data, "snfs", Config(epochs=2))
    other = fit(plain, data, "static", Config(epochs=2))
    assert net.memory_bytes()["method_state"] == dense
    assert plain.memory_bytes()["method_state"] == 0
    assert history.peak_bytes >= other.peak_bytes + dense


def test_a_full_layer_can_shrink():
    """Half of each goes, 2 + 1 connections; all the momentum is on the second layer, which then has room for three."""
    net = remember(network([[1, 2, 3, 4]], [[1], [2], [0], [0]]), [[0, 0, 0, 0]], [[1], [1], [3], [2]])
    assert update_topology(net, SNFS, 0.5, rng()).grown == 3
    np.testing.assert_array_equal(net.sparse[0].W.to_dense(), [[0, 0, 3, 4]])
    np.testing.assert_array_equal(net.sparse[1].W.keys(), range(4))


def test_where_every_layer_is_full_nothing_is_exchanged():
    net = remember(network([[1, 2]], [[3], [4]]), [[1, 2]], [[3], [4]])
    assert update_topology(net, SNFS, 0.5, rng()) == Exchange()
    np.testing.assert_array_equal(net.sparse[0].weight.values, [1, 2])


def test_before_the_first_step_the_gradient_stands_in():
    net = network([[2, 1, 0, 0]])
    net.sparse[0].X, net.sparse[0].DY = np.array([[0.0], [0], [1], [-3]]), np.array([[1.0]])
    assert update_topology(net, SNFS, 0.5, rng()).grown == 1
    np.testing.assert_array_equal(net.sparse[0].W.keys(), [0, 3])


def test_a_momentum_that_is_not_finite_stops_the_run_and_says_so():
    net = remember(network([[2, 1, 0, 0]]), [[np.nan, 1, 1, 1]])
    with pytest.raises(FloatingPointError, match="momentum"):
        update_topology(net, SNFS, 0.5, rng())


@pytest.mark.parametrize("beta", [-0.1, 1, np.nan])
def test_a_momentum_that_would_not_fade_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        DenseMomentum(beta)
