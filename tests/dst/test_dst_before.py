"""Pruning before training: SNIP, GraSP, |GraSP|, SynFlow, and the narrower dense network."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minidst
from minidst import Config, Dataset, Network, fit, train
from minidst.dst.papers.grasp import PreserveFlow
from minidst.dst.papers.snip import keep_most_sensitive
from minidst.dst.papers.synflow import IterativeFlow, counts, flow
from minidst.formats import CSR
from minidst.models.mlp import narrowed
from minidst.nn import Dropout, Linear, MeanSquaredError, ReLU, SparseLinear
from minidst.nn.hessian import gradient

pytestmark = pytest.mark.small
few = settings(deadline=None, max_examples=25)

SALIENCIES = ["snip", "grasp", "grasp-abs", "synflow"]
seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(2, 9), min_size=2, max_size=4)


def no_data():
    raise AssertionError("looked at the data")


def once(X, y):
    return lambda: iter([(X, y)])


def batches_of(sizes, seed, batch=5, n=13):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((sizes[0], n)), rng.integers(0, sizes[-1], n)
    starts = range(0, n, batch)
    return lambda: ((np.ascontiguousarray(X[:, b : b + batch]), y[b : b + batch]) for b in starts)


def dense_net(sizes, budget, seed, dtype=np.float64):
    """Linear layers with ReLU between, first weights and biases at random, to be cut to `budget`."""
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(sizes):
        W = (rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(dtype)
        layers += [Linear(W, rng.standard_normal(n_out).astype(dtype)), ReLU()]
    return Network(layers[:-1], rng=rng, budget=budget)


def one_layer(W, budget, loss=None):
    return Network([Linear(np.array(W, float))], loss or MeanSquaredError(), budget=budget)


def begun(name, net, batches):
    minidst.METHODS[name].begin(net, batches, net.rng)
    return net


def kept_of(net):
    """All keys that are left, one after the other, as if the layers were one."""
    starts = np.cumsum([0] + [layer.shape[0] * layer.shape[1] for layer in net.weighted])[:-1]
    return np.concatenate([layer.W.keys() + start for layer, start in zip(net.weighted, starts, strict=True)])


def top(scores, keep):
    return np.sort(np.argsort(-np.concatenate(scores), kind="stable")[:keep])


# What all of them promise


@given(st.sampled_from(SALIENCIES), shapes, st.floats(0, 1), seeds)
@few
def test_the_budget_is_met_exactly_and_nothing_that_is_left_has_changed(name, sizes, share, seed):
    total = sum(a * b for a, b in pairwise(sizes))
    budget = 1 + round(share * (total - 1))
    net = dense_net(sizes, budget, seed)
    first = [(layer.weight.values.copy(), layer.bias.values.copy()) for layer in net.weighted]
    begun(name, net, batches_of(sizes, seed))
    assert net.connections == budget
    for layer, (W, b) in zip(net.weighted, first, strict=True):
        assert isinstance(layer, SparseLinear)
        assert isinstance(layer.W, CSR)
        assert np.array_equal(layer.weight.values, W.reshape(-1)[layer.W.keys()])
        assert np.array_equal(layer.bias.values, b)


@pytest.mark.parametrize("name", SALIENCIES)
@pytest.mark.parametrize("density", [0.02, 0.1, 0.5])
def test_a_training_has_its_budget_from_the_first_step_on(name, density):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    data = Dataset(np.eye(3, 8)[y] + 0.1 * rng.standard_normal((60, 8)), y, np.eye(3, 8), np.arange(3), 3, "toy")
    net = minidst.mlp((8, 40, 3), density=density, method=name, allocation="er")
    total = 8 * 40 + 40 * 3
    assert net.connections == total
    for _ in train(net, data, name, Config(epochs=2, batch=20)):
        assert net.connections == net.budget == round(density * total)


@pytest.mark.parametrize("name", SALIENCIES)
def test_what_it_costs_to_hold_the_dense_network_is_in_the_history(name):
    y = np.arange(12) % 3
    data = Dataset(np.eye(3, 64)[y], y, np.eye(3, 64), np.arange(3), 3, "toy")
    net = minidst.mlp((64, 40, 3), density=0.05, method=name)
    held = net.memory_bytes()["values"]
    history = fit(net, data, name, Config(epochs=3, batch=4))
    assert history.epochs[0].bytes == history.peak_bytes == held == 4 * (64 * 40 + 40 * 3 + 40 + 3)
    assert history.epochs[1].bytes == history.epochs[2].bytes < held / 2


# SNIP


def identity_batch(net, nabla):
    """A batch whose gradient of the mean squared error is `nabla`: X = I, so ∇ = DZ = (z − y)·2/(n_out·B)."""
    nabla = np.array(nabla)
    X = np.eye(nabla.shape[1])
    return once(X, (net.forward(X) - nabla * nabla.size / 2).T)


def test_snip_by_hand():
    net = one_layer([[0.9, -0.1], [0.2, 0.5]], budget=2)
    keep_most_sensitive(net, identity_batch(net, [[0.1, 0.8], [-0.9, 0.1]]), net.rng)
    assert net.weighted[0].W.to_dense().tolist() == [[0.9, 0], [0.2, 0]]


@given(shapes, st.floats(0.05, 1), seeds, st.integers(1, 13))
@few
def test_snip_keeps_the_top_of_the_gradient_over_all_data_however_it_is_batched(sizes, share, seed, batch):
    keep = max(1, round(share * sum(a * b for a, b in pairwise(sizes))))
    net = dense_net(sizes, keep, seed)
    ((X, y),) = batches_of(sizes, seed, batch=13)()
    nabla = gradient(net, X, y)
    scores = [np.abs(layer.weight.values.reshape(-1) * g) for layer, g in zip(net.weighted, nabla, strict=True)]
    ranked = np.sort(np.concatenate(scores))[::-1]
    assume(keep == ranked.size or ranked[keep - 1] > ranked[keep] * (1 + 1e-9))  # else rounding may decide
    begun("snip", net, batches_of(sizes, seed, batch=batch))
    assert np.array_equal(kept_of(net), top(scores, keep))


def test_snip_with_dropout_scores_the_network_that_predicts():
    def net():
        rng = np.random.default_rng(3)
        W = [rng.standard_normal((6, 4)), rng.standard_normal((3, 6))]
        return Network([Linear(W[0]), Dropout(0.9, rng), Linear(W[1])], rng=rng, budget=10)

    found = [kept_of(begun("snip", net(), batches_of((4, 6, 3), seed))).tolist() for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


# GraSP and |GraSP|


@pytest.mark.parametrize(("absolute", "kept"), [(False, [1, 2]), (True, [0, 1])])
def test_grasp_by_hand(absolute, kept):
    """−θ ⊙ Hg = (72, −48, −48): GraSP drops the first; |GraSP| keeps it, and of the tied others the earlier."""
    net = one_layer([[3, -1, 2]], budget=2)
    X = np.array([[1.0], [2], [-1]])
    PreserveFlow(temperature=1.0, absolute=absolute)(net, once(X, np.zeros((1, 1))), net.rng)
    assert kept_of(net).tolist() == kept


@given(st.sampled_from(["grasp", "grasp-abs"]), shapes, st.floats(0.05, 0.95), seeds)
@few
def test_grasp_ranks_by_theta_times_Hg_taken_by_central_differences_at_temperature_200(name, sizes, share, seed):
    keep = max(1, round(share * sum(a * b for a, b in pairwise(sizes))))
    net = dense_net(sizes, keep, seed)
    ((X, y),) = batches_of(sizes, seed, batch=13)()
    theta = [layer.weight.values.copy().reshape(-1) for layer in net.weighted]
    g = gradient(net, X, y, 200.0)
    assume(any(part.any() for part in g))  # not all units dead
    step, sides = 1e-6 / max(np.abs(part).max() for part in g), []
    for way in (step, -step):
        for layer, t, part in zip(net.weighted, theta, g, strict=True):
            layer.weight.values.reshape(-1)[:] = t + way * part
        sides.append((gradient(net, X, y, 200.0), [layer.Y > 0 for layer in net.layers if isinstance(layer, ReLU)]))
    assume(all(np.array_equal(a, b) for a, b in zip(sides[0][1], sides[1][1], strict=True)))
    scores = [t * (up - down) for t, up, down in zip(theta, sides[0][0], sides[1][0], strict=True)]
    scores = [np.abs(s) for s in scores] if name == "grasp-abs" else scores
    for layer, t in zip(net.weighted, theta, strict=True):
        layer.weight.values.reshape(-1)[:] = t
    begun(name, net, batches_of(sizes, seed))
    every = np.concatenate(scores)
    kept = np.isin(np.arange(every.size), kept_of(net))
    slack = 1e-4 * np.abs(every).max()  # central differences rank near-ties as they like
    assert kept.all() or every[kept].min() >= every[~kept].max() - slack


def test_grasp_follows_its_sign_and_not_its_size():
    """Where all scores have both signs, GraSP and |GraSP| keep different connections."""
    batches = batches_of((6, 8, 4), 0)
    one, other = (kept_of(begun(name, dense_net((6, 8, 4), 20, 0), batches)) for name in ("grasp", "grasp-abs"))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match=r"temperature .* must be positive"):
        PreserveFlow(temperature=temperature)


# SynFlow


def test_synflow_by_hand():
    net = Network([Linear(np.array([[2.0, -1], [0.5, 1]])), ReLU(), Linear(np.array([[1.0, -3]]))])
    expected = [[2, 1, 1.5, 3], [3, 4.5]]
    for scores, by_hand in zip(flow(net), expected, strict=True):
        assert scores * 7.5 == pytest.approx(by_hand, rel=1e-15)


def test_the_rounds_of_synflow_to_one_tenth_in_five():
    found = counts(10**6, 10**5, 5)
    assert found == [630957, 398107, 251189, 158489, 100000]


@given(st.integers(1, 10**9), st.floats(0, 1), st.integers(1, 200))
@few
def test_the_rounds_of_synflow_never_rise_and_end_at_the_budget(total, share, rounds):
    keep = max(1, round(share * total))
    found = counts(total, keep, rounds)
    assert len(found) == rounds
    assert found[-1] == keep
    assert all(total >= a >= b >= keep for a, b in pairwise([total, *found]))


def connected(net):
    """Whether some path leads from an input to an output."""
    reached = np.ones(net.sizes[0], bool)
    for layer in net.weighted:
        reached = layer.W.to_dense().astype(bool) @ reached
    return bool(reached.any())


@given(st.lists(st.integers(2, 12), min_size=2, max_size=5), st.floats(0, 1), seeds)
@settings(deadline=None, max_examples=12)
def test_synflow_leaves_a_path_through_every_layer_down_to_one_connection_each(sizes, share, seed):
    L, total = len(sizes) - 1, sum(a * b for a, b in pairwise(sizes))
    net = dense_net(sizes, L + round(share**4 * (total - L)), seed)
    IterativeFlow()(net, no_data, net.rng)
    assert net.connections == net.budget
    assert connected(net)


def test_where_snip_empties_a_layer_synflow_keeps_one_path():
    sizes = (20, 20, 20, 20, 20, 3)
    snip, synflow = (begun(name, dense_net(sizes, 5, 1), batches_of(sizes, 1)) for name in ("snip", "synflow"))
    assert min(layer.connections for layer in snip.weighted) == 0
    assert not connected(snip)
    assert [layer.connections for layer in synflow.weighted] == [1, 1, 1, 1, 1]
    assert connected(synflow)


def test_a_single_round_of_flow_does_empty_a_layer():
    """The rounds matter: 400 weights share the first layer's flow and 2 the last one's."""
    after = {}
    for rounds in (1, 100):
        net = dense_net((200, 2, 1), 2, 0)
        IterativeFlow(rounds)(net, no_data, net.rng)
        after[rounds] = [layer.connections for layer in net.weighted]
    assert after == {1: [0, 2], 100: [1, 1]}


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e30])
def test_no_depth_and_no_scale_overflows_the_flow(scale):
    sizes = (4,) * 16
    net = dense_net(sizes, 90, 0, np.float32)
    expected = kept_of(begun("synflow", dense_net(sizes, 90, 0, np.float32), no_data))
    for layer in net.weighted:
        layer.weight.values *= np.float32(scale)
    assert all(scores.sum() == pytest.approx(1) for scores in flow(net))
    assert np.isin(kept_of(begun("synflow", net, no_data)), expected).mean() > 0.95  # float32 rounds the products


def test_a_network_without_any_flow_is_cut_all_the_same():
    net = one_layer(np.zeros((3, 4)), budget=5)
    IterativeFlow()(net, no_data, net.rng)
    assert net.connections == 5


@pytest.mark.parametrize("rounds", [0, -1])
def test_synflow_needs_a_round(rounds):
    with pytest.raises(ValueError, match=rf"rounds {rounds} must be at least 1"):
        IterativeFlow(rounds)


# Small-dense


def test_small_dense_by_hand():
    assert narrowed((64, 256, 256, 10), 845) == (64, 10, 10, 10)
    net = minidst.mlp((64, 256, 256, 10), density=0.01, method="small-dense")
    assert net.sizes == (64, 10, 10, 10)
    assert (net.connections, net.budget) == (840, 845)


@pytest.mark.parametrize("width", [49, 98, 103])
def test_small_dense_reaches_every_width_of_its_layer(width):
    """49·(u/49) is less than u in float64 for some u, and a unit would be lost."""
    assert [narrowed((1, width, 1), 2 * units)[1] for units in range(1, width + 1)] == list(range(1, width + 1))


@given(st.integers(1, 30), st.lists(st.integers(1, 60), min_size=1, max_size=3), st.integers(1, 10), st.floats(0, 1))
@few
def test_small_dense_is_the_widest_that_meets_the_budget(n_in, hidden, n_out, share):
    sizes = (n_in, *hidden, n_out)
    total = sum(a * b for a, b in pairwise(sizes))
    least = sum(a * b for a, b in pairwise((n_in, *(1,) * len(hidden), n_out)))
    budget = least + round(share * (total - least))
    found = narrowed(sizes, budget)
    assert sum(a * b for a, b in pairwise(found)) <= budget
    assert (found[0], found[-1], len(found)) == (n_in, n_out, len(sizes))
    factors = [Fraction(units, size) for size in hidden for units in range(1, size + 1)]
    every = [(n_in, *(max(1, int(factor * size)) for size in hidden), n_out) for factor in factors]
    assert found in every
    wider = [more for more in every if more != found and all(a <= b for a, b in zip(found, more, strict=True))]
    assert all(sum(a * b for a, b in pairwise(more)) > budget for more in wider)
