"""SNFS: a dense momentum says what to grow, and how much of it in which layer."""

from fractions import Fraction
from itertools import pairwise

import naive
import numpy as np
import pytest
from builders import blobs, rng, without_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import by_key, column, fractions, lists_of, seeds

from minidst import METHODS, Config, fit, method, mlp, train
from minidst.dst import Constant, Exchange, update_topology
from minidst.dst.papers.snfs import DenseMomentum

SNFS = METHODS["snfs"]


def remembering(weights, momenta):
    """Layers ready for an update, with these momenta."""
    net = without_gradient(*weights)
    net.memory = {f"snfs.momentum.{l}": np.array(M, float) for l, M in enumerate(momenta)}
    return net


def test_the_layer_whose_momentum_is_larger_gets_the_connections():
    """Half of each layer goes: .1 and −.2, K = 2.

        θ₁ = .9 .1 0 0     M₁ = .3 .5 .7 −.6    mean |M| of active .4    share 1.6
        θ₂ = .8 −.2 0 0    M₂ = .1 .1 .3 .2     (a column)       .1      share  .4

    Whole shares are 2 and 0. Absent in layer 1 are then .5 .7 −.6, of which .7 and −.6 are largest.
    """
    weights = [[0.9, 0.1, 0, 0]], column(0.8, -0.2, 0, 0)
    net = remembering(weights, ([[0.3, 0.5, 0.7, -0.6]], column(0.1, 0.1, 0.3, 0.2)))
    assert update_topology(net, SNFS, 0.5, rng()) == Exchange(2, 2, 3 + 3)
    first, second = net.sparse
    assert by_key(first) == {0: 0.9, 2: 0, 3: 0}
    assert by_key(second) == {0: 0.8}


@given(seeds, lists_of(1, 6), st.floats(0, 1) | st.just(1), fractions, st.booleans())
def test_the_number_of_connections_stays_and_the_largest_momentum_grows(seed, sizes, density, fraction, back):
    """Whole weights and momenta, so that ties abound; full layers among them."""
    draw, shapes = rng(seed), [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    weights = [np.where(draw.random(s) < density, draw.choice([-3, -2, -1, 1, 2, 3], s), 0) for s in shapes]
    net = remembering(weights, [draw.integers(-4, 5, s) for s in shapes])
    M = [np.abs(M).reshape(-1) for M in net.memory.values()]
    before = [by_key(layer) for layer in net.sparse]
    full = all(layer.W.density == 1 for layer in net.sparse)
    total = net.connections
    done = update_topology(net, method("snfs", regrow_pruned=back), fraction, rng())

    assert net.connections == total
    assert done.pruned == done.grown
    if full:
        assert done == Exchange()
        assert [by_key(layer) for layer in net.sparse] == before
        return
    counts, pull, room = [], [], []
    for layer, theta, m in zip(net.sparse, before, M, strict=True):
        after = by_key(layer)
        assert list(after) == sorted(set(after))
        lowest = sorted(theta, key=lambda e: (abs(theta[e]), e))[: int(fraction * len(theta))]
        grown = [e for e in after if after[e] == 0]  # no first weight is 0
        assert all(after[e] == theta[e] for e in after if e not in grown)
        assert set(theta) - set(after) <= set(lowest)
        absent = naive.absent(m.size, set(theta) - set(lowest) if back else theta)
        assert grown == naive.best(absent, m, len(grown))
        counts.append(len(grown))
        pull.append(Fraction(int(m[sorted(theta)].sum()), len(theta)) if theta else Fraction(0))
        room.append(len(absent))
    wanted = sum(int(fraction * len(theta)) for theta in before)
    assert sum(counts) == min(wanted, sum(room)) == done.grown
    assert naive.are_shares(counts, pull, room)


def test_the_momentum_is_that_of_every_step_also_those_of_updates():
    """M ← βM + (1 − β)·DY Xᵀ, written down step by step beside a training with an update at every second one."""
    seen = []

    class Spy(DenseMomentum):
        def __call__(self, net, lr, draw):
            seen.append([layer.DY @ layer.X.T for layer in net.sparse])
            return super().__call__(net, lr, draw)

    record = method("snfs", after_step=Spy(0.7), schedule=Constant(0.5, 2))
    net = mlp((6, 7, 3), density=0.4, method=record, dtype=np.float64)
    steps = list(train(net, blobs(40, features=6), record, Config(epochs=2, batch=8)))
    assert len(seen) == len(steps) == 10
    assert sum(step.grown > 0 for step in steps) == 4
    for l, layer in enumerate(net.sparse):
        M = np.zeros(layer.shape)
        for nabla in seen:
            M = 0.7 * M + 0.3 * nabla[l]
        np.testing.assert_allclose(net.memory[f"snfs.momentum.{l}"], M, rtol=1e-12, atol=1e-15)


def test_its_dense_momentum_is_counted():
    dense, peak = (6 * 7 + 7 * 3) * 4, {}
    for name, state in [("snfs", dense), ("static", 0)]:
        net = mlp((6, 7, 3), density=0.3, method=name)
        peak[name] = fit(net, blobs(40, features=6), name, Config(epochs=2)).peak_bytes
        assert net.memory_bytes()["method_state"] == state
    assert peak["snfs"] >= peak["static"] + dense


def test_before_the_first_step_the_gradient_stands_in():
    net = without_gradient([[2, 1, 0, 0]])
    net.sparse[0].X, net.sparse[0].DY = np.array([[0.0], [0], [1], [-3]]), np.array([[1.0]])
    assert update_topology(net, SNFS, 0.5, rng()).grown == 1
    np.testing.assert_array_equal(net.sparse[0].W.keys(), [0, 3])


def test_a_momentum_that_is_not_finite_stops_the_run_and_says_so():
    net = remembering([[[2, 1, 0, 0]]], [[[np.nan, 1, 1, 1]]])
    with pytest.raises(FloatingPointError, match="momentum"):
        update_topology(net, SNFS, 0.5, rng())
