"""What many tests build: data sets, networks, layers ready for an update, and the look of a good refusal."""

import pickle
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from strategies import rows_and_cols, whole

import minidst
from minidst import CSR, METHODS, Dataset
from minidst.dst import Constant
from minidst.formats import FORMATS
from minidst.nn import Dropout, LeakyReLU, Linear, Network, ReLU, SparseLinear
from minidst.topology import constant_fan_in, gnm


def rng(seed=0):
    return np.random.default_rng(seed)


def blobs(samples=60, classes=3, features=10, seed=1, **changes):
    """Noise around a random mean for each class; the training set is also the test set."""
    draw, y = rng(seed), np.arange(samples) % classes
    x = draw.standard_normal((samples, features)) + 2 * draw.standard_normal((classes, features))[y]
    return Dataset(
        **{"x_train": x, "y_train": y, "x_test": x, "y_test": y, "classes": classes, "name": "blobs"} | changes
    )


def clusters(samples=66, classes=3, features=6, noise=0.3, test=12):
    """Well separated clusters, one around each axis; the first `test` samples are the test set too."""
    y = np.arange(samples) % classes
    x = 3 * np.eye(classes, features)[y] + noise * rng().standard_normal((samples, features))
    return Dataset(x, y, x[:test], y[:test], classes, "clusters")


def line(samples=40):
    """Regression: two outputs linear in four features."""
    x = rng().standard_normal((samples, 4))
    y = x @ np.array([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    return Dataset(x, y, x[:10], y[:10], 0, "line")


def network(sizes=(6, 8, 3), density=0.5, method="static", **options):
    return minidst.mlp(sizes, density=density, method=method, **options)


def stacked(*weights, loss=None, between=True):
    """Sparse layers in CSR whose weights are the non-zero entries of these matrices, with ReLU between."""
    layers = [SparseLinear(CSR.from_dense(np.asarray(W, float))) for W in weights]
    parts = [part for layer in layers for part in (layer, ReLU())][:-1] if between else layers
    return Network(parts, loss)


def ready(layer, X, DY):
    """The layer after a batch with these activations and output gradients. X: (n_in, B); DY: (n_out, B)."""
    layer.X, layer.DY = np.asarray(X, layer.W.dtype), np.asarray(DY, layer.W.dtype)
    layer.weight.grad = layer.W.grad(layer.DY, layer.X)
    return layer


def with_gradient(W, nabla, format=CSR):
    """A layer whose gradient ∂L/∂W over all connections is the matrix `nabla`: X = 1, DY = ∇."""
    W = np.asarray(W, float)
    return ready(SparseLinear(format.from_dense(W)), np.eye(W.shape[1]), nabla)


def run_batch(net, x, y):
    """The network after a forward and a backward pass. x: (samples, features)."""
    _, DZ = net.loss(net.forward(np.ascontiguousarray(x.T, net.dtype), training=True), y)
    net.backward(DZ)
    return net


@contextmanager
def refused(*words: object) -> Iterator[None]:
    """The block must raise a ValueError whose message is one line and contains all the given words."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        yield
    message = str(caught.value)
    assert message
    assert "\n" not in message
    for word in words:
        assert str(word) in message, message


def rewiring(name, every=3, until=0.5, decay=Constant, **changes):
    """The method of this name with updates often enough for a short run."""
    record = METHODS[name]
    if not record.dynamic:
        return record
    if record.start == "dense":  # its schedule leads to the target density
        return replace(record, schedule=replace(record.schedule, every=every, until=until), **changes)
    return replace(record, schedule=decay(0.3, every, until), **changes)


def npy_header(shape, descr="'<f8'", fortran=False, version=1):
    """The header of an npy file, which may promise anything. shape, descr: text."""
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text


@contextmanager
def read_or_refused():
    """The block works, or raises a ValueError whose message is one line."""
    message = "read"
    try:
        yield
    except ValueError as error:
        message = str(error)
    assert message
    assert "\n" not in message


LYING_NPY = {  # npy files whose header claims what they do not hold, or what may not be read
    "huge": npy_header(f"({10**9}, {10**9})"),
    "huge with some bytes": npy_header("(1000000000000, 1000)") + bytes(64),
    "too few bytes": npy_header("(10, 2)") + bytes(159),
    "too many bytes": npy_header("(10, 2)") + bytes(161),
    "negative": npy_header("(-1,)"),
    "twice negative": npy_header("(-10, -2)") + bytes(160),
    "endless": npy_header("(" + "9" * 4000 + ",)"),
    "nested": npy_header("(" * 500 + "1" + ")" * 500) + bytes(8),
    "many dimensions": npy_header("(" + "1," * 100 + ")") + bytes(8),
    "no shape": npy_header("None"),
    "shape a call": npy_header("__import__('os').getpid()"),
    "objects": npy_header("(10, 2)", "'|O'") + bytes(160),
    "pickled": npy_header("(1,)", "'|O'") + pickle.dumps([print]),
    "structured": npy_header("(10, 2)", "[('a', '<f8')]") + bytes(160),
    "void": npy_header("(0,)", "'|V1000000000'"),
    "huge void": npy_header("(10, 2)", "'|V1000000000'"),
    "text": npy_header("(1,)", "'<U4'") + bytes(16),
    "npy 3": npy_header("(3,)", version=3) + bytes(24),
    "npy 9": npy_header("(3,)", version=9) + bytes(24),
    "no npy": b"hello",
    "empty": b"",
}


def peak_bytes(call):
    """(what the call returns, the most bytes that Python and NumPy had allocated meanwhile)."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def six_connections(format, dtype=np.float64):
    """A 3×4 matrix with two connections in each row, so that every format can hold it; and one stored zero."""
    rows, cols = np.array([0, 0, 1, 1, 2, 2], np.int32), np.array([0, 3, 1, 2, 0, 1], np.int32)
    return format.from_connections((3, 4), rows, cols, np.array([1, -2, 3, 0, 5, 0.5], dtype))


def lopsided(format, dtype, ablated=0):
    """A 37×53 matrix of about 600 connections, very unevenly spread over the rows for the formats that allow it."""
    draw = rng(7)
    fan_ins = draw.permutation([0] * 9 + [1] * 5 + [2, 3, 5, 8] * 4 + [53, 47] * 3 + [30])
    if format is minidst.Condensed:
        fan_ins = [17] * (37 - ablated) + [0] * ablated
    rows, cols = rows_and_cols(fan_ins, 53, draw)
    return format.from_connections((37, 53), rows, cols, draw.standard_normal(rows.size).astype(dtype))


WEIGHTED = [*FORMATS, "linear"]
LAYER_KINDS = [*WEIGHTED, "relu", "leaky", "dropout"]


class HeldDropout(Dropout):
    """Dropout whose mask is the same at every forward pass, in training and prediction."""

    def __init__(self, p, seed):
        super().__init__(p, rng(seed))
        self.seed = seed

    def forward(self, X, training=False):
        self.rng = rng(self.seed)
        return super().forward(X, training=True)


def sparse_layer(format, n_out, n_in, k, rng, dtype=np.float64, numbers=whole):
    """A SparseLinear with n_out·k connections anywhere, or k in each row if the format needs that. Some may be 0."""
    keys = constant_fan_in(n_out, n_in, k, rng) if format == "condensed" else gnm(n_out, n_in, n_out * k, rng)
    rows, cols = np.divmod(keys, n_in)
    W = FORMATS[format].from_connections((n_out, n_in), rows, cols, numbers(rng, rows.size, dtype=dtype))
    return SparseLinear(W, numbers(rng, n_out, dtype=dtype))


def layer_of(kind, n_out, n_in, k, rng, numbers=whole):
    """One layer of each kind the package has; the layers without weights keep n_in outputs."""
    if kind in FORMATS:
        return sparse_layer(kind, n_out, n_in, k, rng, numbers=numbers)
    if kind == "linear":
        return Linear(numbers(rng, n_out, n_in), numbers(rng, n_out))
    return {"relu": ReLU(), "leaky": LeakyReLU(0.25), "dropout": HeldDropout(0.75, int(rng.integers(99)))}[kind]


class Unknown:
    """A layer, the identity, or a loss that the package does not know."""

    def forward(self, X, training=False):
        return X

    def backward(self, DY, needs_input_grad=True):
        return DY

    def parameters(self):
        return []

    def __call__(self, Z, y):
        return 0.0, Z


def whole_layer(shape, nnz, B=3, draw=None, format=CSR):
    """`nnz` connections anywhere, weights in {±1, ±2, ±3}, a batch of whole numbers, and momentum from 1 to 8."""
    draw = draw or rng()
    rows, cols = np.divmod(gnm(*shape, nnz, draw), shape[1])
    theta = draw.choice([-3.0, -2, -1, 1, 2, 3], nnz)
    W = format.from_connections(shape, rows.astype(np.int32), cols.astype(np.int32), theta)
    layer = ready(SparseLinear(W), draw.integers(-2, 3, (shape[1], B)), draw.integers(-2, 3, (shape[0], B)))
    layer.weight.state["velocity"] = draw.integers(1, 9, nnz).astype(float)
    return layer


def whole_network(sizes, density, seed=0):
    """Such layers one on another."""
    draw = rng(seed)
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    return Network([whole_layer(shape, round(density * shape[0] * shape[1]), 3, draw) for shape in shapes])


def without_gradient(*weights, dtype=float, format=CSR):
    """A network of sparse layers, the non-zero entries of these matrices, ready for an update: X = DY = 0."""
    layers = [SparseLinear(format.from_dense(np.asarray(W, dtype))) for W in weights]
    return Network([ready(layer, np.zeros((layer.shape[1], 1)), np.zeros((layer.shape[0], 1))) for layer in layers])


def float64_network(sizes, seed=0, density=0.4, **options):
    """Every layer of that density."""
    return network(sizes, density, seed=seed, dtype=np.float64, allocation="uniform", **options)


def after_a_batch(sizes, seed=0, density=0.4, B=4):
    """Such a network after a forward and a backward pass."""
    draw = rng(seed)
    x, y = draw.standard_normal((B, sizes[0])), draw.integers(0, sizes[-1], B)
    return run_batch(float64_network(sizes, seed, density), x, y)


def dense_network(sizes, share, seed=0, dtype=float):
    """Linear layers with ReLU between, weights and biases at random, to be cut to that share of its weights, ≥ 1."""
    draw, layers = rng(seed), []
    for n_in, n_out in pairwise(sizes):
        W = (draw.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(dtype)
        layers += [Linear(W, draw.standard_normal(n_out).astype(dtype)), ReLU()]
    total = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    return Network(layers[:-1], rng=draw, budget=1 + round(share * (total - 1)))
