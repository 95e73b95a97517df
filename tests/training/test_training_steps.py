"""`train`: the steps it yields, what each of them reports, and the topology updates between them."""

from functools import partial
from math import ceil

import builders
import numpy as np
import pytest
from builders import clusters, rewiring
from threadpoolctl import threadpool_info, threadpool_limits

import minidst
from minidst import METHODS, Config, train
from minidst.dst import Constant, zeros
from minidst.dst.papers.dsr import Threshold
from minidst.nn import SGD, CrossEntropy, Steps
from minidst.nn.linear import SparseLinear
from minidst.training.loop import Step

DYNAMIC = [name for name, record in METHODS.items() if record.dynamic]
GROWING = [name for name in DYNAMIC if METHODS[name].start == "sparse"]  # the others only prune
TRADING = ("gse-2022", "snfs", "dsr")  # layers trade connections
WITH_SKIP = [name for name in DYNAMIC if METHODS[name].skip_optimizer_step]
SHORT = Config(epochs=4, batch=16)  # T = 20 steps
network = partial(builders.network, (6, 16, 3), 0.4)


@pytest.mark.parametrize(("n", "batch"), [(66, 16), (64, 16), (5, 1), (10, 100)])
def test_train_yields_one_step_for_every_batch_of_every_epoch(n, batch):
    steps = list(train(network(), clusters(n), "static", Config(epochs=3, batch=batch)))
    per_epoch = ceil(n / batch)
    assert [step.t for step in steps] == list(range(3 * per_epoch))
    assert [step.epoch for step in steps] == [0] * per_epoch + [1] * per_epoch + [2] * per_epoch
    assert all(isinstance(step, Step) and np.isfinite(step.loss) and step.seconds > 0 for step in steps)


def test_the_optimizer_moves_by_the_reported_rate_which_is_the_base_rate_times_the_schedule():
    net, rates = network(), []
    rate, optimizer = Steps(milestones=(0.5, 0.75), factor=0.1), SGD(momentum=0, weight_decay=0)
    weight = net.weighted[0].weight
    before = weight.values.copy()
    config = Config(epochs=4, batch=16, lr=0.5, rate=rate, optimizer=optimizer)
    for step in train(net, clusters(), "static", config):
        rates.append(step.lr)
        np.testing.assert_allclose(weight.values, before - step.lr * weight.grad, rtol=1e-5, atol=1e-7)
        before = weight.values.copy()
    assert rates == pytest.approx([0.5] * 10 + [0.05] * 5 + [0.005] * 5)


def test_the_loss_of_a_step_is_that_of_its_batch_before_the_step():
    net, data = network(loss=CrossEntropy()), clusters(10)
    expected, _ = net.evaluate(data.x_train, data.y_train)
    first = next(train(net, data, "static", Config(batch=10)))
    assert first.loss == pytest.approx(expected, rel=1e-5)
    assert net.evaluate(data.x_train, data.y_train)[0] < expected


def test_nothing_is_trained_before_the_first_step_is_taken():
    net = network()
    before = [p.values.copy() for p in net.parameters()]
    steps = train(net, clusters(), "static")
    for moved in (False, True):
        assert all(np.array_equal(p.values, old) for p, old in zip(net.parameters(), before, strict=True)) != moved
        next(steps)


def test_blas_has_its_threads_back_after_every_step():
    def blas():
        return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = blas()
        for _ in train(network(), clusters(), "static", Config(epochs=1)):
            assert blas() == before
        network().evaluate(clusters().x_test, clusters().y_test)
        assert blas() == before


# Topology updates


@pytest.mark.parametrize("name", DYNAMIC)
def test_connections_are_exchanged_at_the_steps_of_the_schedule_alone(name):
    changes = {"update": Threshold(start=0.1)} if name == "dsr" else {}  # its own takes some updates to reach a weight
    method = rewiring(name, **changes)
    net = network(method)
    budget = [layer.connections for layer in net.weighted]
    total, changed = sum(budget), []
    for step in train(net, clusters(), method, SHORT):  # T_end = 10
        if step.pruned or step.grown:
            changed.append(step.t)
            assert step.pruned > 0
            assert (step.grown > 0) == (name in GROWING)
        after = [layer.connections for layer in net.weighted]
        total += step.grown - step.pruned
        assert sum(after) == total
        if name == "srigl":  # connections that its neurons cannot share evenly are lost to the layer
            neurons = [layer.W.active.size for layer in net.weighted]
            assert after == [b // n * n for b, n in zip(budget, neurons, strict=True)]
        elif name in GROWING:
            assert step.pruned == step.grown
            assert name in TRADING or after == budget
    assert changed == [3, 6, 9] or (name == "deepr" and changed)  # which follows the learning rate, no schedule
    assert name in GROWING or total == net.budget


def test_a_schedule_by_epochs_updates_at_the_first_step_of_every_epoch_but_the_first():
    method = minidst.method("set", schedule=Constant(0.3, "epoch", until=1.0))
    assert [step.t for step in train(network(method), clusters(), method, SHORT) if step.grown] == [5, 10, 15]


@pytest.mark.parametrize("name", ["static", "dense"])
def test_a_method_without_pruning_never_exchanges_a_connection(name):
    net = network(name)
    topology = [layer.W.keys() for layer in net.weighted if isinstance(layer, SparseLinear)]
    assert all(step.pruned == step.grown == 0 for step in train(net, clusters(), name, Config(epochs=3, batch=16)))
    assert all(np.array_equal(layer.W.keys(), keys) for layer, keys in zip(net.weighted, topology, strict=False))


def weights(net):
    """Per layer {key: (weight, velocity)}, and all biases."""
    layers = []
    for layer in net.weighted:
        velocity = layer.weight.state.get("velocity", np.zeros(layer.connections))
        pairs = zip(layer.weight.values.reshape(-1).tolist(), velocity.reshape(-1).tolist(), strict=True)
        keys = layer.W.keys() if isinstance(layer, SparseLinear) else np.arange(layer.connections)
        layers.append(dict(zip(keys.tolist(), pairs, strict=True)))
    return layers, [layer.bias.values.copy() for layer in net.weighted]


GROWN = [(float(np.float32(weight)), 0) for weight in (0, 1e-12, -1e-12)]  # 1e-12 is DEEP R's


def all_moved(old, new):
    """Whether every connection that survived, and every layer's bias, has another value."""
    layers = zip(old[0], new[0], strict=True)
    kept = [(a[key], b[key]) for a, b in layers for key in a.keys() & b.keys() if b[key] not in GROWN]
    moved = all(before != after for before, after in kept)
    return moved and not any(np.array_equal(a, b) for a, b in zip(old[1], new[1], strict=True))


@pytest.mark.parametrize(("name", "skip"), [(name, False) for name in DYNAMIC] + [(name, True) for name in WITH_SKIP])
def test_survivors_and_biases_stay_at_an_update_that_replaces_the_step_and_move_at_every_other(name, skip):
    method = rewiring(name, skip_optimizer_step=skip, initial_weight=zeros)
    net = network(method)
    old = weights(net)
    for step in train(net, clusters(), method, SHORT):
        new = weights(net)
        if skip and step.grown:
            layers = zip(old[0], new[0], strict=True)
            born = [pair for before, after in layers for key, pair in after.items() if before.get(key) != pair]
            assert 0 < len(born) <= step.grown
            assert set(born) == {(0, 0)}
            assert all(np.array_equal(a, b) for a, b in zip(old[1], new[1], strict=True))
        else:
            assert all_moved(old, new)
        old = new
