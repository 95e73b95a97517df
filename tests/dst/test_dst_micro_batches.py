"""GSE's update from a batch cut into micro-batches: that of the whole batch, with fewer activations held."""

from dataclasses import replace

import numpy as np
import pytest
from builders import blobs, float64_network, network, rng, run_batch, stacked
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import by_key, seeds, spied

from minidst import Config, Dataset, fit, train
from minidst.dst import Cosine, Exchange, GuidedSample, method, micro_batched, update_topology
from minidst.dst.papers.gse.distributions import grabo, graest, graest_four_wise
from minidst.dst.papers.gse.micro_batches import MicroBatches
from minidst.dst.prune import snip
from minidst.nn import MeanSquaredError, SparseLinear
from minidst.training.loop import Batch


def whole_and_cut(record, sizes, seed, B, M, loss=None):
    """(net, loss, what was done, [(f, g, S)]) twice: from a whole batch, and from that batch cut into M."""
    draw, found = rng(seed), []
    y = draw.standard_normal((B, sizes[-1])) if loss else draw.integers(0, sizes[-1], B)
    x = draw.standard_normal((B, sizes[0]))
    data = Dataset(x, y, x, y, 0 if loss else sizes[-1], "toy")
    x, y = data.x_train, data.y_train  # now in float32
    for whole in (True, False):
        net = float64_network(sizes, seed, loss=loss)
        spy, seen = spied(record)
        if whole:
            mean, _ = net.loss(net.forward(np.ascontiguousarray(x.T, np.float64)), y)
            done = update_topology(run_batch(net, x, y), spy, 0.4, rng(seed))
        else:
            mean, done = MicroBatches(M)(net, spy, Batch(data, np.arange(B), net.dtype), 0.4, rng(seed))
        found.append((net, mean, done, seen))
    return found


def assert_same(whole, cut):
    """The same f and g up to rounding, the same S, P and G, the same loss."""
    (net, mean, done, seen), (cut_net, cut_mean, cut_done, cut_seen) = whole, cut
    assert done == cut_done
    np.testing.assert_allclose(mean, cut_mean, rtol=1e-12)
    for (f, g, S), (cut_f, cut_g, cut_S) in zip(seen, cut_seen, strict=True):
        np.testing.assert_allclose(cut_f, f, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(cut_g, g, rtol=1e-9, atol=1e-14)
        np.testing.assert_array_equal(cut_S, S)
    for layer, twin in zip(net.sparse, cut_net.sparse, strict=True):
        assert by_key(layer) == by_key(twin)


@pytest.mark.parametrize("name", ["gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2", "gse-2022"])
@given(seeds, st.integers(2, 11), st.data())
def test_a_batch_cut_into_micro_batches_makes_the_update_of_the_whole_batch(name, seed, B, data):
    """11 samples in 3 parts: 4, 4 and 3."""
    sizes = (5, 4) if name == "gse-graest" else (6, 5, 7, 4)  # GraEst draws the signs of all layers before any S
    assert_same(*whole_and_cut(method(name), sizes, seed, B, data.draw(st.integers(2, B))))


@pytest.mark.parametrize(
    ("record", "loss"), [(method("gse-grabo"), MeanSquaredError()), (method("gse-l2", prune=snip), None)]
)
def test_under_other_losses_and_criteria_too(record, loss):
    """A squared error is a mean over samples and outputs; SNIP prunes by the gradient of the whole batch."""
    whole, cut = whole_and_cut(record, (6, 5, 4), 3, 7, 3, loss)
    assert_same(whole, cut)
    assert cut[2].grown > 3


def test_micro_batches_by_hand():
    """One layer, W = [[1, 0]], squared error, x = (1, 2) to y = 0 and (0, 3) to y = 1; α = 1, so k = 1.

    z = (1, 0), ∂L/∂z = (z − y)·2/2 = (1, −1). ∇ at the absent (0, 1) is 1·2 − 1·3 = −1, from parts 2 and −3; GraBo's
    f = (1, 5) and g = 2. The only candidate is grown: W = [[0, 0]] with (0, 1) active.
    """
    x, y = np.array([[1.0, 2], [0, 3]]), np.array([[0.0], [1]])
    net = stacked([[1.0, 0]], loss=MeanSquaredError())
    record, seen = spied(method("gse-grabo", candidates=GuidedSample(grabo, 50)))
    whole = Batch(Dataset(x, y, x, y, 0, "toy"), np.arange(2), net.dtype)
    loss, done = MicroBatches(2)(net, record, whole, 1.0, rng())
    [(f, g, S)] = seen
    assert (f.tolist(), g.tolist(), S.tolist()) == ([1, 5], [2], [1])
    assert loss == 1
    assert done == Exchange(1, 1, 1)
    assert net.sparse[0].W.keys().tolist() == [1]


# --- in training ------------------------------------------------------------------------------------------------------
CONFIG = Config(epochs=3, batch=16, lr=0.05)  # 60 samples: the last batch of an epoch has 12
SCHEDULE = Cosine(0.4, 2, 0.9)


def started(record, data=None, **options):
    """A network and its training."""
    net = network((10, 9, 8, 3), 0.3, record, seed=5, **options)
    return net, train(net, data or blobs(), replace(record, schedule=SCHEDULE), CONFIG)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gse-grabo", "gse-synflow", "gse-2022"])
@pytest.mark.parametrize("M", [3, 16, 999])
def test_a_training_with_micro_batches_is_the_training_with_whole_ones(name, M):
    """The same exchanges at every step and the same connections; 999 micro-batches are as many as there are samples."""
    (net, steps), (cut, cut_steps) = (
        started(record, dtype=np.float64) for record in (method(name), micro_batched(method(name), M))
    )
    grown = 0
    for step, other in zip(steps, cut_steps, strict=True):
        assert (step.grown, step.pruned, step.considered) == (other.grown, other.pruned, other.considered)
        np.testing.assert_allclose(step.loss, other.loss, rtol=1e-8)
        assert [by_key(layer).keys() for layer in net.sparse] == [by_key(layer).keys() for layer in cut.sparse]
        grown += step.grown
    assert grown > 30


@pytest.mark.slow
@pytest.mark.parametrize("guide", [graest, graest_four_wise])
def test_graest_with_either_signs_trains_in_micro_batches_and_keeps_every_connection_count(guide):
    net, steps = started(micro_batched(method("gse-graest", candidates=GuidedSample(guide)), 4), dtype=np.float64)
    assert sum(step.grown for step in steps) > 30
    assert net.connections == net.budget


@pytest.mark.slow
def test_an_update_never_holds_more_than_one_micro_batch_and_other_steps_hold_a_batch(monkeypatch):
    """Batches of 16, 16, 16 and 12 samples, an update at every second step: 16 in five is 4, 3, 3, 3 and 3."""
    widths, updates = [], []
    forward = SparseLinear.forward

    def spy(self, X, training=False):
        widths.append(X.shape[1])
        return forward(self, X, training)

    monkeypatch.setattr(SparseLinear, "forward", spy)
    for step in started(micro_batched(method("gse-grabo"), 5))[1]:
        if step.considered:
            assert widths == [b for b in (4, 3, 3, 3, 3) for _ in range(3)] * 2  # 3 layers, 2 passes
            updates.append(step.t)
        else:
            assert widths == [12 if step.t % 4 == 3 else 16] * 3
        widths.clear()
    assert updates == [2, 4, 6, 8, 10]


@pytest.mark.slow
def test_a_loss_that_is_not_finite_in_a_micro_batch_stops_before_anything_is_rewired():
    data = blobs()
    net, steps = started(micro_batched(method("gse-grabo"), 4), data)
    before = [layer.W.keys().tolist() for layer in net.sparse]
    assert [next(steps).considered for _ in range(2)] == [0, 0]
    data.x_train[::2] = np.nan
    with pytest.raises(FloatingPointError, match=r"loss is nan at step 2 \(epoch 1\); the data are not"):
        next(steps)
    assert [layer.W.keys().tolist() for layer in net.sparse] == before


@pytest.mark.slow
def test_the_history_counts_what_was_looked_at():
    record = method("gse-grabo", schedule=SCHEDULE)
    steps = list(started(record)[1])
    history = fit(network((10, 9, 8, 3), 0.3, record, seed=5), blobs(), record, CONFIG, progress=False)
    assert [row.considered for row in history.epochs] == [
        sum(step.considered for step in steps if step.epoch == epoch) for epoch in range(3)
    ]
    assert all(row.considered >= row.exchanged for row in history.epochs)
