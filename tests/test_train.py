"""The trainer: its steps, its updates, early stopping, evaluation, and how it tells of divergence."""

import copy
import io
import pickle
import sys
from dataclasses import replace
from itertools import chain, pairwise
from math import ceil, inf, nan

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import minidst
from minidst import CSR, METHODS, Config, Dataset, Network, fit, train
from minidst.dst import Constant, zeros
from minidst.dst.papers.dsr import Threshold
from minidst.nn import SGD, Adam, BinaryCrossEntropy, CrossEntropy, MeanSquaredError, Steps
from minidst.nn.linear import SparseLinear
from minidst.training.loop import Step

DYNAMIC = [name for name, record in METHODS.items() if record.dynamic]
GROWING = [name for name in DYNAMIC if METHODS[name].start == "sparse"]  # the others only prune
TRADING = ("gse-2022", "snfs", "dsr")  # layers trade connections
IN_ONE_RUN = [name for name, record in METHODS.items() if not record.rounds]  # `train` refuses the others
WITH_SKIP = [name for name in DYNAMIC if METHODS[name].skip_optimizer_step]


def toy(classes=3, samples=66, features=6):
    """Well separated clusters, one around each axis."""
    rng = np.random.default_rng(0)
    y = np.arange(samples) % classes
    x = 3 * np.eye(classes, features)[y] + 0.3 * rng.standard_normal((samples, features))
    return Dataset(x, y, x[:12], y[:12], classes, "toy")


def line(samples=40):
    """Regression: two outputs linear in four features."""
    x = np.random.default_rng(1).standard_normal((samples, 4))
    y = x @ np.array([[1.0, 0], [0, -1], [0.5, 0], [0, 0]])
    return Dataset(x, y, x[:10], y[:10], 0, "line")


def network(method="static", sizes=(6, 16, 3), density=0.4, **options):
    return minidst.mlp(sizes, density=density, method=method, **options)


def rewiring(name, every=3, until=0.5, **changes):
    """The method of that name with updates often enough for a short run."""
    record = METHODS[name]
    if not record.dynamic:
        return record
    if name not in GROWING:  # α = 0.3 would end far from its budget
        return replace(record, schedule=replace(record.schedule, every=every, until=until), **changes)
    return replace(record, schedule=Constant(alpha=0.3, every=every, until=until), **changes)


class Spy:
    """A first layer that passes everything on and remembers whom it saw: sample numbers are in feature 0."""

    def __init__(self):
        self.trained, self.evaluated = [], []

    def forward(self, X, training=False):
        (self.trained if training else self.evaluated).append(X[0].astype(int).tolist())
        return X

    def backward(self, DY, needs_input_grad=True):
        return DY

    def parameters(self):
        return []


def numbered(train_samples=66, test_samples=5):
    """Sample b has feature 0 = b; test samples are numbered from 1000 on."""
    x = np.column_stack([np.arange(train_samples), np.ones(train_samples)])
    x_test = np.column_stack([1000 + np.arange(test_samples), np.ones(test_samples)])
    return Dataset(x, np.arange(train_samples) % 2, x_test, np.arange(test_samples) % 2, 2, "numbered")


def spied():
    net = network(sizes=(2, 2), density=1.0)
    spy = Spy()
    return Network([spy, *net.layers], rng=net.rng), spy


# Steps


@pytest.mark.small
@pytest.mark.parametrize(("n", "batch"), [(66, 16), (64, 16), (5, 1), (10, 100)])
def test_train_yields_one_step_for_every_batch_of_every_epoch(n, batch):
    steps = list(train(network(), toy(samples=n), "static", Config(epochs=3, batch=batch)))
    per_epoch = ceil(n / batch)
    assert [step.t for step in steps] == list(range(3 * per_epoch))
    assert [step.epoch for step in steps] == [0] * per_epoch + [1] * per_epoch + [2] * per_epoch
    assert all(isinstance(step, Step) and np.isfinite(step.loss) and step.seconds > 0 for step in steps)


@pytest.mark.small
def test_the_rate_of_every_step_is_the_base_rate_times_the_schedule():
    config = Config(epochs=4, batch=16, lr=0.5, rate=Steps(milestones=(0.5, 0.75), factor=0.1))
    rates = [step.lr for step in train(network(), toy(), "static", config)]
    assert rates == pytest.approx([0.5] * 10 + [0.05] * 5 + [0.005] * 5)


@pytest.mark.small
def test_the_optimizer_moves_by_the_rate_that_the_step_reports():
    net = network()
    config = Config(epochs=1, batch=16, lr=0.5, rate=Steps((0.5,), 0.1), optimizer=SGD(momentum=0, weight_decay=0))
    before = net.weighted[0].weight.values.copy()
    for step in train(net, toy(), "static", config):
        layer = net.weighted[0]
        np.testing.assert_allclose(layer.weight.values, before - step.lr * layer.weight.grad, rtol=1e-5, atol=1e-7)
        before = layer.weight.values.copy()


@pytest.mark.small
def test_every_epoch_sees_every_sample_once_in_a_new_order_and_its_last_batch_is_the_rest():
    net, spy = spied()
    for _ in train(net, numbered(), "static", Config(epochs=2, batch=16, lr=1e-6)):
        pass
    assert [len(batch) for batch in spy.trained] == [16, 16, 16, 16, 2] * 2
    first, second = (list(chain(*spy.trained[start : start + 5])) for start in (0, 5))
    assert sorted(first) == sorted(second) == list(range(66))
    assert first != second != sorted(second)


@pytest.mark.small
def test_the_loss_of_a_step_is_that_of_its_batch_before_the_step():
    net = network(loss=CrossEntropy())
    data = toy(samples=10)
    expected, _ = net.evaluate(data.x_train, data.y_train)
    first = next(train(net, data, "static", Config(batch=10)))
    assert first.loss == pytest.approx(expected, rel=1e-5)
    assert net.evaluate(data.x_train, data.y_train)[0] < expected


@pytest.mark.small
def test_nothing_is_trained_before_the_first_step_is_asked_for():
    net = network()
    before = [p.values.copy() for p in net.parameters()]
    steps = train(net, toy(), "static")
    assert all(np.array_equal(p.values, old) for p, old in zip(net.parameters(), before, strict=True))
    next(steps)
    assert not all(np.array_equal(p.values, old) for p, old in zip(net.parameters(), before, strict=True))


@pytest.mark.small
@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_a_separable_problem(name):
    method = rewiring(name, every=4, until=0.75)
    net = network(method, density=0.5, loss=CrossEntropy())
    history = fit(net, toy(), method, Config(epochs=12, batch=16))
    assert history.epochs[-1].loss < 0.1 * history.epochs[0].loss
    assert history.score == 1
    exchanged = sum(row.exchanged for row in history.epochs)
    assert (exchanged > 0) == (name in GROWING)


# Topology updates


@pytest.mark.small
@pytest.mark.parametrize("name", DYNAMIC)
def test_connections_are_exchanged_at_the_steps_of_the_schedule_and_at_no_other(name):
    changes = {"update": Threshold(start=0.1)} if name == "dsr" else {}  # its own takes some updates to reach a weight
    method = rewiring(name, **changes)
    net = network(method)
    budget = [layer.connections for layer in net.weighted]
    total = sum(budget)
    changed = []
    for step in train(net, toy(), method, Config(epochs=4, batch=16)):  # T = 20, so T_end = 10
        if step.pruned or step.grown:
            changed.append(step.t)
            assert step.pruned > 0
            assert (step.grown > 0) == (name in GROWING)
        after = [layer.connections for layer in net.weighted]
        total += step.grown - step.pruned
        assert sum(after) == total
        if name == "srigl":  # what the neurons left cannot share out evenly is lost to the layer
            neurons = [layer.W.active.size for layer in net.weighted]
            assert after == [b // n * n for b, n in zip(budget, neurons, strict=True)]
        elif name in GROWING:
            assert step.pruned == step.grown
            assert name in TRADING or after == budget
    assert changed == [3, 6, 9] or (name == "deepr" and changed)  # which follows the learning rate, no schedule
    assert name in GROWING or total == net.budget


@pytest.mark.small
def test_a_schedule_by_epochs_updates_at_the_first_step_of_every_epoch_but_the_first():
    method = minidst.method("set", schedule=Constant(0.3, "epoch", until=1.0))
    steps = train(network(method), toy(), method, Config(epochs=4, batch=16))
    assert [step.t for step in steps if step.grown] == [5, 10, 15]


@pytest.mark.small
@pytest.mark.parametrize("name", ["static", "dense"])
def test_a_method_without_pruning_never_exchanges_a_connection(name):
    net = network(name)
    topology = [layer.W.keys() for layer in net.weighted if isinstance(layer, SparseLinear)]
    assert all(step.pruned == step.grown == 0 for step in train(net, toy(), name, Config(epochs=3, batch=16)))
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


NEWBORN = [(float(np.float32(weight)), 0) for weight in (0, 1e-12, -1e-12)]


def survivors(before, after):
    """Pairs before and after of connections that were active and not born in between (at 0, or DEEP R's 1e-12)."""
    for old, new in zip(before, after, strict=True):
        yield from ((old[key], new[key]) for key in old.keys() & new.keys() if new[key] not in NEWBORN)


def changes(before, after):
    """Pairs of all connections that are new or differ, None for what was absent."""
    for old, new in zip(before, after, strict=True):
        yield from ((old.get(key), pair) for key, pair in new.items() if old.get(key) != pair)


@pytest.mark.small
@pytest.mark.parametrize("name", WITH_SKIP)
def test_where_the_update_takes_the_place_of_the_step_no_survivor_and_no_bias_moves(name):
    method = rewiring(name, initial_weight=zeros)
    net = network(method)
    old = weights(net)
    for step in train(net, toy(), method, Config(epochs=4, batch=16)):
        new = weights(net)
        same_biases = [np.array_equal(a, b) for a, b in zip(old[1], new[1], strict=True)]
        if step.grown:
            born = list(changes(old[0], new[0]))
            assert 0 < len(born) <= step.grown
            assert {pair for _, pair in born} == {(0, 0)}
            assert all(same_biases)
        else:
            assert not any(a == b for a, b in survivors(old[0], new[0]))
            assert not any(same_biases)
        old = new


@pytest.mark.small
@pytest.mark.parametrize("name", DYNAMIC)
def test_a_method_that_does_not_skip_takes_the_optimizer_step_before_its_update(name):
    method = rewiring(name, skip_optimizer_step=False, initial_weight=zeros)
    net = network(method)
    old = weights(net)
    for _ in train(net, toy(), method, Config(epochs=4, batch=16)):
        new = weights(net)
        assert not any(a == b for a, b in survivors(old[0], new[0]))
        assert not any(np.array_equal(a, b) for a, b in zip(old[1], new[1], strict=True))
        old = new


# BLAS threads


def test_blas_is_given_back_its_threads_after_every_step():
    def blas():
        return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = blas()
        for _ in train(network(), toy(), "static", Config(epochs=1)):
            assert blas() == before
        network().evaluate(toy().x_test, toy().y_test)
        assert blas() == before


# fit


@pytest.mark.small
@pytest.mark.parametrize("name", IN_ONE_RUN)
def test_fit_is_a_loop_around_train(name):
    method, config = rewiring(name), Config(epochs=4, batch=16)
    fitted, trained = network(method), network(method)
    history = fit(fitted, toy(), method, config)
    steps = list(train(trained, toy(), method, config))
    for one, other in zip(fitted.parameters(), trained.parameters(), strict=True):
        assert np.array_equal(one.values, other.values)
    assert [row.epoch for row in history.epochs] == [1, 2, 3, 4]
    for row in history.epochs:
        mine = [step for step in steps if step.epoch == row.epoch - 1]
        assert row.loss == pytest.approx(np.mean([step.loss for step in mine]))
        assert row.exchanged == sum(step.grown for step in mine)
        assert row.lr == mine[-1].lr
    assert history.score == trained.evaluate(toy().x_test, toy().y_test)[1]
    assert (history.method, history.data, history.stopped) == (name, "toy", None)


@pytest.mark.small
@pytest.mark.parametrize(
    ("name", "optimizer", "arrays"), [("static", SGD(), 1), ("static", Adam(), 2), ("dense", SGD(), 1)]
)
def test_an_epoch_counts_the_bytes_of_values_indices_and_optimizer_state(name, optimizer, arrays):
    net = network(name)
    (row,) = fit(net, toy(), name, Config(epochs=1, lr=0.01, optimizer=optimizer)).epochs
    values = sum(4 * (layer.connections + layer.shape[0]) for layer in net.weighted)
    indices = sum(layer.index_bytes() for layer in net.weighted)
    assert row.bytes == values + indices + arrays * values
    assert row.connections == sum(layer.connections for layer in net.weighted)
    assert (indices > 0) == (name == "static")


@pytest.mark.small
def test_a_float64_network_stays_float64_through_training_and_rewiring():
    method = rewiring("rigl")
    net = network(method, dtype=np.float64)
    history = fit(net, toy(), method, Config(epochs=4, batch=16))
    assert sum(row.exchanged for row in history.epochs) > 0
    for parameter in net.parameters():
        arrays = [parameter.values, parameter.grad, *parameter.state.values()]
        assert [array.dtype for array in arrays] == [np.float64] * 3
    assert net.outputs(toy().x_test).dtype == np.float64


@pytest.mark.small
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize(
    ("name", "format"),
    [*((name, record.format) for name, record in METHODS.items()), ("rigl", "coo"), ("static", "condensed")],
)
def test_a_copied_network_trains_as_the_original_would_and_leaves_it_alone(name, format, copied):
    method, config = rewiring(name), Config(epochs=4, batch=16)
    original = network(method, format=format)
    twin = copied(original)
    before = [p.values.copy() for p in original.parameters()]
    score = fit(twin, toy(), method, config).epochs[-1].loss
    assert all(np.array_equal(p.values, old) for p, old in zip(original.parameters(), before, strict=True))
    assert fit(original, toy(), method, config).epochs[-1].loss == score
    assert np.array_equal(original.outputs(toy().x_test), twin.outputs(toy().x_test))


@pytest.mark.small
def test_a_network_copied_between_two_runs_goes_on_as_the_original_would():
    method, config = rewiring("rigl"), Config(epochs=2, batch=16)
    original = network(method)
    fit(original, toy(), method, config)
    twin = copy.deepcopy(original)
    one, other = (fit(net, toy(), method, config).to_dict()["loss"] for net in (original, twin))
    assert one == other


# Early stopping


def scripted(monkeypatch, validation_losses, held):
    """`evaluate` answers the held-out part with these losses in turn."""
    losses = iter(validation_losses)
    monkeypatch.setattr(Network, "evaluate", lambda net, x, y: (next(losses), 0.5) if len(x) == held else (0.0, 0.5))


@pytest.mark.small
@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([3, 2, 2.5, 1, 1.2, 1.1, 0.5], 2, 6),  # the best is epoch 4; 5 and 6 are no better
        ([3, 2, 2.5, 1, 1.2, 1.1, 0.5], 1, 3),
        ([1, 1, 1, 1, 1, 1, 1], 3, 4),  # equal is not lower
        ([7, 6, 5, 4, 3, 2, 1], 1, 7),
        ([3, 2, 2.5, 1, 1.2, 1.1, 0.5], 3, 7),
    ],
)
def test_training_stops_when_the_validation_loss_has_not_fallen_for_that_many_epochs(
    losses, patience, epochs, monkeypatch
):
    scripted(monkeypatch, losses, held=13)
    history = fit(network(), toy(), "static", Config(epochs=7, batch=16, validation=0.2, patience=patience))
    assert [row.validation_loss for row in history.epochs] == losses[:epochs]
    if epochs == 7:
        assert history.stopped is None
    else:
        assert f"{patience} epoch" in history.stopped
        assert "validation" in history.stopped


@pytest.mark.small
def test_a_network_that_does_not_learn_stops_early_for_real():
    history = fit(network(), toy(), "static", Config(epochs=50, batch=16, lr=1e-12, validation=0.2, patience=3))
    assert len(history.epochs) == 4
    assert history.stopped
    assert len(set(history.to_dict()["validation_loss"])) == 1


@pytest.mark.small
def test_held_out_samples_are_evaluated_after_every_epoch_and_never_trained_on():
    net, spy = spied()
    history = fit(net, numbered(), "static", Config(epochs=3, batch=16, lr=1e-6, validation=0.25))
    assert all(np.isfinite(row.validation_loss) for row in history.epochs)
    trained = {number for batch in spy.trained for number in batch}
    held_out = [batch for batch in spy.evaluated if min(batch) < 1000]
    tests = [batch for batch in spy.evaluated if min(batch) >= 1000]
    assert len(held_out) == len(tests) == 3
    assert all(one == other for one, other in pairwise(held_out))
    assert len(held_out[0]) == 16
    assert trained | set(held_out[0]) == set(range(66))
    assert not trained & set(held_out[0])


@pytest.mark.small
def test_without_a_held_out_part_there_is_no_validation_loss():
    (row,) = fit(network(), toy(), "static", Config(epochs=1)).epochs
    assert row.validation_loss is None


# evaluate


def fixed(W, loss):
    return Network([SparseLinear(CSR.from_dense(np.array(W, np.float32)))], loss)


@pytest.mark.small
def test_evaluate_gives_mean_loss_and_accuracy_of_a_classifier():
    net = fixed([[1, 0], [0, 1]], CrossEntropy())
    x = np.log(np.array([[1, 3], [3, 1], [1, 1 / 3]], np.float32))  # softmax: (¼, ¾), (¾, ¼), (¾, ¼)
    loss, accuracy = net.evaluate(x, np.array([1, 0, 1]))
    assert loss == pytest.approx(-(2 * np.log(3 / 4) + np.log(1 / 4)) / 3, rel=1e-5)
    assert accuracy == pytest.approx(2 / 3)


@pytest.mark.small
def test_evaluate_gives_the_squared_error_twice_for_regression():
    net = fixed([[2, 0], [0, 1]], MeanSquaredError())
    x = np.array([[1, 1], [0, 3]], np.float32)  # outputs (2, 1) and (0, 3)
    assert net.evaluate(x, np.array([[2, 2], [1, 1]])) == (1.5, 1.5)  # (0 + 1 + 1 + 4)/4


@pytest.mark.small
@pytest.mark.parametrize("name", METHODS)
def test_every_method_fits_a_regression_set_and_its_score_is_the_test_error(name):
    method = rewiring(name)
    net = network(method, sizes=(4, 16, 2), density=0.5, loss=MeanSquaredError())
    history = fit(net, line(), method, Config(epochs=15, batch=8, lr=0.05))
    assert history.score < 0.2 * history.epochs[0].score
    expected = ((net.predict(line().x_test) - line().y_test) ** 2).mean()
    assert history.score == pytest.approx(expected, rel=1e-4)


@pytest.mark.small
def test_two_classes_need_one_output_under_the_binary_loss():
    data = toy(classes=2)
    net = network(sizes=(6, 16, 1), loss=BinaryCrossEntropy())
    history = fit(net, data, "static", Config(epochs=5, batch=16))
    assert history.score == 1
    assert net.predict(data.x_test).tolist() == data.y_test.tolist()


@pytest.mark.small
def test_the_binary_loss_takes_one_output_per_class_too():
    net = network(sizes=(6, 16, 3), density=0.6, loss=BinaryCrossEntropy())
    assert fit(net, toy(), "static", Config(epochs=8, batch=16)).score == 1


# The bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.small
@pytest.mark.parametrize(
    ("stream", "progress", "drawn"),
    [
        (Terminal, None, True),
        (io.StringIO, None, False),
        (Terminal, False, False),
        (io.StringIO, True, True),
    ],
)
def test_the_bar_is_drawn_on_a_terminal_unless_told_otherwise(stream, progress, drawn, monkeypatch, capsys):
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)
    fit(network(), toy(), "static", Config(epochs=2), progress=progress)
    assert ("static" in written.getvalue()) == drawn
    assert (written.getvalue() != "") == drawn
    assert capsys.readouterr().out == ""


@pytest.mark.small
def test_a_process_without_stderr_trains_in_silence(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw, or `2>&-`
    assert len(fit(network(), toy(), "static", Config(epochs=2)).epochs) == 2


# Divergence

# NumPy's own warnings about overflow come first and are the subject of one test of their own.
overflows = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.small
@overflows
@pytest.mark.parametrize("name", IN_ONE_RUN)
def test_a_loss_that_stops_being_finite_names_step_epoch_layer_and_remedy(name):
    method = rewiring(name, every=4)
    net = network(method, density=0.5)
    # at 1e6, in these runs, the loss of SRigL and the weights of DEEP R overflow before any layer's output
    lr = 1e12 if name in ("srigl", "srigl-no-ablation", "deepr") else 1e6
    with pytest.raises(FloatingPointError) as caught:
        list(train(net, toy(), method, Config(epochs=20, batch=16, lr=lr)))
    message = str(caught.value)
    assert "\n" not in message
    for words in ("at step ", "(epoch ", "the output of layer ", f"lower lr (now {lr:g})"):
        assert words in message


@pytest.mark.small
@overflows
def test_the_step_and_epoch_named_are_those_that_failed():
    steps = []
    with pytest.raises(FloatingPointError) as caught:
        steps.extend(train(network(density=0.5), toy(), "static", Config(epochs=20, batch=16, lr=1e6)))
    assert steps
    assert f"step {len(steps)} (epoch {len(steps) // 5 + 1})" in str(caught.value)


@pytest.mark.small
@overflows
def test_the_message_says_that_it_is_finiteness_the_layer_lost():
    net = network()
    net.weighted[0].weight.values[:] = nan
    with pytest.raises(FloatingPointError, match=r"layer 0 .*\bnot finite"):
        next(train(net, toy(), "static"))


@pytest.mark.small
@pytest.mark.parametrize("bad", [nan, inf])
@pytest.mark.parametrize(("layers", "planted"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (5, 1)])
@overflows
def test_the_layer_named_is_the_one_that_broke(layers, planted, bad):
    net = network(sizes=(6, *(8,) * (layers - 1), 3), density=0.9)
    values = net.weighted[planted].weight.values
    values[:] = bad  # every neuron, so that ReLU cannot hide it behind a negative one
    before = [p.values.copy() for p in net.parameters()]
    with pytest.raises(FloatingPointError, match=rf"the output of layer {planted}\b"):
        next(train(net, toy(), "static"))
    assert all(np.array_equal(p.values, old, equal_nan=True) for p, old in zip(net.parameters(), before, strict=True))


@pytest.mark.small
@overflows
@pytest.mark.parametrize("name", DYNAMIC)
@pytest.mark.parametrize("lr", [1e20, 1e25, 1e30, 1e35, 1e38])
def test_a_topology_update_in_the_middle_of_divergence_reports_divergence(name, lr):
    """Weights that overflow in the very step of an update would be refused by the format: a worse message."""
    method = rewiring(name, every=1, until=1.0)
    net = network(method, sizes=(6, 3), density=0.5)
    outcome = "finite"
    try:
        fit(net, toy(), method, Config(epochs=5, batch=16, lr=lr))
    except FloatingPointError as error:
        outcome = "divergence"
        assert "step" in str(error)  # noqa: PT017 - whichever of the two happens
    assert outcome == "divergence" or all(np.isfinite(p.values).all() for p in net.parameters())


@pytest.mark.small
@pytest.mark.parametrize("name", ["static", "dense"])
@pytest.mark.parametrize("loss", [CrossEntropy(), MeanSquaredError(), BinaryCrossEntropy()])
def test_divergence_is_one_exception_and_no_numpy_warning(name, loss):
    with pytest.raises(FloatingPointError):  # under -W error a warning would get there first
        fit(network(name, density=0.5, loss=loss), toy(), name, Config(epochs=20, batch=16, lr=1e12))


@pytest.mark.small
@overflows
def test_a_run_that_diverges_in_its_last_step_is_reported_too():
    net = network(density=0.5, loss=MeanSquaredError())
    with pytest.raises(FloatingPointError):
        fit(net, toy(), "static", Config(epochs=1, batch=100, lr=1e30))
