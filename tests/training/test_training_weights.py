"""Sample weights: a sample of weight w counts as w samples, in the loss, in pruning before training and in training."""

from dataclasses import replace

import numpy as np
import pytest
from builders import refused

import minidst
from minidst import Config, Dataset, Run, fit
from minidst.data import identity
from minidst.nn import SGD, BinaryCrossEntropy, CrossEntropy, Decay, MeanSquaredError, Weighted
from minidst.nn.hessian import gradient, hessian_vector

COUNTS = np.array([1, 3, 0, 2, 1, 2, 0, 4])
LOSSES = [CrossEntropy(0.1), BinaryCrossEntropy(), MeanSquaredError()]
_rng = np.random.default_rng(5)
X, Y = _rng.standard_normal((8, 6)), _rng.integers(3, size=8)
WEIGHTED = Weighted(Y, COUNTS / COUNTS.mean())


def repeated(x):
    return np.repeat(x, COUNTS, axis=0)


def weighted(weights=COUNTS, dtype=np.float64):
    return Dataset(X, Y, X, Y, 3, "weighted", weights, dtype)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_of_whole_weights_is_that_of_repeated_samples(loss):
    Z = np.random.default_rng(0).standard_normal((3, 8))
    found, DZ = loss(Z, WEIGHTED)
    expected, DZs = loss(repeated(Z.T).T, repeated(Y))
    assert found == pytest.approx(expected, rel=1e-14)
    starts = np.cumsum(COUNTS) - COUNTS
    for b in np.flatnonzero(COUNTS):  # equal columns, one for each repeat
        np.testing.assert_allclose(DZ[:, b], COUNTS[b] * DZs[:, starts[b]], rtol=1e-13)
    assert not DZ[:, COUNTS == 0].any()


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_of_one_change_no_bit(loss):
    Z = np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)
    plain, weighted = loss(Z, Y), loss(Z, Weighted(Y, np.ones(8)))
    assert plain[0] == pytest.approx(weighted[0], rel=1e-6)
    assert np.array_equal(plain[1], weighted[1])
    assert weighted[1].dtype == np.float32


def test_derivatives_and_evaluations_of_whole_weights_are_those_of_repeated_samples():
    net = minidst.mlp((6, 8, 3), density=0.5, dtype=np.float64)
    v = [np.ones(layer.connections) for layer in net.weighted]
    few, many = (X.T.copy(), WEIGHTED), (repeated(X).T.copy(), repeated(Y))
    found, expected = (gradient(net, *data) + hessian_vector(net, *data, v) for data in (few, many))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    assert net.evaluate(X, WEIGHTED) == pytest.approx(net.evaluate(repeated(X), repeated(Y)))


@pytest.mark.parametrize("name", ["static", "rigl", "snip", "grasp"])
def test_training_on_whole_weights_is_training_on_repeated_samples(name):
    """In one batch a step, and with methods that draw no random numbers while they train."""
    method = minidst.method(name)
    method = replace(method, schedule=replace(method.schedule, every=2))
    repeats = Dataset(repeated(X), repeated(Y), X, Y, 3, "repeated", dtype=np.float64)
    outputs = []
    for data in (weighted(), repeats):
        net = minidst.mlp((6, 20, 3), density=0.3, method=method, dtype=np.float64)
        fit(net, data, method, Config(epochs=12, batch=99, optimizer=SGD(), rate=Decay("constant")))
        outputs.append(net.outputs(X))
    assert np.abs(outputs[0]).max() > 0.1
    np.testing.assert_allclose(*outputs, rtol=1e-9)


def test_micro_batches_see_the_same_weights():
    method = minidst.method("gse-grabo", schedule=minidst.dst.Constant(0.3, 2), regrow_pruned=False)
    outputs = []
    for parts in (1, 3):
        net = minidst.mlp((6, 20, 3), density=0.3, dtype=np.float64)
        fit(net, weighted(), minidst.dst.micro_batched(method, parts), Config(epochs=6, batch=99))
        outputs.append(net.outputs(X))
    np.testing.assert_allclose(*outputs, rtol=1e-9)


def test_held_out_samples_keep_their_weights():
    data = weighted(1.0 + np.arange(8), np.float32)
    run = Run(minidst.mlp((6, 8, 3), density=0.5), data, "rigl", Config(epochs=1, validation=0.25))
    out, rest = np.split(run.drawn, [2])
    _, (_, weights) = run._held_out
    assert np.array_equal(weights, data.weights[out])
    np.testing.assert_allclose(run._training.weights * data.weights[rest].mean(), data.weights[rest], rtol=1e-6)


def test_the_weights_of_a_data_set_have_a_mean_of_one_and_its_dtype():
    for scale in (1e-300, 1.0, 1e300):
        data = weighted(scale * COUNTS, np.float32)
        np.testing.assert_allclose(data.weights, COUNTS / COUNTS.mean(), rtol=1e-6)
        assert data.weights.dtype == data.x_train.dtype == np.float32
    again = replace(weighted(), name="again")
    assert np.array_equal(again.weights, weighted().weights)
    assert again.x_train.dtype == np.float64


def test_the_identity_of_data_holds_their_weights_if_they_have_any():
    plain, other = identity(weighted(None)), identity(weighted())
    assert "weights" not in plain["shapes"]
    assert plain["sha256"] != other["sha256"] != identity(weighted(COUNTS + 1))["sha256"]


@pytest.mark.parametrize(("weights", "words"), [
    (np.ones(7), ["(7,)", "(8,)"]), (np.ones((8, 1)), ["(8, 1)"]), (np.array(["a"] * 8), ["<U1"]),
    (-1.0 * COUNTS, ["-4.0", "at least 0"]), (np.zeros(8), ["0.0", "not all"]),
    *((np.where(COUNTS, 1.0, bad), [str(bad), "finite"]) for bad in (np.nan, np.inf)),
])  # fmt: skip
def test_bad_weights_are_refused(weights, words):
    with refused("weighted: weights", *words):
        weighted(weights)
