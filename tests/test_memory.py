"""No array of n_in·n_out numbers: the traced peak of building and training a wide sparse network."""

import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import minidst
from minidst import METHODS, Config, Dataset
from minidst.dst import Constant, textbook_gradient
from minidst.kernels import memory
from minidst.nn import ReLU

WIDTH, BATCH, CONNECTIONS = 3000, 32, 40_000
ONE_DENSE_LAYER = 4 * WIDTH * WIDTH
SPARSE = [name for name, record in METHODS.items() if not record.needs_dense]


@pytest.fixture(scope="module")
def data():
    x = np.random.default_rng(0).standard_normal((4 * BATCH, 64)).astype(np.float32)
    y = np.arange(4 * BATCH) % 10
    return Dataset(x, y, x[:BATCH], y[:BATCH], 10, "noise")


def busy(name, **changes):
    """The method with an update at every second step: (step 2, 4, 6 of 8)."""
    record = METHODS[name]
    return replace(record, schedule=Constant(0.3, 2, 1.0), **changes) if record.dynamic else record


def build_and_train(method, data, format):
    total = 64 * WIDTH + WIDTH * WIDTH + 10 * WIDTH
    net = minidst.mlp(
        (64, WIDTH, WIDTH, 10), density=CONNECTIONS / total, method=method, allocation="er", format=format
    )
    exchanged = 0
    for step in minidst.train(net, data, method, Config(epochs=2, batch=BATCH)):
        exchanged += step.grown
    assert (exchanged > 0) == method.dynamic
    return net


def peak_and_bytes(method, data, format="csr"):
    """(traced peak, bytes of values + indices with CSC views + momentum, bytes of activations), kernels compiled."""
    build_and_train(method, data, format)
    gc.collect()
    tracemalloc.start()
    try:
        net = build_and_train(method, data, format)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    held = net.memory_bytes()
    return peak, held["values"] + held["indices"] + held["optimizer_state"], held["activations"]


@pytest.mark.parametrize(
    ("name", "format"), [*((name, METHODS[name].format) for name in SPARSE), ("rigl", "coo"), ("static", "condensed")]
)
def test_training_needs_a_few_times_the_bytes_of_its_connections(name, format, data):
    peak, held, activations = peak_and_bytes(busy(name), data, format)
    bound = 5 * held + activations
    assert peak < bound
    assert peak < ONE_DENSE_LAYER
    assert bound < ONE_DENSE_LAYER / 4  # so the first bound alone rules a dense layer out


def test_the_textbook_gradient_does_exceed_these_bounds(data):
    peak, held, activations = peak_and_bytes(busy("rigl", score=textbook_gradient), data)
    assert peak > ONE_DENSE_LAYER > 5 * held + activations


def test_the_bytes_that_a_network_reports_are_those_of_its_arrays(data):
    net = build_and_train(busy("rigl"), data, "csr")
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


REPORTED = ("dense", "small-dense", *(name for name in SPARSE if name not in ("gse-2022", "srigl-no-ablation")))


@pytest.mark.parametrize("name", REPORTED)
def test_the_bytes_that_a_network_reports_are_the_peak_of_its_training_within_a_quarter(name, data):
    method = busy(name)
    for width, connections in ((40, 2000), (WIDTH, 4 * CONNECTIONS)):  # the first compiles
        density = connections / (64 * width + width**2 + 10 * width)
        gc.collect()
        tracemalloc.start()
        try:
            net = minidst.mlp((64, width, width, 10), density=density, method=method)
            tracemalloc.reset_peak()
            for _ in minidst.train(net, data, method, Config(epochs=1, batch=BATCH)):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert sum(net.memory_bytes().values()) == pytest.approx(peak, rel=0.25)


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("hidden", [1, 2])
def test_they_are_so_too_where_activations_are_most_of_it(hidden, in_place):
    x = np.random.default_rng(0).standard_normal((1024, 64)).astype(np.float32)
    data = Dataset(x, np.arange(1024) % 10, x[:10], np.arange(10), 10, "noise")
    build_and_train(METHODS["static"], data, "csr")  # compiles
    gc.collect()
    memory.clear()  # buffers of other tests would be used again, unseen
    tracemalloc.start()
    try:
        net = minidst.mlp((64, *[WIDTH] * hidden, 10), density=0.002, method="static")
        for layer in net.layers:
            if isinstance(layer, ReLU):
                layer.in_place = in_place
        tracemalloc.reset_peak()
        for _ in minidst.train(net, data, "static", Config(epochs=1, batch=512)):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(net.memory_bytes().values()) == pytest.approx(peak, rel=0.25)


def test_predicting_many_samples_needs_memory_for_their_outputs_and_one_batch(data):
    method = busy("static")
    net = build_and_train(method, data, "csr")
    x = np.zeros((20_000, 64), np.float32)
    net.outputs(x)
    gc.collect()
    tracemalloc.start()
    try:
        net.outputs(x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000 * WIDTH * 4 / 10  # activations of one hidden layer for all of them would be 240 MB
