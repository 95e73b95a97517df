"""`fit`: what it learns, reports and evaluates, when it stops early, and the progress bar."""

import copy
import io
import pickle
import sys
from functools import partial
from itertools import chain, pairwise

import builders
import numpy as np
import pytest
from builders import Unknown, clusters, rewiring, stacked

from minidst import METHODS, Config, Dataset, Network, fit, train
from minidst.nn import SGD, Adam, BinaryCrossEntropy, CrossEntropy, MeanSquaredError

GROWING = [name for name, record in METHODS.items() if record.dynamic and record.start == "sparse"]
IN_ONE_RUN = [name for name, record in METHODS.items() if not record.rounds]  # `train` refuses the others
SHORT = Config(epochs=4, batch=16)
TOY = clusters()
network = partial(builders.network, (6, 16, 3), 0.4)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_a_separable_problem(name):
    method = rewiring(name, every=4, until=0.75)
    net = builders.network((6, 16, 3), 0.5, method, loss=CrossEntropy())
    history = fit(net, TOY, method, Config(epochs=12, batch=16))
    assert history.epochs[-1].loss < 0.1 * history.epochs[0].loss
    assert history.score == 1
    assert (sum(row.exchanged for row in history.epochs) > 0) == (name in GROWING)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_regression_and_its_score_is_the_test_error(name):
    x = builders.rng(1).standard_normal((40, 4))
    y = x @ [[1, 0], [0, -1], [0.5, 0], [0, 0]]
    method, data = rewiring(name), Dataset(x, y, x[:10], y[:10], 0, "line")
    net = builders.network((4, 16, 2), 0.5, method, loss=MeanSquaredError())
    history = fit(net, data, method, Config(epochs=15, batch=8, lr=0.05))
    assert history.score < 0.2 * history.epochs[0].score
    assert history.score == pytest.approx(((net.predict(data.x_test) - data.y_test) ** 2).mean(), rel=1e-4)


@pytest.mark.parametrize("name", IN_ONE_RUN)
def test_fit_is_a_loop_around_train(name):
    method = rewiring(name)
    fitted, trained = network(method), network(method)
    history, steps = fit(fitted, TOY, method, SHORT), list(train(trained, TOY, method, SHORT))
    for one, other in zip(fitted.parameters(), trained.parameters(), strict=True):
        assert np.array_equal(one.values, other.values)
    assert [row.epoch for row in history.epochs] == [1, 2, 3, 4]
    for row in history.epochs:
        mine = [step for step in steps if step.epoch == row.epoch - 1]
        assert row.loss == pytest.approx(np.mean([step.loss for step in mine]))
        assert row.exchanged == sum(step.grown for step in mine)
        assert row.lr == mine[-1].lr
    assert history.score == trained.evaluate(TOY.x_test, TOY.y_test)[1]
    assert (history.method, history.data, history.stopped) == (name, TOY.name, None)


@pytest.mark.parametrize(
    ("name", "optimizer", "arrays"), [("static", SGD(), 1), ("static", Adam(), 2), ("dense", SGD(), 1)]
)
def test_an_epoch_counts_the_bytes_of_values_indices_and_optimizer_state(name, optimizer, arrays):
    net = network(name)
    (row,) = fit(net, TOY, name, Config(epochs=1, lr=0.01, optimizer=optimizer)).epochs
    values = sum(4 * (layer.connections + layer.shape[0]) for layer in net.weighted)
    indices = sum(layer.index_bytes() for layer in net.weighted)
    assert row.bytes == values + indices + arrays * values
    assert row.connections == sum(layer.connections for layer in net.weighted)
    assert (indices > 0) == (name == "static")
    assert row.validation_loss is None


def test_a_float64_network_stays_float64_through_training_and_rewiring():
    method = rewiring("rigl")
    net = network(method, dtype=np.float64)
    assert sum(row.exchanged for row in fit(net, TOY, method, SHORT).epochs) > 0
    for parameter in net.parameters():
        arrays = [parameter.values, parameter.grad, *parameter.state.values()]
        assert [array.dtype for array in arrays] == [np.float64] * 3
    assert net.outputs(TOY.x_test).dtype == np.float64


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize(("name", "format"), [
    *((name, record.format) for name, record in METHODS.items()), ("rigl", "coo"), ("static", "condensed"),
])  # fmt: skip
def test_a_copied_network_trains_as_the_original_would_and_leaves_it_alone(name, format, copied):
    method = rewiring(name)
    original = network(method, format=format)
    twin = copied(original)
    before = [p.values.copy() for p in original.parameters()]
    score = fit(twin, TOY, method, SHORT).epochs[-1].loss
    assert all(np.array_equal(p.values, old) for p, old in zip(original.parameters(), before, strict=True))
    assert fit(original, TOY, method, SHORT).epochs[-1].loss == score
    assert np.array_equal(original.outputs(TOY.x_test), twin.outputs(TOY.x_test))


def test_a_network_copied_between_two_runs_goes_on_as_the_original_would():
    method, config = rewiring("rigl"), Config(epochs=2, batch=16)
    original = network(method)
    fit(original, TOY, method, config)
    twin = copy.deepcopy(original)
    one, other = (fit(net, TOY, method, config).to_dict()["loss"] for net in (original, twin))
    assert one == other


@pytest.mark.parametrize(("classes", "outputs", "density", "epochs"), [(2, 1, 0.4, 5), (3, 3, 0.6, 8)])
def test_the_binary_loss_takes_one_output_for_two_classes_or_one_for_each(classes, outputs, density, epochs):
    data, net = clusters(classes=classes), builders.network((6, 16, outputs), density, loss=BinaryCrossEntropy())
    assert fit(net, data, "static", Config(epochs=epochs, batch=16)).score == 1
    assert net.predict(data.x_test).tolist() == data.y_test.tolist()


def test_evaluate_gives_mean_loss_and_accuracy_of_a_classifier():
    x = np.log(np.array([[1, 3], [3, 1], [1, 1 / 3]], np.float32))  # softmax: (¼, ¾), (¾, ¼), (¾, ¼)
    loss, accuracy = stacked([[1, 0], [0, 1]], loss=CrossEntropy()).evaluate(x, np.array([1, 0, 1]))
    assert loss == pytest.approx(-(2 * np.log(3 / 4) + np.log(1 / 4)) / 3, rel=1e-5)
    assert accuracy == pytest.approx(2 / 3)


def test_evaluate_gives_the_squared_error_twice_for_regression():
    x = np.array([[1, 1], [0, 3]], np.float32)  # outputs (2, 1) and (0, 3)
    net = stacked([[2, 0], [0, 1]], loss=MeanSquaredError())
    assert net.evaluate(x, np.array([[2, 2], [1, 1]])) == (1.5, 1.5)  # (0 + 1 + 1 + 4)/4


# Which samples are used for what


class Spy(Unknown):
    """A first layer that changes nothing and records the number of every sample, which is its feature 0."""

    def __init__(self):
        self.trained, self.evaluated = [], []

    def forward(self, X, training=False):
        (self.trained if training else self.evaluated).append(X[0].astype(int).tolist())
        return X


def seen(**config):
    """The Spy and the history of a run on samples 0 to 65; the test samples are 1000 to 1004."""
    x, x_test = (np.column_stack([first + np.arange(n), np.ones(n)]) for first, n in [(0, 66), (1000, 5)])
    data = Dataset(x, np.arange(66) % 2, x_test, np.arange(5) % 2, 2, "numbered")
    net, spy = builders.network((2, 2), 1.0), Spy()
    return spy, fit(Network([spy, *net.layers], rng=net.rng), data, "static", Config(batch=16, lr=1e-6, **config))


def test_every_epoch_sees_every_sample_once_in_a_new_order_and_its_last_batch_is_the_rest():
    spy, _ = seen(epochs=2)
    assert [len(batch) for batch in spy.trained] == [16, 16, 16, 16, 2] * 2
    first, second = (list(chain(*spy.trained[start : start + 5])) for start in (0, 5))
    assert sorted(first) == sorted(second) == list(range(66))
    assert first != second != sorted(second)


def test_held_out_samples_are_evaluated_after_every_epoch_and_never_trained_on():
    spy, history = seen(epochs=3, validation=0.25)
    assert all(np.isfinite(row.validation_loss) for row in history.epochs)
    trained = {number for batch in spy.trained for number in batch}
    held_out = [batch for batch in spy.evaluated if min(batch) < 1000]
    tests = [batch for batch in spy.evaluated if min(batch) >= 1000]
    assert len(held_out) == len(tests) == 3
    assert all(one == other for one, other in pairwise(held_out))
    assert len(held_out[0]) == 16
    assert trained | set(held_out[0]) == set(range(66))
    assert not trained & set(held_out[0])


# Early stopping


UNEVEN = [3, 2, 2.5, 1, 1.2, 1.1, 0.5]  # of the first six epochs the fourth is the best


@pytest.mark.parametrize(("losses", "patience", "epochs"), [
    (UNEVEN, 2, 6), (UNEVEN, 1, 3), (UNEVEN, 3, 7), ([7, 6, 5, 4, 3, 2, 1], 1, 7), ([1] * 7, 3, 4),  # equal: not lower
])  # fmt: skip
def test_training_stops_when_the_validation_loss_has_not_fallen_in_many_epochs(losses, patience, epochs, monkeypatch):
    script = iter(losses)
    monkeypatch.setattr(Network, "evaluate", lambda net, x, y: (next(script) if len(x) == 13 else 0.0, 0.5))
    history = fit(network(), TOY, "static", Config(epochs=7, batch=16, validation=0.2, patience=patience))
    assert [row.validation_loss for row in history.epochs] == losses[:epochs]
    assert history.stopped == (None if epochs == 7 else f"validation loss has not fallen for {patience} epochs")


def test_a_network_that_does_not_learn_stops_early():
    history = fit(network(), TOY, "static", Config(epochs=50, batch=16, lr=1e-12, validation=0.2, patience=3))
    assert len(history.epochs) == 4
    assert history.stopped
    assert len(set(history.to_dict()["validation_loss"])) == 1


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "drawn"),
    [(Terminal, None, True), (io.StringIO, None, False), (Terminal, False, False), (io.StringIO, True, True)],
)
def test_the_bar_is_drawn_on_a_terminal_unless_told_otherwise(stream, progress, drawn, monkeypatch, capsys):
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)
    fit(network(), TOY, "static", Config(epochs=2), progress=progress)
    assert ("static" in written.getvalue()) == (written.getvalue() != "") == drawn
    assert capsys.readouterr().out == ""


def test_a_process_without_stderr_draws_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw, or `2>&-`
    assert len(fit(network(), TOY, "static", Config(epochs=2)).epochs) == 2
