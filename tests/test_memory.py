"""No array of n_in·n_out numbers: the traced peak of building and training a wide sparse network."""

import gc
import tracemalloc

import numpy as np
import pytest
from builders import rewiring, rng

import minidst
from minidst import METHODS, Config, Dataset
from minidst.dst import textbook_gradient
from minidst.kernels import memory
from minidst.nn import ReLU

pytestmark = pytest.mark.slow

WIDTH, BATCH, CONNECTIONS = 3000, 32, 40_000
ONE_DENSE_LAYER = 4 * WIDTH * WIDTH
SPARSE = [name for name, record in METHODS.items() if not record.needs_dense]
REPORTED = ("dense", "small-dense", *(name for name in SPARSE if name not in ("gse-2022", "srigl-no-ablation")))


def noise(samples, test):
    x = rng().standard_normal((samples, 64)).astype(np.float32)
    y = np.arange(samples) % 10
    return Dataset(x, y, x[:test], y[:test], 10, "noise")


DATA = noise(4 * BATCH, BATCH)


def busy(name, **changes):
    """The method with an update at every second step: (step 2, 4, 6 of 8)."""
    return rewiring(name, 2, 1.0, **changes)


def built(method, width=WIDTH, connections=CONNECTIONS, **options):
    total = 64 * width + width * width + 10 * width
    return minidst.mlp((64, width, width, 10), density=connections / total, method=method, **options)


def trained(net, method, epochs=1, data=DATA, batch=BATCH):
    """How many connections were exchanged."""
    return sum(step.grown for step in minidst.train(net, data, method, Config(epochs=epochs, batch=batch)))


def build_and_train(method, format="csr"):
    net = built(method, allocation="er", format=format)
    assert (trained(net, method, epochs=2) > 0) == method.dynamic
    return net


def traced(make, use=None):
    """What `make` returns, and the peak of traced bytes: that of `make`, or of `use` after it."""
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        if use:
            tracemalloc.reset_peak()
            use(made)
        return made, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_and_bytes(method, format="csr"):
    """(traced peak, bytes of values + indices with CSC views + momentum, bytes of activations), kernels compiled."""
    build_and_train(method, format)
    net, peak = traced(lambda: build_and_train(method, format))
    held = net.memory_bytes()
    return peak, held["values"] + held["indices"] + held["optimizer_state"], held["activations"]


@pytest.mark.parametrize(
    ("name", "format"), [*((name, METHODS[name].format) for name in SPARSE), ("rigl", "coo"), ("static", "condensed")]
)
def test_training_needs_a_few_times_the_bytes_of_its_connections(name, format):
    peak, held, activations = peak_and_bytes(busy(name), format)
    bound = 5 * held + activations
    assert peak < bound
    assert peak < ONE_DENSE_LAYER
    assert bound < ONE_DENSE_LAYER / 4  # so the first bound alone rules a dense layer out


def test_the_textbook_gradient_does_exceed_these_bounds():
    peak, held, activations = peak_and_bytes(busy("rigl", score=textbook_gradient))
    assert peak > ONE_DENSE_LAYER > 5 * held + activations


def test_the_bytes_that_a_network_reports_are_those_of_its_arrays():
    net = build_and_train(busy("rigl"))
    values = indices = state = 0
    for layer in net.weighted:
        W = layer.W
        values += W.values.nbytes + layer.bias.values.nbytes
        indices += W.indptr.nbytes + W.indices.nbytes
        indices += W.columns.colptr.nbytes + W.columns.rows.nbytes if "columns" in vars(W) else 0
        state += layer.weight.state["velocity"].nbytes + layer.bias.state["velocity"].nbytes
    held = net.memory_bytes()
    assert (held["values"], held["indices"], held["optimizer_state"]) == (values, indices, state)
    assert values == state == 4 * (net.connections + 2 * WIDTH + 10)


@pytest.mark.parametrize("name", REPORTED)
def test_the_bytes_that_a_network_reports_are_the_peak_of_its_training_within_a_quarter(name):
    method = busy(name)
    for width, connections in ((40, 2000), (WIDTH, 4 * CONNECTIONS)):  # the first compiles
        net, peak = traced(lambda: built(method, width, connections), lambda net: trained(net, method))  # noqa: B023
    assert sum(net.memory_bytes().values()) == pytest.approx(peak, rel=0.25)


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("hidden", [1, 2])
def test_the_same_holds_where_activations_are_most_of_the_memory(hidden, in_place):
    def make():
        net = minidst.mlp((64, *[WIDTH] * hidden, 10), density=0.002, method="static")
        for layer in net.layers:
            if isinstance(layer, ReLU):
                layer.in_place = in_place
        return net

    data = noise(1024, 10)
    build_and_train(METHODS["static"])  # compiles
    memory.clear()  # buffers of other tests would be used again, unseen
    net, peak = traced(make, lambda net: trained(net, "static", data=data, batch=512))
    assert sum(net.memory_bytes().values()) == pytest.approx(peak, rel=0.25)


def test_predicting_many_samples_needs_memory_for_their_outputs_and_one_batch():
    net, x = build_and_train(busy("static")), np.zeros((20_000, 64), np.float32)
    net.outputs(x)
    _, peak = traced(lambda: net.outputs(x))
    assert peak < 20_000 * WIDTH * 4 / 10  # activations of one hidden layer for all of them would be 240 MB
