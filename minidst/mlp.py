"""A multi-layer perceptron, sparse from its first moment."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .dst import Method
from .dst import method as method_named
from .formats import FORMATS, Sparse
from .given import MOST, is_whole, one_of, quoted, whole
from .nn import (
    CrossEntropy,
    Layer,
    Linear,
    Loss,
    Network,
    ReLU,
    SparseLinear,
    he_normal,
    hidden_bias,
)
from .topology import Kind, allocate, constant_fan_in, gnm


def mlp(
    sizes: Sequence[int],
    *,
    density: float,
    method: str | Method = "rigl",
    allocation: Kind = "erk",
    format: str | None = None,
    seed: int | np.random.Generator = 0,
    loss: Loss | None = None,
    dtype: Any = np.float32,
) -> Network:
    """Layers sizes[0] → … → sizes[-1] with ReLU between, He-initialised by actual fan-in.

    density: active connections of all layers over Σ n_in·n_out, in (0, 1], dealt out by `allocation`; method: whether
    to start sparse, dense, or dense and so narrow that the budget is met; format: "csr", "coo" or "condensed", if not
    the one the method needs. A condensed layer has the constant fan-in nearest to its share of the budget, at least 1,
    so its count is a multiple of n_out. seed: of the network's one Generator; loss: cross-entropy with label smoothing
    0.02 if not given; dtype: float32 or float64. No array of n_in·n_out numbers is made unless the method starts dense.
    ReLU works in place: who goes through `layers` and wants to keep what one returns has to copy it.
    Raises ValueError for sizes, density, names or a format that the method cannot keep.
    """
    record = method_named(method)
    if not isinstance(sizes, Sequence | np.ndarray) or len(sizes) < 2 or not all(is_whole(n, 1, MOST) for n in sizes):
        raise ValueError(
            f"sizes {quoted(sizes)} need an input and an output size, each a whole number, at least 1, at most {MOST}"
        )
    if not isinstance(seed, np.random.Generator):
        whole("seed", seed, 0)
    format = record.format if format is None else format
    check_format(record, format)
    if not isinstance(dtype, str | type | np.dtype) or dtype not in (np.float32, np.float64, "float32", "float64"):
        raise ValueError(f"dtype {quoted(dtype)} is not supported; choose float32 or float64")
    rng = np.random.default_rng(seed)
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    counts = allocate(shapes, density, allocation)
    if record.start == "small-dense":
        sizes = narrowed(sizes, sum(counts))
        shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    for l, ((n_out, n_in), nnz) in enumerate(zip(shapes, counts, strict=True)):
        held = nnz if record.start == "sparse" else n_out * n_in
        if held > MOST:
            less = "a lower density" if record.start == "sparse" else "a method that starts sparse"
            raise ValueError(
                f"layer {l} ({n_out}×{n_in}) cannot hold {held} weights, only {MOST}; choose smaller sizes, or {less}"
            )
    weighted: list[Linear] | list[SparseLinear]
    if record.start == "sparse":
        weighted = [
            SparseLinear(sparse_weight(FORMATS[format], n_out, n_in, nnz, rng, dtype))
            for (n_out, n_in), nnz in zip(shapes, counts, strict=True)
        ]
    else:
        weighted = [Linear(dense_weight(n_out, n_in, rng, dtype)) for n_out, n_in in shapes]
    layers: list[Layer] = []
    for layer in weighted[:-1]:
        layer.bias.values[:] = hidden_bias(layer.shape[0], dtype)
        layers += [layer, ReLU(in_place=True)]
    return Network([*layers, weighted[-1]], loss or CrossEntropy(label_smoothing=0.02), rng, sum(counts))


def sparse_weight(
    format: type[Sparse], n_out: int, n_in: int, nnz: int, rng: np.random.Generator, dtype: Any
) -> Sparse:
    """A random graph with `nnz` connections, or for Condensed the nearest constant fan-in, and its first weights."""
    if format is FORMATS["condensed"]:
        keys = constant_fan_in(n_out, n_in, min(n_in, max(1, round(nnz / n_out))), rng)
    else:
        keys = gnm(n_out, n_in, nnz, rng)
    rows, cols = np.divmod(keys, n_in)
    return format.from_connections(
        (n_out, n_in), rows.astype(np.int32), cols.astype(np.int32), he_normal(rows.astype(np.int32), rng, dtype)
    )


def dense_weight(n_out: int, n_in: int, rng: np.random.Generator, dtype: Any) -> Any:
    """N(0, 2/n_in), (n_out, n_in)."""
    return (rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(dtype)


def narrowed(sizes: Sequence[int], budget: int) -> tuple[int, ...]:
    """The same depth, inputs and outputs, hidden layers narrowed by one factor: the widest with ≤ `budget` weights.

    A hidden layer keeps at least one unit, even if that takes more weights than the budget.
    """

    def scaled(numerator: int, denominator: int) -> tuple[int, ...]:
        return (sizes[0], *(max(1, size * numerator // denominator) for size in sizes[1:-1]), sizes[-1])

    def weights(widths: tuple[int, ...]) -> int:
        return sum(n_in * n_out for n_in, n_out in pairwise(widths))

    widths = {scaled(units, size) for size in sizes[1:-1] for units in range(1, size + 1)}  # wherever a layer gains one
    return max((w for w in widths if weights(w) <= budget), key=weights, default=scaled(0, 1))


def check_format(record: Method, format: str) -> None:
    """Raises ValueError if the name is unknown, or the method cannot keep its layers in that format."""
    one_of("format", format, FORMATS)
    if record.dynamic and format != record.format and "condensed" in (format, record.format):
        fan_in = "gives neurons different fan-ins" if format == "condensed" else "keeps a constant fan-in"
        raise ValueError(
            f"method {record.name!r} {fan_in}, so its layers cannot be {format!r}; use format={record.format!r}"
        )
