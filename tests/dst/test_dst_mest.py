"""MEST: worth is |θ| + λ|∇|; elastic mutation follows its two densities to the connection."""

import numpy as np
import pytest
from builders import blobs, network, rng, with_gradient, without_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import by_key, fractions, lists_of, seeds, update

from minidst import METHODS, Config, method, train
from minidst.dst import Cosine, Exchange, update_topology
from minidst.dst.papers.mest import Closing, Elastic
from minidst.topology import gnm

MEST = METHODS["mest"]
SOFT = method("mest", update=Elastic(below=0, above=1))
densities = st.lists(st.floats(0.05, 1) | st.just(1), min_size=3, max_size=3)


def random_network(sizes, densities, seed):
    """Layers of at least one connection, whose weights are 1, 2, 3, … in any order."""
    draw, weights = rng(seed), []
    for density, n_out, n_in in zip(densities, sizes[1:], sizes[:-1], strict=False):
        keys = gnm(n_out, n_in, max(1, int(density * n_out * n_in)), draw)
        W = np.zeros((n_out, n_in))
        W.reshape(-1)[keys] = draw.permutation(keys.size) + 1.0
        weights.append(W)
    return without_gradient(*weights)


def test_the_smallest_sum_of_weight_and_gradient_goes():
    """|θ| + |∇| = 3 + 0, 1 + 5, 2 + 2, 4 + 0: the first goes, large as it is, and one of four places is drawn."""
    grown = set()
    for seed in range(60):
        layer = with_gradient([[3.0, -1, 2, 4, 0, 0, 0]], [[0.0, 5, -2, 0, 0, 0, 0]])
        assert update(layer, MEST, 0.25, rng(seed)) == 1
        np.testing.assert_array_equal(layer.W.to_dense(), [[0, -1, 2, 4, 0, 0, 0]])
        grown |= set(layer.W.keys().tolist()) - {1, 2, 3}
    assert grown == {0, 4, 5, 6}  # the one just dropped may return, at 0


def test_the_soft_bound_by_hand():
    """b = 10. α = .3: nothing to drop, 3 are grown. α = .2: the 3 worst of 13 go, 2 are grown. α = 0: back to 10."""
    net = random_network((8, 5), [0.25], 0)
    (layer,) = net.sparse
    first = set(layer.W.values.tolist())
    assert update_topology(net, SOFT, 0.3, rng()) == Exchange(0, 3, 3)
    assert layer.connections == 13
    layer.weight.values[layer.weight.values == 0] = [20, 0.5, 30]  # one of the three has not made it
    assert update_topology(net, SOFT, 0.2, rng()) == Exchange(3, 2, 2)
    assert layer.connections == 12
    assert set(layer.W.values.tolist()) == first - {1, 2} | {20, 30, 0}
    assert update_topology(net, SOFT, 0.0, rng()) == Exchange(2, 0, 0)
    assert layer.connections == 10


@given(
    seeds, lists_of(2, 7), densities, st.lists(fractions, min_size=1, max_size=4),
    fractions, fractions.map(lambda a: 2 * a), st.booleans(),
)  # fmt: skip
def test_the_counts_follow_the_two_densities_exactly(seed, sizes, densities, alphas, below, above, back):
    """After every mutation b + ⌊above·α·b⌋, or all places; through b − ⌊below·α·b⌋ if the dropped may return.

    A layer that the soft bound has filled can shrink again; one that was full from the start is left alone.
    """
    net = random_network(sizes, densities, seed)
    record = method("mest", update=Elastic(below, above), regrow_pruned=back)
    budgets = [layer.connections for layer in net.sparse]
    for alpha in alphas:
        was = [(layer.W, layer.weight.values.copy()) for layer in net.sparse]
        done = update_topology(net, record, alpha, rng(seed))
        pruned = 0
        for layer, b, (W, theta) in zip(net.sparse, budgets, was, strict=True):
            places = layer.shape[0] * layer.shape[1]
            if b == places:
                assert layer.weight.values.tobytes() == theta.tobytes()
                continue
            assert layer.connections == min(b + int(above * alpha * b), places)
            assert (np.diff(layer.W.keys()) > 0).all()
            k, keys = W.nnz - (b - int(below * alpha * b)), W.keys()
            pruned += k
            worst, after = keys[np.argsort(theta, kind="stable")[:k]], by_key(layer)
            for e, value in zip(keys.tolist(), theta.tolist(), strict=True):
                assert after.get(e) == value or e in worst
        assert done.pruned == pruned if back else done.pruned <= pruned


@given(seeds, lists_of(2, 7), densities, fractions | st.just(0.29))
def test_within_the_memory_bound_elastic_mutation_is_the_plain_record(seed, sizes, densities, alpha):
    one, two = (random_network(sizes, densities, seed) for _ in range(2))
    elastic = method("mest", update=Elastic(1, 0))
    assert update_topology(one, MEST, alpha, rng(seed)) == update_topology(two, elastic, alpha, rng(seed))
    for layer, twin in zip(one.sparse, two.sparse, strict=True):
        assert by_key(layer) == by_key(twin)


@pytest.mark.parametrize("record", [MEST, method("mest", update=Elastic(1, 0))], ids=["plain", "elastic"])
def test_numbers_that_are_whole_but_for_rounding_are_taken_as_they_are_meant(record):
    """.29·100 is 28.999…96: 29 are exchanged."""
    net = random_network((40, 5), [0.5], 3)
    assert net.connections == 100
    assert update_topology(net, record, 0.29, rng()).pruned == 29


@pytest.mark.parametrize("above", [0, 1])
def test_over_a_training_the_count_is_that_of_the_schedule(above):
    schedule = Cosine(0.4, 4, 0.75)
    record = method("mest", schedule=schedule, update=Elastic(1 - above, above))
    net = network((10, 12, 3), 0.3, record, seed=2)
    budgets, alpha, seen = [layer.connections for layer in net.sparse], 0.0, set()
    for step in train(net, blobs(), record, Config(epochs=8, batch=10)):
        alpha = schedule.fraction(step.t, 48, 6) or alpha
        expected = [b + int(above * alpha * b) for b in budgets]
        assert [layer.connections for layer in net.sparse] == expected
        seen.add(net.connections)
    if above:
        assert max(seen) > sum(budgets) + 10
        assert len(seen) > 5
    else:
        assert seen == {sum(budgets)}


@pytest.mark.parametrize("every", [4, 7, "epoch"])
@pytest.mark.parametrize("until", [0.75, 0.8, 1.0])
def test_in_the_end_what_was_on_trial_is_taken_back(every, until):
    """T = 48 steps, 8 epochs of 6."""
    record = method("mest", update=Elastic(0, 1), schedule=Closing(0.4, every, until))
    net = network((10, 12, 3), 0.3, record, seed=2)
    budget, most = net.connections, 0
    for _ in train(net, blobs(), record, Config(epochs=8, batch=10)):
        most = max(most, net.connections)
    assert net.connections == budget < most
