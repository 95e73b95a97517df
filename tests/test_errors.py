"""What does not fit is refused before anything has changed; what makes no sense by itself is in test_bad_inputs.py."""

import numpy as np
import pytest

import minidst
from minidst import Dataset, fit, train
from minidst.nn import BinaryCrossEntropy, CrossEntropy, MeanSquaredError

pytestmark = pytest.mark.small


def toy(classes=3, features=6, samples=12):
    x = np.random.default_rng(0).standard_normal((samples, features))
    y = np.arange(samples) % classes
    return Dataset(x, y, x, y, classes, "toy")


def regression(outputs=2):
    x = np.random.default_rng(0).standard_normal((12, 6))
    return Dataset(x, x[:, :outputs], x, x[:, :outputs], 0, "line")


def network(sizes=(6, 8, 3), density=0.5, **options):
    return minidst.mlp(sizes, density=density, **options)


def refused(what, *words):
    """Calling `what` raises a ValueError of one line with all these words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        what()
    message = str(caught.value)
    assert message.strip()
    assert "\n" not in message
    for word in words:
        assert str(word) in message, message


# Network, data and method


@pytest.mark.parametrize("start", [train, fit])
@pytest.mark.parametrize(
    ("net", "data", "method", "words"),
    [
        (lambda: network((5, 8, 3)), toy, "rigl", ["toy", "6 features", "5"]),
        (lambda: network((6, 8, 2)), toy, "rigl", ["toy", "3 classes", "2 outputs"]),
        (lambda: network((6, 8, 1)), lambda: toy(3), "rigl", ["toy", "3 classes", "1 output"]),
        (lambda: network(method="static", format="condensed"), toy, "rigl", ["rigl", "'condensed'", "csr"]),
        (lambda: network(method="static", format="condensed"), toy, "set", ["set", "'condensed'"]),
        (lambda: network(method="dense"), toy, "rigl", ["rigl", "dense"]),
        (lambda: network(method="dense"), toy, "gse-grabo", ["gse-grabo", "dense"]),
        *((lambda: network(method="static"), toy, name, [name, "dense"]) for name in ("dense", "gradual", "lottery")),
        (network, toy, "srigl", ["srigl", "'csr'", "condensed"]),
        (network, toy, "rigel", ["'rigel'", "rigl"]),
    ],
)
def test_what_does_not_fit_is_refused_at_once_and_nothing_is_changed(start, net, data, method, words):
    net = net()
    before = [p.values.copy() for p in net.parameters()]
    state = net.rng.bit_generator.state
    refused(lambda: start(net, data(), method), *words)
    assert all(np.array_equal(p.values, old) for p, old in zip(net.parameters(), before, strict=True))
    assert net.rng.bit_generator.state == state


@pytest.mark.parametrize("start", [train, fit])
@pytest.mark.parametrize(
    ("sizes", "data", "loss"),
    [
        ((6, 8, 2), regression, CrossEntropy()),  # float targets are no labels
        ((6, 8, 2), regression, None),  # the default is cross-entropy
        ((6, 8, 1), lambda: toy(2), CrossEntropy()),  # one output has no second class under softmax
        ((6, 8, 1), lambda: toy(2), None),
        ((6, 8, 3), regression, MeanSquaredError()),  # 2 targets, 3 outputs
        ((6, 8, 1), regression, MeanSquaredError()),
        ((6, 8, 2), regression, BinaryCrossEntropy()),
    ],
)
def test_a_loss_that_cannot_take_these_targets_is_refused_at_once(start, sizes, data, loss):
    net = network(sizes, loss=loss)
    refused(lambda: start(net, data(), "static"))


# mlp


@pytest.mark.parametrize("allocation", ["uniform", "er", "erk"])
@pytest.mark.parametrize("sizes", [(64, 256, 256, 10), (6, 8, 3), (1000, 2, 500)])
def test_the_density_that_the_message_advises_is_enough(sizes, allocation):
    with pytest.raises(ValueError, match=r"raise density to ≥ [\d.e-]+") as caught:
        minidst.mlp(sizes, density=1e-6, allocation=allocation)
    advised = float(str(caught.value).split("≥ ")[1].split()[0])
    net = minidst.mlp(sizes, density=advised, allocation=allocation)
    assert min(layer.connections for layer in net.weighted) >= 1
