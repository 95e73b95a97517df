"""A multi-layer perceptron, sparse from the start."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .._support.validation import INT32_MAX, check_integer, is_size, quoted
from ..dst import Method
from ..dst import method as method_named
from ..formats import FORMATS, Sparse
from ..nn import CrossEntropy, Layer, Linear, Loss, Network, ReLU, SparseLinear, he_normal, hidden_bias
from ..topology import Kind, allocate, constant_fan_in, gnm


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

    density: active connections of all layers over Σ n_in·n_out, in (0, 1], given to layers by `allocation`; method:
    whether to start sparse, dense, or dense and so narrow that the budget is met; format: "csr", "coo" or "condensed",
    if not the one the method needs. A condensed layer has the constant fan-in nearest to its share of the budget, at
    least 1, so its count is a multiple of n_out. seed: of the network's one Generator; loss: cross-entropy with label
    smoothing 0.02 if not given; dtype: float32 or float64. No array of n_in·n_out numbers is made unless the method
    starts dense. ReLU works in place: code that goes through `layers` and keeps what one returns has to copy it.
    Raises ValueError for sizes, density, names or a format that the method cannot keep.
    """
    record = method if isinstance(method, Method) else method_named(method)
    several = isinstance(sizes, Sequence | np.ndarray) and len(sizes) >= 2
    if not several or not all(map(is_size, sizes)):
        raise ValueError(f"sizes {quoted(sizes)} need an input and an output size, each a whole number, at least 1, "
                         f"at most {INT32_MAX}")  # fmt: skip
    if not isinstance(seed, np.random.Generator):
        check_integer("seed", seed, 0)
    format = record.format if format is None else format
    record.check_format(format)
    if not isinstance(dtype, str | type | np.dtype) or dtype not in (np.float32, np.float64, "float32", "float64"):
        raise ValueError(f"dtype {quoted(dtype)} is not supported; choose float32 or float64")
    rng = np.random.default_rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))  # (n_out, n_in)
    counts = allocate(shapes, density, allocation)
    if record.start == "small-dense":
        sizes = narrowed(sizes, sum(counts))
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    layers: list[Layer] = []
    for l, ((n_out, n_in), nnz) in enumerate(zip(shapes, counts, strict=True)):
        held = nnz if record.start == "sparse" else n_out * n_in
        if held > INT32_MAX:
            less = "a lower density" if record.start == "sparse" else "a method that starts sparse"
            raise ValueError(f"layer {l} ({n_out}×{n_in}) cannot hold {held} weights, only {INT32_MAX}; "
                             f"choose smaller sizes, or {less}")  # fmt: skip
        if record.start == "sparse":
            layer: Layer = SparseLinear(sparse_weight(FORMATS[format], n_out, n_in, nnz, rng, dtype))
        else:
            layer = Linear(dense_weight(n_out, n_in, rng, dtype))
        layers.append(layer)
        if l < len(shapes) - 1:
            layer.parameters()[1].values[:] = hidden_bias(n_out, dtype)
            layers.append(ReLU(in_place=True))
    return Network(layers, loss or CrossEntropy(label_smoothing=0.02), rng, sum(counts))


def sparse_weight(format: type[Sparse], n_out: int, n_in: int, nnz: int, rng: np.random.Generator,
                  dtype: Any) -> Sparse:  # fmt: skip
    """A random graph with `nnz` connections, or for Condensed the nearest constant fan-in, and its first weights."""
    if format is FORMATS["condensed"]:
        keys = constant_fan_in(n_out, n_in, min(n_in, max(1, round(nnz / n_out))), rng)
    else:
        keys = gnm(n_out, n_in, nnz, rng)
    rows, cols = np.divmod(keys, n_in)
    rows, cols = rows.astype(np.int32), cols.astype(np.int32)
    return format.from_sorted((n_out, n_in), rows, cols, he_normal(rows, rng, dtype))


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
