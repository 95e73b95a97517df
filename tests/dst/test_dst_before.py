"""Pruning before training: SNIP, GraSP, |GraSP|, SynFlow, and the narrower dense network."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from builders import clusters, dense_network, network, rng
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies_dst import few, lists_of, seeds

from minidst import CSR, METHODS, Config, Network, fit, mlp
from minidst.dst.papers.grasp import PreserveFlow
from minidst.dst.papers.snip import keep_most_sensitive
from minidst.dst.papers.synflow import IterativeFlow, counts, flow
from minidst.models.mlp import narrowed
from minidst.nn import Dropout, Linear, MeanSquaredError, ReLU, SparseLinear
from minidst.nn.hessian import gradient, hessian_vector

SALIENCIES = ["snip", "grasp", "grasp-abs", "synflow"]
shapes = lists_of(2, 9)


def no_data():
    raise AssertionError("looked at the data")


def once(X, y):
    return lambda: iter([(X, y)])


def batches_of(sizes, seed, batch=5, n=13):
    draw = rng(seed)
    X, y = draw.standard_normal((sizes[0], n)), draw.integers(0, sizes[-1], n)
    return lambda: ((np.ascontiguousarray(X[:, b : b + batch]), y[b : b + batch]) for b in range(0, n, batch))


def one_layer(W, budget):
    return Network([Linear(np.array(W, float))], MeanSquaredError(), budget=budget)


def begun(name, net, batches):
    METHODS[name].begin(net, batches, net.rng)
    return net


def kept_of(net):
    """All keys that are left, one after the other, as if the layers were one."""
    starts = np.cumsum([0] + [layer.shape[0] * layer.shape[1] for layer in net.weighted])[:-1]
    return np.concatenate([layer.W.keys() + start for layer, start in zip(net.weighted, starts, strict=True)])


def flat_weights(net):
    return [layer.weight.values.reshape(-1) for layer in net.weighted]


@given(st.sampled_from(SALIENCIES), shapes, st.floats(0, 1), seeds)
def test_the_budget_is_met_exactly_and_nothing_that_is_left_has_changed(name, sizes, share, seed):
    net = dense_network(sizes, share, seed)
    first = [(layer.weight.values.copy(), layer.bias.values.copy()) for layer in net.weighted]
    begun(name, net, batches_of(sizes, seed))
    assert net.connections == net.budget
    for layer, (W, b) in zip(net.weighted, first, strict=True):
        assert isinstance(layer, SparseLinear)
        assert isinstance(layer.W, CSR)
        assert np.array_equal(layer.weight.values, W.reshape(-1)[layer.W.keys()])
        assert np.array_equal(layer.bias.values, b)


@pytest.mark.parametrize("name", ["snip", "grasp", "grasp-abs"])
@given(shapes, st.floats(0.05, 1), seeds, st.integers(1, 13))
def test_the_top_of_the_saliency_over_all_data_stays_however_it_is_batched(name, sizes, share, seed, batch):
    """SNIP: |θ∇|. GraSP: θ·H∇ at temperature 200, so that what makes ½‖∇‖² rise most goes; |GraSP|: |θ·H∇|."""
    net, ((X, y),) = dense_network(sizes, share, seed), batches_of(sizes, seed, batch=13)()
    g = gradient(net, X, y, 1.0 if name == "snip" else 200.0)
    g = g if name == "snip" else hessian_vector(net, X, y, g, 200.0)
    scores = np.concatenate([w * part for w, part in zip(flat_weights(net), g, strict=True)])
    scores = scores if name == "grasp" else np.abs(scores)
    ranked, keep = np.argsort(-scores, kind="stable"), net.budget
    if keep < ranked.size:  # among all but equal scores that are not 0 rounding may decide
        last, next_one = scores[ranked[keep - 1 : keep + 1]]
        assume(last == next_one == 0 or last > next_one + 1e-9 * np.abs(scores).max())
    begun(name, net, batches_of(sizes, seed, batch=batch))
    assert np.array_equal(kept_of(net), np.sort(ranked[:keep]))


@pytest.mark.parametrize("name", SALIENCIES)
def test_what_it_costs_to_hold_the_dense_network_is_in_the_history(name):
    net = network((64, 40, 3), 0.05, name)
    assert (net.connections, net.budget) == (64 * 40 + 40 * 3, 134)
    held = net.memory_bytes()["values"]
    history = fit(net, clusters(12, features=64), name, Config(epochs=3, batch=4))
    assert history.epochs[0].bytes == history.peak_bytes == held == 4 * (64 * 40 + 40 * 3 + 40 + 3)
    assert history.epochs[1].bytes == history.epochs[2].bytes < held / 2


def test_snip_by_hand():
    """|θ|·|∇| = .09 .08 .18 .05, for a batch X = I with the targets that make ∂L/∂Z = (z − y)·2/(n_out·B) = ∇."""
    net, X, nabla = one_layer([[0.9, -0.1], [0.2, 0.5]], budget=2), np.eye(2), np.array([[0.1, 0.8], [-0.9, 0.1]])
    keep_most_sensitive(net, once(X, (net.forward(X) - nabla * 2).T), net.rng)
    assert net.weighted[0].W.to_dense().tolist() == [[0.9, 0], [0.2, 0]]


def test_snip_with_dropout_scores_the_network_that_predicts():
    found = []
    for seed in (1, 1, 2):
        draw = rng(3)
        W = [draw.standard_normal((6, 4)), draw.standard_normal((3, 6))]
        net = Network([Linear(W[0]), Dropout(0.9, draw), Linear(W[1])], rng=draw, budget=10)
        found.append(kept_of(begun("snip", net, batches_of((4, 6, 3), seed))).tolist())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("absolute", "kept"), [(False, [1, 2]), (True, [0, 1])])
def test_grasp_by_hand(absolute, kept):
    """−θ ⊙ Hg = (72, −48, −48): GraSP drops the first; |GraSP| keeps it, and of the tied others the earlier."""
    net = one_layer([[3, -1, 2]], budget=2)
    X = np.array([[1.0], [2], [-1]])
    PreserveFlow(temperature=1.0, absolute=absolute)(net, once(X, np.zeros((1, 1))), net.rng)
    assert kept_of(net).tolist() == kept


def test_synflow_by_hand():
    net = Network([Linear(np.array([[2.0, -1], [0.5, 1]])), ReLU(), Linear(np.array([[1.0, -3]]))])
    for scores, expected in zip(flow(net), [[2, 1, 1.5, 3], [3, 4.5]], strict=True):
        assert scores * 7.5 == pytest.approx(expected, rel=1e-15)
    assert counts(10**6, 10**5, 5) == [630957, 398107, 251189, 158489, 100000]


@given(st.integers(1, 10**9), st.floats(0, 1), st.integers(1, 200))
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


@given(lists_of(2, 12, 5), st.floats(0, 1), seeds)
@few
def test_synflow_leaves_a_path_through_every_layer_down_to_one_connection_each(sizes, share, seed):
    net = dense_network(sizes, 0, seed)
    L = len(sizes) - 1
    net.budget = L + round(share**4 * (net.connections - L))
    IterativeFlow()(net, no_data, net.rng)
    assert net.connections == net.budget
    assert connected(net)


@pytest.mark.parametrize(("name", "leaves_a_path"), [("snip", False), ("synflow", True)])
def test_where_snip_empties_a_layer_synflow_keeps_one_path(name, leaves_a_path):
    sizes, net = (20, 20, 20, 20, 20, 3), dense_network((20, 20, 20, 20, 20, 3), 0, 1)
    net.budget = 5
    begun(name, net, batches_of(sizes, 1))
    assert ([layer.connections for layer in net.weighted] == [1, 1, 1, 1, 1]) == connected(net) == leaves_a_path


@pytest.mark.parametrize(("rounds", "left"), [(1, [0, 2]), (100, [1, 1])])
def test_a_single_round_of_flow_does_empty_a_layer(rounds, left):
    """The rounds matter: 400 weights share the first layer's flow and 2 the last one's."""
    net = dense_network((200, 2, 1), 0)
    net.budget = 2
    IterativeFlow(rounds)(net, no_data, net.rng)
    assert [layer.connections for layer in net.weighted] == left


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e30])
def test_no_depth_and_no_scale_overflows_the_flow(scale):
    sizes = (4,) * 16
    net, plain = (dense_network(sizes, 89 / 239, dtype=np.float32) for _ in range(2))
    assert net.budget == 90
    expected = kept_of(begun("synflow", plain, no_data))
    for w in flat_weights(net):
        w *= np.float32(scale)
    assert all(scores.sum() == pytest.approx(1) for scores in flow(net))
    assert np.isin(kept_of(begun("synflow", net, no_data)), expected).mean() > 0.95  # float32 rounds the products


def test_a_network_without_any_flow_is_cut_all_the_same():
    net = one_layer(np.zeros((3, 4)), budget=5)
    IterativeFlow()(net, no_data, net.rng)
    assert net.connections == 5


def places(sizes):
    return sum(a * b for a, b in pairwise(sizes))


def test_small_dense_by_hand():
    assert narrowed((64, 256, 256, 10), 845) == (64, 10, 10, 10)
    net = mlp((64, 256, 256, 10), density=0.01, method="small-dense")
    assert net.sizes == (64, 10, 10, 10)
    assert (net.connections, net.budget) == (840, 845)


@pytest.mark.parametrize("width", [49, 98, 103])
def test_small_dense_reaches_every_width_of_its_layer(width):
    """49·(u/49) is less than u in float64 for some u, and a unit would be lost."""
    assert [narrowed((1, width, 1), 2 * units)[1] for units in range(1, width + 1)] == list(range(1, width + 1))


@given(st.integers(1, 30), st.lists(st.integers(1, 60), min_size=1, max_size=3), st.integers(1, 10), st.floats(0, 1))
def test_small_dense_is_the_widest_that_meets_the_budget(n_in, hidden, n_out, share):
    least = places((n_in, *(1,) * len(hidden), n_out))
    budget = least + round(share * (places((n_in, *hidden, n_out)) - least))
    found = narrowed((n_in, *hidden, n_out), budget)
    assert places(found) <= budget
    factors = [Fraction(units, size) for size in hidden for units in range(1, size + 1)]
    every = [(n_in, *(max(1, int(factor * size)) for size in hidden), n_out) for factor in factors]
    assert found in every
    wider = [more for more in every if more != found and all(a <= b for a, b in zip(found, more, strict=True))]
    assert all(places(more) > budget for more in wider)
