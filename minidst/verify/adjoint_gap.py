"""Theorem 16, by every layer, activation and format of minidst.nn on whole numbers, and by every loss.

Every layer is piecewise linear, so the central difference of its outputs *is* Ju where no kink is near, and float64 is
exact: what is wrong is off by 1/4 at least. Losses are not linear, and meet their central difference within a bound.
"""

from collections.abc import Callable, Iterable
from math import sqrt

import numpy as np

from .. import nn
from ..formats import FORMATS
from ..kernels.arrays import Float
from ..nn.hessian import forward_tangent, matrix
from ..theory import adjoint_gap, difference_bound
from ..topology import constant_fan_in, gnm
from .theorem import Counted, Theorem

H = 0.125  # |H·u| < 1 for |u| ≤ 3: no whole number but 0 is carried across the kink of ReLU


def whole(rng: np.random.Generator, *shape: int) -> Float:
    """−3 … 3 without 0, where ReLU has its kink."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def sparse(format: str) -> Callable[[int, int, np.random.Generator], nn.Layer]:
    """A maker of sparse layers: any connections, or as many in every row where the format needs that."""

    def make(n_out: int, n_in: int, rng: np.random.Generator) -> nn.Layer:
        even = constant_fan_in(n_out, n_in, int(rng.integers(1, n_in + 1)), rng)
        keys = even if format == "condensed" else gnm(n_out, n_in, even.size, rng)
        rows, cols = (part.astype(np.int32) for part in np.divmod(keys, n_in))
        W = FORMATS[format].from_connections((n_out, n_in), rows, cols, whole(rng, keys.size))
        return nn.SparseLinear(W, whole(rng, n_out))

    return make


LAYERS: dict[str, Callable[[int, int, np.random.Generator], nn.Layer]] = {
    **{format: sparse(format) for format in FORMATS},
    "linear": lambda n_out, n_in, rng: nn.Linear(whole(rng, n_out, n_in), whole(rng, n_out)),
    "relu": lambda n_out, n_in, rng: nn.ReLU(),
    "leaky": lambda n_out, n_in, rng: nn.LeakyReLU(0.25),
    "dropout": lambda n_out, n_in, rng: nn.Dropout(0.75, rng),
}
LOSSES: list[tuple[nn.Loss, str]] = [
    (nn.CrossEntropy(), "labels"),
    (nn.CrossEntropy(0.2), "labels"),
    (nn.BinaryCrossEntropy(), "labels"),
    (nn.BinaryCrossEntropy(), "answers"),
    (nn.MeanSquaredError(), "values"),
]


def forward(layer: nn.Layer, X: Float) -> Float:
    """Y, with the same dropout at every call."""
    if isinstance(layer, nn.Dropout):
        layer.rng = np.random.default_rng(7)
    return layer.forward(X, training=True)


def moved(layer: nn.Layer, X: Float, R: list[Float], RX: Float, way: float) -> Float:
    """Y where the layer's parameters have moved by way·R and its inputs by way·RX."""
    for p, direction in zip(layer.parameters(), R, strict=True):
        p.values += way * direction
    Y = forward(layer, X + way * RX)
    for p, direction in zip(layer.parameters(), R, strict=True):
        p.values -= way * direction
    return Y


def flat(arrays: Iterable[Float | None]) -> Float:
    """All their numbers, one array after the other."""
    return np.concatenate([array.reshape(-1) for array in arrays if array is not None])


def layer_gap(layer: nn.Layer, n_in: int, B: int, rng: np.random.Generator) -> float:
    """The gap of the adjoint equation, or between Ju and the R-operator if that is larger."""
    X, RX = whole(rng, n_in, B), whole(rng, n_in, B)
    R = [whole(rng, *p.values.shape) for p in layer.parameters()]
    Ju = (moved(layer, X, R, RX, H) - moved(layer, X, R, RX, -H)) / (2 * H)
    forward(layer, X)
    v = whole(rng, *Ju.shape)
    DX = layer.backward(v)
    gap = adjoint_gap(Ju, flat([*R, RX]), flat([*(p.grad for p in layer.parameters()), DX]), v)
    RY = forward_tangent(layer, RX, matrix(layer, R[0]) if isinstance(layer, nn.Linear | nn.SparseLinear) else None)
    for bias in R[1:]:  # the R-operator of nn/tangent.py leaves biases where they are
        RY = RY + bias[:, None]
    return max(float(gap), float(np.abs(Ju - RY).max()))


def network_gap(kinds: tuple[str, str], rng: np.random.Generator) -> float:
    """The same for all weights of a network at once: what one layer hands to the next."""
    below, above = (LAYERS[kind](n_out, n_in, rng) for kind, n_in, n_out in zip(kinds, (5, 4), (4, 3), strict=True))
    net = nn.Network([below, nn.LeakyReLU(0.25), nn.Linear(whole(rng, 4, 4)), nn.ReLU(), above])
    RX: Float = np.zeros((5, 2))
    v = whole(rng, 3, 2)
    net.forward(whole(rng, 5, 2))
    net.backward(v)
    R = [whole(rng, *layer.weight.values.shape) for layer in net.weighted]
    directions = iter(R)
    for layer in net.layers:
        along = matrix(layer, next(directions)) if isinstance(layer, nn.Linear | nn.SparseLinear) else None
        RX = forward_tangent(layer, RX, along)
    return float(adjoint_gap(RX, flat(R), flat(layer.weight.grad for layer in net.weighted), v))


STEP = 2.0**-14
BOUND = difference_bound(STEP, 1 / (6 * sqrt(3)), 100 * 2.0**-53)  # 2.4e-10; see the proof for both numbers


def loss_gap(loss: nn.Loss, targets: str, n_out: int, B: int, rng: np.random.Generator) -> float:
    """The largest error of a central difference by one output; outputs are eighths, so a step changes them exactly."""
    Z, values = rng.integers(-32, 33, (n_out, B)) / 8, rng.integers(-32, 33, (B, n_out)) / 8
    y = {"labels": rng.integers(n_out, size=B), "answers": rng.integers(2, size=(B, n_out)), "values": values}[targets]
    DZ, off = loss(Z, y)[1], 0.0
    for at in np.ndindex(n_out, B):
        step = np.zeros((n_out, B))
        step[at] = STEP
        off = max(off, abs(float(DZ[at]) - (loss(Z + step, y)[0] - loss(Z - step, y)[0]) / (2 * STEP)))
    return off


def check() -> Counted:
    """Up to 17 inputs, so that the kernels' groups of 8 and of 4 and their rests all run."""
    rng = np.random.default_rng(16)
    gaps = [layer_gap(make(1 + n_in % 4, n_in, rng), n_in, B, rng)
            for make in LAYERS.values() for n_in in range(1, 18) for B in range(1, 6)]  # fmt: skip
    weighted = [*FORMATS, "linear"]
    gaps += [network_gap((below, above), rng) for below in weighted for above in weighted]
    gaps += [loss_gap(*loss, n_out, B, rng) for loss in LOSSES for n_out in range(1, 5) for B in range(1, 4)]
    return Counted(len(gaps), float(np.max(gaps)))  # NaN if one of them is


THEOREM = Theorem(
    name="adjoint_gap",
    source="minidst.nn",
    statement="⟨v, Ju⟩ = ⟨Jᵀv, u⟩ for every layer, exactly; every loss is within h²/6·max|F‴| + ν/h of its difference",
    how="adjoint",
    held="not in a paper",
    check=check,
    tolerance=BOUND,
)
