"""What does not fit is refused at the door: one line, the numbers that clash, and before anything has changed."""

import numpy as np
import pytest

import minidst
from minidst import COO, CSR, Condensed, Config, Dataset, Network, fit, train
from minidst.nn import BinaryCrossEntropy, CrossEntropy, Linear, MeanSquaredError, SparseLinear

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


@pytest.mark.parametrize(("fraction", "n"), [(0.001, 12), (0.999, 12)])
def test_a_validation_share_that_leaves_a_side_empty_names_the_share_and_the_samples(fraction, n):
    refused(lambda: fit(network(), toy(), "static", Config(validation=fraction)), fraction, n)


@pytest.mark.parametrize("features", [5, 7])
@pytest.mark.parametrize("ask", ["predict", "outputs"])
def test_samples_with_another_number_of_features_are_refused(ask, features):
    refused(lambda: getattr(network(), ask)(np.zeros((4, features), np.float32)), (4, features), "(samples, 6)")


def test_a_single_sample_without_its_row_is_refused():
    refused(lambda: network().predict(np.zeros(6, np.float32)), "(6,)", "(samples, 6)")


def test_layers_that_do_not_meet_are_refused_with_both_sizes():
    rng = np.random.default_rng(0)
    layers = [Linear(rng.standard_normal((4, 3))), Linear(rng.standard_normal((2, 5)))]
    refused(lambda: Network(layers), "4 outputs", "takes 5", "layer 0", "layer 1")


def test_a_network_without_weights_is_refused():
    refused(lambda: Network([]), "none")


@pytest.mark.parametrize("layer", [Linear, lambda W, b: SparseLinear(CSR.from_dense(W), b)])
def test_a_bias_of_another_length_is_refused_with_both(layer):
    refused(lambda: layer(np.ones((3, 2), np.float32), np.zeros(2, np.float32)), "(2,)", "(3,)")


# mlp


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes": (6,)}, ["(6,)"]),
        ({"sizes": ()}, ["()"]),
        ({"sizes": (6, 0, 3)}, ["(6, 0, 3)", "at least 1"]),
        ({"sizes": (6, -2, 3)}, ["(6, -2, 3)"]),
        ({"sizes": (6, 8.5, 3)}, ["8.5"]),
        ({"format": "csc"}, ["'csc'", "csr", "coo", "condensed"]),
        ({"allocation": "erq"}, ["'erq'", "uniform", "er", "erk"]),
        ({"method": "rigel"}, ["'rigel'", "rigl"]),
        ({"dtype": np.float16}, ["float16", "float32", "float64"]),
        ({"dtype": np.int32}, ["int32", "float32", "float64"]),
        ({"dtype": "banana"}, ["banana", "float32", "float64"]),
        ({"density": 0}, ["0", "(0, 1]"]),
        ({"density": -1}, ["-1", "(0, 1]"]),
        ({"density": 1.5}, ["1.5", "(0, 1]"]),
        ({"density": float("nan")}, ["nan", "(0, 1]"]),
        ({"density": -1, "method": "dense"}, ["-1", "(0, 1]"]),
        ({"density": 0.01}, ["0.01", "layer", "0 connections", "density"]),
        ({"format": "condensed", "method": "rigl"}, ["rigl", "'condensed'", "csr"]),
        ({"seed": -1}, ["seed", "-1"]),
    ],
    ids=str,
)
def test_mlp_refuses_what_it_cannot_build(changes, words):
    options = {"sizes": (6, 8, 3), "density": 0.5} | changes
    sizes = options.pop("sizes")
    refused(lambda: minidst.mlp(sizes, **options), *words)


@pytest.mark.parametrize("allocation", ["uniform", "er", "erk"])
@pytest.mark.parametrize("sizes", [(64, 256, 256, 10), (6, 8, 3), (1000, 2, 500)])
def test_the_density_that_the_message_advises_is_enough(sizes, allocation):
    with pytest.raises(ValueError, match=r"raise density to ≥ [\d.e-]+") as caught:
        minidst.mlp(sizes, density=1e-6, allocation=allocation)
    advised = float(str(caught.value).split("≥ ")[1].split()[0])
    net = minidst.mlp(sizes, density=advised, allocation=allocation)
    assert min(layer.connections for layer in net.weighted) >= 1


# Config


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"epochs": 0}, ["epochs 0", "at least 1"]),
        ({"epochs": -3}, ["epochs -3"]),
        ({"batch": 0}, ["batch 0", "at least 1"]),
        ({"epochs": 2.5}, ["epochs 2.5"]),
        ({"batch": 32.5}, ["batch 32.5"]),
        ({"lr": 0}, ["lr 0", "0.1"]),
        ({"lr": -1}, ["lr -1"]),
        ({"lr": float("nan")}, ["lr nan"]),
        ({"lr": float("inf")}, ["lr inf"]),
        ({"validation": 1}, ["validation 1", "[0, 1)"]),
        ({"validation": -0.1}, ["validation -0.1"]),
        ({"validation": float("nan")}, ["validation nan"]),
        ({"patience": 3}, ["patience 3", "validation 0"]),
        ({"patience": 0, "validation": 0.1}, ["patience 0", "≥ 1"]),
    ],
    ids=str,
)
def test_config_refuses_numbers_out_of_range(numbers, words):
    refused(lambda: Config(**numbers), *words)


# Data


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": [[1.0, float("nan")]]}, ["toy", "x_train[0, 1]", "nan"]),
        ({"x_test": [[float("inf"), 1.0]]}, ["toy", "x_test[0, 0]", "inf"]),
        ({"y_train": [3]}, ["toy", "y_train[0] is 3", "0..2"]),
        ({"y_test": [-1]}, ["toy", "y_test[0] is -1", "0..2"]),
        ({"y_train": [0, 1]}, ["x_train has 1", "y_train has 2"]),
        ({"x_test": [[1.0, 2.0, 3.0]]}, ["x_train has 2 columns", "x_test has 3"]),
        ({"y_train": [0.5]}, ["y_train", "float64"]),
    ],
)
def test_a_data_set_refuses_what_is_no_number_no_label_or_does_not_match(changes, words):
    parts = {"x_train": [[1.0, 2.0]], "y_train": [0], "x_test": [[1.0, 2.0]], "y_test": [2]} | changes
    refused(lambda: Dataset(**parts, classes=3, name="toy"), *words)


def test_an_unknown_data_set_is_answered_with_the_nearest():
    refused(lambda: minidst.load("digitz"), "'digitz'", "digits")


# Methods, formats, threads


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("rigel", {}, ["'rigel'", "rigl"]),
        ("gse-grab", {}, ["gse-grabo"]),
        ("rigl", {"colour": 1}, ["rigl", "colour"]),
        ("static", {"prune": minidst.dst.prune.magnitude}, ["static", "prune", "grow"]),
        ("rigl", {"round": "up"}, ["up", "floor", "ceil", "nearest"]),
    ],
)
def test_a_method_that_is_unknown_or_contradicts_itself_is_refused(name, changes, words):
    refused(lambda: minidst.method(name, **changes), *words)


@pytest.mark.parametrize("format", [COO, CSR, Condensed])
def test_a_product_of_other_shapes_or_numbers_is_refused_with_both(format):
    W = format.from_dense(np.ones((2, 3), np.float32))
    refused(lambda: W @ np.ones((2, 4), np.float32), "(2, 4)", "(3, B)")
    refused(lambda: W.T @ np.ones((3, 4), np.float32), "(3, 4)", "(2, B)")
    refused(lambda: W.grad(np.ones((2, 4), np.float32), np.ones((3, 5), np.float32)), 4, 5)
    refused(lambda: W @ np.ones((3, 4)), "float64", "float32")


@pytest.mark.parametrize("n", [0, -1, 1025, 1.5, "2", True])
def test_a_number_of_threads_that_is_none_is_refused_and_changes_nothing(n):
    before = minidst.threads()
    refused(lambda: minidst.threads(n), repr(n), 1, 1024)
    assert minidst.threads() == before
