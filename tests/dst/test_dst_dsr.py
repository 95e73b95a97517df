"""DSR: one threshold for the network that finds its height; connections move to where most survive."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poured import assert_dealt

from minidst import CSR, METHODS, Config, Network, load, method, mlp, train
from minidst.dst import Cosine, Exchange, update_topology
from minidst.dst.papers.dsr import Threshold
from minidst.nn import MeanSquaredError, SparseLinear
from minidst.topology import apportion

small = pytest.mark.small
checked = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
DSR = METHODS["dsr"]


def rng(seed=0):
    return np.random.default_rng(seed)


def network(*pictures, H=None):
    """Sparse layers whose weights are the non-zero entries of these matrices, ready for an update."""
    net = Network([SparseLinear(CSR.from_dense(np.array(W, float))) for W in pictures], MeanSquaredError())
    for layer in net.sparse:
        layer.X, layer.DY = np.zeros((layer.shape[1], 1)), np.zeros((layer.shape[0], 1))
        layer.weight.grad = np.zeros(layer.W.nnz)
    if H is not None:
        net.memory["dsr.threshold"] = H
    return net


@small
def test_all_below_one_threshold_go_and_survivors_attract():
    """H = .1, N_p = (1/3)·6 = 2: of .9 .05 .7 one goes, of .3 −.02 .01 two; K = 3 > 2.2, so H is halved.

    Two connections survive in the first layer, one in the second: three are grown, two and one, none where one was.
    """
    net = network([[0.9, 0.05, 0.7, 0, 0, 0, 0]], [[0.3], [-0.02], [0.01], [0], [0], [0], [0]], H=0.1)
    assert update_topology(net, DSR, 1 / 3, rng()) == Exchange(3, 3, 3)
    first, second = (layer.W.to_dense().reshape(-1) for layer in net.sparse)
    np.testing.assert_array_equal(first, [0.9, 0, 0.7, 0, 0, 0, 0])
    np.testing.assert_array_equal(second, [0.3, 0, 0, 0, 0, 0, 0])
    keys = [set(layer.W.keys().tolist()) for layer in net.sparse]
    assert keys[0] > {0, 2}
    assert keys[1] > {0}
    assert [len(k) for k in keys] == [4, 2]
    assert 1 not in keys[0]
    assert not keys[1] & {1, 2}
    assert net.memory["dsr.threshold"] == 0.05


@small
def test_it_is_survivors_that_attract_not_what_there_was():
    """Of six connections one survives, of three all: the five that went are dealt 1 : 3, that is 1.25 and 3.75."""
    net = network([[9, 0.1, 0.1, 0.1, 0.1, 0.1, *[0] * 14]], [[9], [9], [9], *[[0]] * 17], H=1.0)
    assert update_topology(net, DSR, 0.5, rng()).grown == 5
    assert [layer.connections for layer in net.sparse] == [1 + 1, 3 + 4]


@small
def test_a_layer_whose_free_places_are_those_just_emptied_leaves_its_share_to_the_other():
    """Three of four go in a layer of five places: one place is left for its share of 1.5, and the other grows two."""
    net = network([[9, 0.1, 0.1, 0.1, 0]], [[9], [0], [0], [0], [0]], H=1.0)
    assert update_topology(net, DSR, 0.5, rng()) == Exchange(3, 3, 3)
    np.testing.assert_array_equal(net.sparse[0].W.keys(), [0, 4])
    assert net.sparse[1].connections == 3


@small
def test_an_empty_layer_can_get_its_first_connections():
    """Every other place is taken or has just been emptied."""
    net = network([[9, 0.1, 0.2, 0.3]], [[0], [0], [0], [0]], H=1.0)
    net.sparse[1].weight.state["velocity"] = np.empty(0)
    assert update_topology(net, DSR, 0.5, rng()) == Exchange(3, 3, 3)
    assert net.sparse[1].connections == 3
    np.testing.assert_array_equal(net.sparse[1].weight.state["velocity"], [0, 0, 0])


@small
@pytest.mark.parametrize(
    ("pruned", "target", "factor"),
    [(8, 10, 2), (9, 10, 1), (10, 10, 1), (11, 10, 1), (12, 10, 0.5), (0, 10, 2), (0, 0, 1), (5, 0, 0.5)],
)
def test_the_threshold_moves_when_the_count_leaves_ten_percent_of_its_target(pruned, target, factor):
    assert Threshold().adapted(0.4, pruned, target) == 0.4 * factor


@small
def test_the_threshold_starts_at_a_thousandth_and_is_remembered():
    net = network([[0.5, 0.4, 0.3, 0.2, 0, 0]])
    assert update_topology(net, DSR, 0.5, rng()) == Exchange()
    assert net.memory["dsr.threshold"] == 0.002
    update_topology(net, DSR, 0.5, rng())
    assert net.memory["dsr.threshold"] == 0.004
    assert net.memory_bytes()["method_state"] == 0


@small
def test_a_layer_never_loses_its_last_connection():
    net = network([[0.1, -0.3, 0.2, 0, 0]], [[0.05], [0], [0], [0], [0]], H=1.0)
    update_topology(net, DSR, 0.5, rng())
    assert net.connections == 4
    assert -0.3 in net.sparse[0].W.values
    assert 0.05 in net.sparse[1].W.values


@small
def test_where_there_is_no_room_the_best_of_the_pruned_stay():
    """4 of 5 below H, one place free in the network: only the smallest makes room for it."""
    net = network([[0.4, 0.1, 0.3, 0.2, 9, 0]], H=1.0)
    assert update_topology(net, DSR, 0.5, rng()) == Exchange(1, 1, 1)
    np.testing.assert_array_equal(net.sparse[0].W.to_dense(), [[0.4, 0, 0.3, 0.2, 9, 0]])
    np.testing.assert_array_equal(net.sparse[0].W.keys(), [0, 2, 3, 4, 5])
    full = network([[1, 2], [3, 4]], H=10.0)
    assert update_topology(full, DSR, 0.5, rng()) == Exchange()
    np.testing.assert_array_equal(full.sparse[0].W.to_dense(), [[1, 2], [3, 4]])


@small
@given(
    seeds,
    st.lists(st.integers(1, 6), min_size=2, max_size=4),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([0.5, 1.5, 2.5, 3.5]),
    st.booleans(),
)
@checked
def test_the_total_is_conserved_and_only_what_is_below_the_threshold_goes(seed, sizes, density, fraction, H, back):
    draw = rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    pictures = [np.where(draw.random(s) < density, draw.choice([-3, -2, -1, 1, 2, 3], s), 0) for s in shapes]
    net = network(*pictures, H=H)
    total = net.connections
    done = update_topology(net, method("dsr", regrow_pruned=back), fraction, draw)

    assert net.connections == total
    assert done.pruned == done.grown
    gone = stayed_though_low = 0
    for layer, W in zip(net.sparse, pictures, strict=True):
        active, values = layer.W.keys(), layer.W.values
        assert (np.diff(active) > 0).all()
        low = np.flatnonzero((np.abs(W) < H) & (W != 0))
        if low.size == np.count_nonzero(W) > 0:
            low = np.delete(low, np.abs(W.reshape(-1)[low]).argmax())
        high = np.setdiff1d(np.flatnonzero(W), low)
        kept = active[values != 0]  # the newborn are 0, no first weight is
        assert set(high) <= set(kept) <= set(high) | set(low)
        np.testing.assert_array_equal(values[values != 0], W.reshape(-1)[kept])
        if not back:
            assert not set(active[values == 0]) & set(low)
        gone += low.size
        stayed_though_low += np.isin(low, kept).sum()
    assert done.pruned == gone - stayed_though_low
    places = sum(W.size for W in pictures)
    assert done.pruned == (gone if back else min(gone, places - total))


@small
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1, max_size=6),
    st.floats(0, 1),
)
@checked
def test_shares_are_exact_capped_and_within_one_of_proportion(layers, part):
    weights, room = [w for w, _ in layers], [r for _, r in layers]
    total = int(part * sum(room))
    counts = apportion(total, np.array(weights, float), np.array(room))
    assert counts.sum() == total
    assert_dealt(counts.tolist(), weights, room)


@small
def test_more_than_there_is_room_for_cannot_be_dealt():
    with pytest.raises(ValueError, match=r"6 .* 5"):
        apportion(6, np.ones(2), np.array([2, 3]))


@small
@pytest.mark.parametrize("numbers", [(0, 0.1), (-1, 0.1), (1, 0), (1, 1), (np.nan, 0.1)])
def test_a_threshold_out_of_range_is_refused(numbers):
    with pytest.raises(ValueError, match="start"):
        Threshold(*numbers)


def test_in_training_the_threshold_finds_the_count_that_is_asked_for_and_layers_change_size():
    """N_p = .1·nnz all along: at last, H has risen from 1e-3 by powers of two and K stays within a factor of two."""
    data = load("digits")
    record = method("dsr", schedule=Cosine(0.2, 20, 1.0))
    net = mlp((64, 64, 64, 10), density=0.1, method=record)
    sizes, total = [layer.connections for layer in net.sparse], net.connections
    steps = [step for step in train(net, data, record, Config(epochs=15)) if step.t % 20 == 0 and step.t > 0]
    assert net.connections == total
    assert [layer.connections for layer in net.sparse] != sizes
    power = np.log2(net.memory["dsr.threshold"] / 1e-3)
    assert power == round(power)
    middle = [step.pruned / (total * record.schedule.fraction(step.t, 675, 45)) for step in steps[12:24]]
    assert 0.5 < np.median(middle) < 2
