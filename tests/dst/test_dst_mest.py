"""MEST: worth is |θ| + λ|∇|; elastic mutation follows its two densities to the connection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst import CSR, METHODS, Config, Dataset, Network, method, mlp, train
from minidst.dst import Cosine, Exchange, update_topology
from minidst.dst.papers.mest import Closing, Elastic
from minidst.nn import MeanSquaredError, SparseLinear
from minidst.topology import gnm

pytestmark = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
fractions = st.integers(0, 64).map(lambda a: a / 64)
MEST = METHODS["mest"]
SOFT = method("mest", update=Elastic(below=0, above=1))


def rng(seed=0):
    return np.random.default_rng(seed)


def random_layer(n_out, n_in, nnz, draw):
    rows, cols = np.divmod(gnm(n_out, n_in, nnz, draw), n_in)
    theta = draw.permutation(nnz) + 1.0  # all different, none 0
    layer = SparseLinear(CSR.from_connections((n_out, n_in), rows.astype(np.int32), cols.astype(np.int32), theta))
    layer.X, layer.DY = np.zeros((n_in, 1)), np.zeros((n_out, 1))
    layer.weight.grad = np.zeros(nnz)
    return layer


def network(sizes, densities, seed):
    draw = rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    counts = [max(1, int(d * a * b)) for d, (a, b) in zip(densities, shapes, strict=False)]
    return Network([random_layer(*s, n, draw) for s, n in zip(shapes, counts, strict=True)], MeanSquaredError())


def test_the_smallest_sum_of_weight_and_gradient_goes():
    """|θ| + |∇| = 3 + 0, 1 + 5, 2 + 2, 4 + 0: the first goes, large as it is, and one of four places is drawn."""
    born = set()
    for seed in range(60):
        layer = SparseLinear(CSR.from_dense([[3.0, -1, 2, 4, 0, 0, 0]]))
        layer.X, layer.DY = np.zeros((7, 1)), np.zeros((1, 1))
        layer.weight.grad = np.array([0.0, 5, -2, 0])
        net = Network([layer], MeanSquaredError())
        assert update_topology(net, MEST, 0.25, rng(seed)) == Exchange(1, 1, 1)
        np.testing.assert_array_equal(layer.W.to_dense(), [[0, -1, 2, 4, 0, 0, 0]])
        born |= set(layer.W.keys().tolist()) - {1, 2, 3}
    assert born == {0, 4, 5, 6}  # the one just dropped may return, at 0


def test_the_soft_bound_by_hand():
    """b = 10. α = .3: nothing to drop, 3 are grown. α = .2: the 3 worst of 13 go, 2 are grown. α = 0: back to 10."""
    net = network((8, 5), [0.25], 0)
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
    seeds,
    st.lists(st.integers(2, 7), min_size=2, max_size=4),
    st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
    st.lists(fractions, min_size=1, max_size=4),
    st.floats(0, 1),
    st.floats(0, 2),
    st.booleans(),
)
@checked
def test_the_counts_follow_the_two_densities_exactly(seed, sizes, densities, alphas, below, above, back):
    """After every mutation b + ⌊above·α·b⌋, or all places; through b − ⌊below·α·b⌋ if the dropped may return."""
    net = network(sizes, densities, seed)
    record = method("mest", update=Elastic(below, above), regrow_pruned=back)
    budgets = [layer.connections for layer in net.sparse]
    for alpha in alphas:
        was = [(layer.connections, layer.W.keys(), layer.weight.values.copy()) for layer in net.sparse]
        done = update_topology(net, record, alpha, rng(seed))
        pruned = 0
        for layer, b, (nnz, keys, theta) in zip(net.sparse, budgets, was, strict=True):
            places = layer.shape[0] * layer.shape[1]
            if b == places:
                assert layer.weight.values.tobytes() == theta.tobytes()
                continue
            assert layer.connections == min(b + int(above * alpha * b), places)
            assert (np.diff(layer.W.keys()) > 0).all()
            pruned += nnz - (b - int(below * alpha * b))
            worst = keys[np.argsort(theta, kind="stable")[: nnz - (b - int(below * alpha * b))]]
            after = dict(zip(layer.W.keys().tolist(), layer.weight.values.tolist(), strict=True))
            for e, value in zip(keys.tolist(), theta.tolist(), strict=True):
                assert after.get(e) == value or e in worst
        if back:
            assert done.pruned == pruned
        else:
            assert done.pruned <= pruned


@given(seeds, st.lists(st.integers(2, 7), min_size=2, max_size=4), st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
       fractions)  # fmt: skip
@checked
def test_within_the_memory_bound_elastic_mutation_is_the_plain_record(seed, sizes, densities, alpha):
    one, two = (network(sizes, densities, seed) for _ in range(2))
    assert update_topology(one, MEST, alpha, rng(seed)) == update_topology(
        two, method("mest", update=Elastic(1, 0)), alpha, rng(seed)
    )
    for layer, twin in zip(one.sparse, two.sparse, strict=True):
        np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())
        np.testing.assert_array_equal(layer.W.values, twin.W.values)


def test_a_layer_that_the_soft_bound_has_filled_can_shrink_again():
    net = network((5, 2), [0.9], 0)
    assert update_topology(net, SOFT, 1.0, rng()).grown == 1
    assert net.connections == 10
    assert update_topology(net, SOFT, 0.0, rng()).pruned == 1
    assert net.connections == 9


@pytest.mark.parametrize("numbers", [(-0.1, 0), (1.1, 0), (0, -1), (np.nan, 0), (0, np.nan)])
def test_densities_out_of_range_are_refused(numbers):
    with pytest.raises(ValueError, match="below"):
        Elastic(*numbers)


def blobs():
    draw = rng(1)
    y = np.arange(60) % 3
    x = draw.standard_normal((60, 10)) + 2 * draw.standard_normal((3, 10))[y]
    return Dataset(x, y, x, y, 3, "blobs")


@pytest.mark.parametrize("above", [0, 1])
def test_over_a_training_the_count_is_that_of_the_schedule(above):
    schedule = Cosine(0.4, 4, 0.75)
    record = method("mest", schedule=schedule, update=Elastic(1 - above, above))
    net = mlp((10, 12, 3), density=0.3, method=record, seed=2)
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
    net = mlp((10, 12, 3), density=0.3, method=record, seed=2)
    budget, most = net.connections, 0
    for _ in train(net, blobs(), record, Config(epochs=8, batch=10)):
        most = max(most, net.connections)
    assert net.connections == budget < most


def test_numbers_that_are_whole_but_for_rounding_are_taken_as_they_are_meant():
    """.29·100 is 28.999…96: the plain record exchanges 29, and so must its elastic twin."""
    one, two = (network((40, 5), [0.5], 3) for _ in range(2))
    assert one.connections == 100
    assert update_topology(one, MEST, 0.29, rng()) == update_topology(
        two, method("mest", update=Elastic(1, 0)), 0.29, rng()
    )
    assert update_topology(one, MEST, 0.29, rng()).pruned == 29
