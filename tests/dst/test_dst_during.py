"""Pruning during training: gradual pruning, lottery tickets, and what their histories say of the cost."""

import json
from itertools import pairwise

import numpy as np
import pytest
from builders import clusters, dense_network, network
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import by_key, few, lists_of, seeds

from minidst import Config, Network, Run, fit, method, train
from minidst.dst import prune, update_topology
from minidst.dst.papers.gradual import GRADUAL, Rising, cubic
from minidst.dst.papers.lottery import LOTTERY
from minidst.experiments.compare import compare
from minidst.nn import SGD, Adam, Linear, SparseLinear
from minidst.training.rewinding import make_ready, planned_connections

shapes = lists_of(1, 9)
shares = st.floats(0, 1)
SIZES, DENSE = (8, 20, 20, 3), 8 * 20 + 20 * 20 + 20 * 3
PARAMETERS = DENSE + 20 + 20 + 3
DATA = clusters(48, features=8)


def toy(method, density=0.1, **options):
    return network(SIZES, density, method, allocation="er", **options)


def gradual(every=2, **changes):
    return method("gradual", schedule=Rising(1.0, every, 0.75, cubic), **changes)


def weights_of(net):
    """{(layer, key): weight}; a dense layer has all keys."""
    found = {}
    for l, layer in enumerate(net.weighted):
        dense = isinstance(layer, Linear)
        weights = dict(enumerate(layer.weight.values.reshape(-1).tolist())) if dense else by_key(layer)
        found |= {(l, key): weight for key, weight in weights.items()}
    return found


def assert_smallest_went(old, new):
    """No weight that went is larger than one that stays, in whatever layer."""
    goes, stays = [abs(old[key]) for key in old.keys() - new.keys()], [abs(old[key]) for key in new]
    assert max(goes, default=0) <= min(stays)


@given(st.integers(2, 3000), st.integers(1, 400) | st.just("epoch"), st.floats(0.01, 1), st.integers(1, 100))
def test_the_last_update_completes_the_pruning_whatever_the_lengths(T, every, until, per_epoch):
    found = [Rising(1.0, every, until, cubic).fraction(t, T + 1, per_epoch) for t in range(T + 1)]
    at = [t for t, fraction in enumerate(found) if fraction > 0]
    assert found[at[-1]] == 1
    assert all(found[a] < found[b] or found[b] == 1 for a, b in pairwise(at))
    assert len({b - a for a, b in pairwise([0, *at])}) == 1
    end = max(1, min(int(until * (T + 1)), T))
    assert at[-1] <= end
    assert at[0] == min(per_epoch if every == "epoch" else every, end)


def test_a_late_first_update_leaves_out_those_before_it_but_never_the_last():
    """Every 7 of 71 steps: from 20 on the same fractions; from 999 on the whole pruning at once, in step 70."""
    found = [[Rising(1.0, 7, 1.0, cubic, first).fraction(t, 71, 5) for t in range(71)] for first in (1, 20, 999)]
    assert found[1] == [0] * 20 + found[0][20:]
    assert found[2] == [0] * 70 + [1]


def test_by_hand_ten_weights_are_pruned_to_one_by_magnitude():
    theta = np.array([[0.5, -0.9, 0.1, 0.8, -0.2, 0.7, -0.3, 0.4, 0.6, -1.0]])
    net = Network([Linear(theta)], budget=1)
    kept = []
    for u in (1, 2, 3):  # s_t = .9·(19/27, 26/27, 1): 10 − 6.3, 10 − 8.7 and 10 − 9 connections
        update_topology(net, GRADUAL, cubic(u / 3), net.rng)
        kept.append(net.weighted[0].W.keys().tolist())
    assert kept == [[1, 3, 5, 9], [9], [9]]


def test_another_criterion_prunes_by_that_one():
    net = Network([Linear(np.array([[0.9, -0.1, 0.2, 0.5]]))], budget=2)
    net.weighted[0].weight.grad = np.array([0.1, 0.8, -0.9, 0.1])
    update_topology(net, gradual(prune=prune.snip), 1.0, net.rng)  # |θ|·|∇| = .09 .08 .18 .05
    assert net.weighted[0].W.keys().tolist() == [0, 2]


@given(shapes, shares, st.integers(1, 12), seeds)
def test_it_follows_its_curve_to_the_budget_and_drops_the_smallest(sizes, share, updates, seed):
    net = dense_network(sizes, share, seed)
    total, s_f = net.connections, 1 - net.budget / net.connections
    for u in range(1, updates + 1):
        before = weights_of(net)
        done = update_topology(net, GRADUAL, cubic(u / updates), net.rng)
        after = weights_of(net)
        assert done == (len(before) - len(after), 0, 0)
        assert after == {key: before[key] for key in after}
        assert_smallest_went(before, after)
        s_t = s_f - s_f * (1 - u / updates) ** 3
        assert net.connections == pytest.approx((1 - s_t) * total, abs=0.5 + 1e-6)
    assert net.connections == net.budget


@given(shapes, shares, st.lists(st.floats(0, 1), min_size=1, max_size=4), seeds)
def test_by_layer_every_layer_has_the_same_sparsity(sizes, share, fractions, seed):
    """To within a connection or so, for counts are whole; Zhu and Gupta's own reading."""
    net, record = dense_network(sizes, share, seed), gradual(scope="layer")
    for l, layer in enumerate(net.weighted):  # among all layers together, the first ones would lose everything
        layer.weight.values *= 1000.0**l
    total = net.connections
    for fraction in sorted(fractions):
        update_topology(net, record, fraction, net.rng)
    density = net.connections / total
    for layer in net.weighted:
        assert layer.connections == pytest.approx(density * layer.shape[0] * layer.shape[1], abs=len(fractions) + 1)
    update_topology(net, record, 1.0, net.rng)
    assert net.connections == net.budget


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_training_prunes_after_the_optimizers_step_and_momentum_follows(optimizer):
    """Weights that stay move at every step, those that are gone never return, and state has their number."""
    record = gradual(every=2)
    net = toy(record)
    before, pruned = weights_of(net), 0
    for step in train(net, DATA, record, Config(epochs=4, batch=12, lr=0.01, optimizer=optimizer)):
        after = weights_of(net)
        assert after.keys() <= before.keys()
        assert np.mean([before[key] != weight for key, weight in after.items()]) > 0.5
        for layer in net.weighted:
            assert {array.size for array in layer.weight.state.values()} == {layer.connections}
            assert layer.weight.steps == step.t + 1
        assert step.grown == 0
        before, pruned = after, pruned + step.pruned
    assert pruned == DENSE - net.budget
    assert net.connections == net.budget == DENSE // 10
    assert len(net.sparse) == 3


@given(st.integers(2, 40), st.integers(1, 30), st.floats(0.05, 1), seeds)
@few
def test_any_training_of_two_steps_or_more_ends_at_the_budget(steps, every, density, seed):
    record = gradual(every=every)
    net = network((8, 6, 3), max(density, 0.1), record, allocation="er", seed=seed)
    fit(net, clusters(12, features=8), record, Config(epochs=steps, batch=12))
    assert net.connections == net.budget


def test_compare_keeps_its_own_curve_at_the_common_pace():
    """A cosine of 0.3, what the others share, would leave it nearly dense."""
    (row,) = compare(DATA, ["gradual"], hidden=(20,), density=0.1, seeds=2, config=Config(epochs=20, batch=16))
    assert row.connections == 22
    for history in row.histories:
        left = [epoch.connections for epoch in history.epochs]
        assert left == sorted(left, reverse=True)
        assert left[8] > left[15] == 22  # steps 45 … 47, the last update being at 3/4 of 60
        assert len(set(left)) > 8


def rounds(net, sparsities):
    """Make the network ready for one training after the other."""
    planned = planned_connections(net.connections, net.budget, sparsities)
    for number, keep in enumerate(planned):
        make_ready(net, planned, number)
        yield keep


def test_the_rounds_by_hand():
    assert planned_connections(80, 5, LOTTERY.rounds) == [80, 40, 20, 8, 5]
    assert planned_connections(84480, 1690, LOTTERY.rounds) == [
        84480,
        42240,
        21120,
        8448,
        4224,
        1690,
    ]  # 98 % is the target itself
    assert planned_connections(84480, 845, LOTTERY.rounds) == [84480, 42240, 21120, 8448, 4224, 1690, 845]
    assert planned_connections(10, 10, LOTTERY.rounds) == [10]


def test_rewinding_by_hand():
    net = Network([Linear(np.array([[0.5, -0.2, 0.1, 0.4]]), np.array([0.3]))], budget=2)
    (layer,) = net.weighted
    for keep in rounds(net, (0.0,)):
        if keep == 4:
            layer.weight.values[:] = [[0.1, -0.9, 0.8, 0.2]]
            layer.bias.values[:] = 7
    (ticket,) = net.weighted
    assert ticket.W.to_dense().tolist() == [[0, -0.2, 0.1, 0]]
    assert ticket.bias.values.tolist() == [0.3]


@given(shapes, shares, seeds)
def test_every_ticket_starts_from_the_first_weights_and_keeps_the_largest_trained_ones(sizes, share, seed):
    net = dense_network(sizes, share, seed)
    first, biases = weights_of(net), [layer.bias.values.copy() for layer in net.weighted]
    trained, seen = None, []
    for keep in rounds(net, LOTTERY.rounds):
        ticket = weights_of(net)
        assert len(ticket) == net.connections == keep
        assert ticket == {key: first[key] for key in ticket}
        for bias, layer in zip(biases, net.weighted, strict=True):
            assert np.array_equal(layer.bias.values, bias)
            assert layer.weight.steps == 0
            assert layer.weight.state.keys() | layer.bias.state.keys() <= {"first"}
        if trained:
            assert ticket.keys() <= trained.keys()
            assert_smallest_went(trained, ticket)
        for p in net.parameters():  # something like a training
            p.values.reshape(-1)[:] += net.rng.standard_normal(p.values.size)
            p.state["velocity"], p.steps = np.ones(p.values.size), 3
        trained, seen = weights_of(net), [*seen, keep]
    assert seen == planned_connections(len(first), net.budget, LOTTERY.rounds)
    assert seen[-1] == net.connections == net.budget
    assert not any("first" in p.state for p in net.parameters())


@pytest.mark.parametrize("name", ["static", "rigl", "dense", "snip"])
def test_without_rounds_there_is_one_training_of_the_network_as_it_stands_and_no_earlier_history(name):
    net = toy(name)
    assert Run(net, DATA, name).plan == (net.connections,)
    history = fit(net, DATA, name, Config(epochs=1, batch=1))
    assert history.earlier == []
    assert "earlier" not in history.to_dict()


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_fit_trains_every_round_and_returns_the_last_with_the_time_of_all(optimizer):
    net = toy("lottery", 0.04)
    config = Config(epochs=2, batch=12, lr=0.01, optimizer=optimizer, validation=0.25)
    history = fit(net, DATA, "lottery", config)
    left = [one.epochs[-1].connections for one in [*history.earlier, history]]
    assert left == [620, 310, 155, 62, 31, 25] == planned_connections(DENSE, net.budget, LOTTERY.rounds)
    assert net.connections == net.budget == 25
    assert all(isinstance(layer, SparseLinear) for layer in net.weighted)
    assert [one.method for one in history.earlier] == ["lottery"] * 5
    assert history.seconds == pytest.approx(sum(e.seconds for one in [*history.earlier, history] for e in one.epochs))
    assert history.seconds > sum(epoch.seconds for epoch in history.epochs)
    columns = history.to_dict()
    assert columns["connections"] == [25, 25]
    assert [one["connections"] for one in columns["earlier"]] == [[620] * 2, [310] * 2, [155] * 2, [62] * 2, [31] * 2]
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns


def test_the_first_round_is_the_training_of_the_dense_network():
    config = Config(epochs=3, batch=12, lr=0.01)
    lottery, dense = (fit(toy(name, seed=5), DATA, name, config) for name in ("lottery", "dense"))
    assert [e.loss for e in lottery.earlier[0].epochs] == [e.loss for e in dense.epochs]


def test_the_peak_of_gradual_pruning_is_that_of_the_dense_network_with_its_momentum_or_more():
    config = Config(epochs=8, batch=12)
    history, dense = fit(toy(gradual()), DATA, gradual(), config), fit(toy("dense"), DATA, "dense", config)
    assert history.peak_bytes == history.epochs[0].bytes >= dense.peak_bytes == 2 * 4 * PARAMETERS
    assert history.epochs[-1].bytes < dense.peak_bytes / 2


def test_the_peak_of_a_lottery_is_the_dense_network_its_momentum_and_its_first_weights():
    history = fit(toy("lottery"), DATA, "lottery", Config(epochs=1, batch=12, lr=0.01))
    assert history.earlier[0].peak_bytes == 3 * 4 * PARAMETERS
    assert history.peak_bytes >= history.earlier[0].peak_bytes
    assert max(epoch.bytes for epoch in history.epochs) < history.peak_bytes / 2


def test_an_epoch_holds_the_most_of_any_moment_between_its_steps():
    net, config = toy(gradual()), Config(epochs=1, batch=4)

    def held():
        memory = net.memory_bytes()
        return memory["values"] + memory["indices"] + memory["optimizer_state"] + memory["method_state"]

    steps = train(net, DATA, gradual(), config)
    seen = [held(), *(held() for _ in steps)]
    (row,) = fit(toy(gradual()), DATA, gradual(), config).epochs
    assert row.bytes == max(seen)
    assert max(seen) > seen[0]
    assert max(seen) > seen[-1]
