"""What many tests build: data sets, networks, layers ready for an update, and the look of a good refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

import minidst
from minidst import CSR, Dataset
from minidst.nn import Linear, Network, ReLU, SparseLinear
from minidst.topology import gnm


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
