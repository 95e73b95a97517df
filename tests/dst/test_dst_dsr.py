"""DSR: one threshold for the network that finds its height; connections move to where most survive."""

import numpy as np
import pytest
from builders import rng, without_gradient
from hypothesis import given
from hypothesis import strategies as st
from naive import are_shares
from strategies_dst import column, lists_of, seeds

from minidst import METHODS, Config, load, method, mlp, train
from minidst.dst import Cosine, Exchange, update_topology
from minidst.dst.papers.dsr import Threshold
from minidst.topology import apportion

DSR = METHODS["dsr"]


def network(*weights, H):
    net = without_gradient(*weights)
    net.memory["dsr.threshold"] = H
    return net


def test_all_below_one_threshold_go_and_survivors_attract():
    """H = .1, N_p = (1/3)·6 = 2: of .9 .05 .7 one goes, of .3 −.02 .01 two; K = 3 > 2.2, so H is halved.

    Two connections survive in the first layer, one in the second: three are grown, two and one, none where one was.
    """
    net = network([[0.9, 0.05, 0.7, 0, 0, 0, 0]], column(0.3, -0.02, 0.01, 0, 0, 0, 0), H=0.1)
    assert update_topology(net, DSR, 1 / 3, rng()) == Exchange(3, 3, 3)
    first, second = (layer.W.to_dense().reshape(-1) for layer in net.sparse)
    np.testing.assert_array_equal(first, [0.9, 0, 0.7, 0, 0, 0, 0])
    np.testing.assert_array_equal(second, [0.3, 0, 0, 0, 0, 0, 0])
    keys = [set(layer.W.keys().tolist()) for layer in net.sparse]
    assert {0, 2} < keys[0] <= {0, 2, 3, 4, 5, 6}
    assert {0} < keys[1] <= {0, 3, 4, 5, 6}
    assert [len(k) for k in keys] == [4, 2]
    assert net.memory["dsr.threshold"] == 0.05


@pytest.mark.parametrize(
    ("pruned", "target", "factor"),
    [(8, 10, 2), (9, 10, 1), (10, 10, 1), (11, 10, 1), (12, 10, 0.5), (0, 10, 2), (0, 0, 1), (5, 0, 0.5)],
)
def test_the_threshold_moves_when_the_count_leaves_ten_percent_of_its_target(pruned, target, factor):
    assert Threshold().adapted(0.4, pruned, target) == 0.4 * factor


def test_the_threshold_starts_at_a_thousandth_and_is_remembered():
    net = without_gradient([[0.5, 0.4, 0.3, 0.2, 0, 0]])
    assert update_topology(net, DSR, 0.5, rng()) == Exchange()
    assert net.memory["dsr.threshold"] == 0.002
    update_topology(net, DSR, 0.5, rng())
    assert net.memory["dsr.threshold"] == 0.004
    assert net.memory_bytes()["method_state"] == 0


@given(seeds, lists_of(1, 6), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.5, 1.5, 2.5, 3.5]), st.booleans())
def test_the_total_stays_what_is_below_H_goes_and_survivors_attract(seed, sizes, density, fraction, H, back):
    """A layer that would lose all its connections keeps its largest; where there is no room the best pruned stay."""
    draw = rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [np.where(draw.random(s) < density, draw.choice([-3, -2, -1, 1, 2, 3], s), 0) for s in shapes]
    net = network(*weights, H=H)
    total = net.connections
    done = update_topology(net, method("dsr", regrow_pruned=back), fraction, draw)

    assert net.connections == total
    sizes_gone, sizes_stayed, grown, survivors, room = [], [], [], [], []
    for layer, W in zip(net.sparse, weights, strict=True):
        active, values = layer.W.keys(), layer.W.values
        assert (np.diff(active) > 0).all()
        low = np.flatnonzero((np.abs(W) < H) & (W != 0))
        if low.size == np.count_nonzero(W) > 0:
            low = np.delete(low, np.abs(W.reshape(-1)[low]).argmax())
        high = np.setdiff1d(np.flatnonzero(W), low)
        grown.append(int((values == 0).sum()))
        survivors.append(high.size)
        room.append(W.size - (high.size if back else np.count_nonzero(W)))
        kept = active[values != 0]  # what is grown is 0, no first weight is
        assert set(high) <= set(kept) <= set(high) | set(low)
        np.testing.assert_array_equal(values[values != 0], W.reshape(-1)[kept])
        if not back:
            assert not set(active[values == 0]) & set(low)
        gone, stayed = np.setdiff1d(low, kept), np.intersect1d(low, kept)
        sizes_gone += np.abs(W.reshape(-1)[gone]).tolist()
        sizes_stayed += np.abs(W.reshape(-1)[stayed]).tolist()
    below = len(sizes_gone) + len(sizes_stayed)
    places = sum(W.size for W in weights)
    assert done.grown == sum(grown) == done.pruned == len(sizes_gone) == (below if back else min(below, places - total))
    assert max(sizes_gone, default=0) <= min(sizes_stayed, default=H)
    assert are_shares(grown, survivors, room)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1, max_size=6), st.floats(0, 1))
def test_shares_are_exact_capped_and_within_one_of_proportion(layers, part):
    weights, room = [w for w, _ in layers], [r for _, r in layers]
    total = int(part * sum(room))
    counts = apportion(total, np.array(weights, float), np.array(room))
    assert counts.sum() == total
    assert are_shares(counts.tolist(), weights, room)


@pytest.mark.slow
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
