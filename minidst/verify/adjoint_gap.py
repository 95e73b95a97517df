"""Theorem 16, by every layer, activation and format of minidst.nn on small integers, and by every loss.

Every layer is piecewise linear, so the central difference of its outputs *is* Ju where no kink is near, and float64 is
exact: any error is 1/4 at least. Losses are not linear; they agree with their central difference up to a bound.
"""

from collections.abc import Callable, Iterable
from itertools import product
from math import sqrt

import numpy as np

from .. import nn
from ..formats import FORMATS
from ..kernels.arrays import Float
from ..nn.hessian import forward_tangent, matrix
from ..theory import adjoint_gap, difference_bound
from ..topology import constant_fan_in, gnm
from .theorem import Cases, Theorem

H = 0.125  # |H·u| < 1 for |u| ≤ 3: no integer except 0 crosses the kink of ReLU


def whole(rng: np.random.Generator, *shape: int) -> Float:
    """Random integers from −3 to 3 without 0, where ReLU has its kink."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def sparse(format: str) -> Callable[[int, int, np.random.Generator], nn.Layer]:
    """Makes sparse layers with random connections; equally many in every row if the format needs that."""

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
    (nn.CrossEntropy(), "labels"), (nn.CrossEntropy(0.2), "labels"), (nn.BinaryCrossEntropy(), "labels"),
    (nn.BinaryCrossEntropy(), "answers"), (nn.MeanSquaredError(), "values"),
]  # fmt: skip


def difference(layer: nn.Layer, X: Float, R: list[Float], RX: Float) -> Float:
    """Ju = (Y(x + Hu) − Y(x − Hu))/2H, u = R in the layer's parameters and RX in X; ends with a forward pass of X."""
    outputs = []
    for step in (H, -2 * H, H):
        for p, direction in zip(layer.parameters(), R, strict=True):
            p.values += step * direction
        X = X + step * RX
        if isinstance(layer, nn.Dropout):
            layer.rng = np.random.default_rng(7)  # the same mask every time
        outputs.append(layer.forward(X, training=True))
    return (outputs[0] - outputs[1]) / (2 * H)


def flat(arrays: Iterable[Float | None]) -> Float:
    """All arrays joined into one vector."""
    return np.concatenate([array.reshape(-1) for array in arrays if array is not None])


def layer_gap(layer: nn.Layer, n_in: int, B: int, rng: np.random.Generator) -> float:
    """The error of the adjoint equation, or the difference of Ju and the R-operator if that is larger."""
    X, RX = whole(rng, n_in, B), whole(rng, n_in, B)
    R = [whole(rng, *p.values.shape) for p in layer.parameters()]
    Ju = difference(layer, X, R, RX)
    v = whole(rng, *Ju.shape)
    DX = layer.backward(v)
    gap = adjoint_gap(Ju, flat([*R, RX]), flat([*(p.grad for p in layer.parameters()), DX]), v)
    RY = forward_tangent(layer, RX, matrix(layer, R[0]) if isinstance(layer, nn.Linear | nn.SparseLinear) else None)
    for bias in R[1:]:  # the R-operator of nn/hessian.py does not move biases
        RY = RY + bias[:, None]
    return max(float(gap), float(np.abs(Ju - RY).max()))


def network_gap(kinds: tuple[str, str], rng: np.random.Generator) -> float:
    """The same for all weights of a network at once, to test what one layer passes to the next."""
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
    """The largest error of ∂L/∂Z against central differences; Z are multiples of 1/8, so Z ± STEP is exact."""
    Z, values = rng.integers(-32, 33, (n_out, B)) / 8, rng.integers(-32, 33, (B, n_out)) / 8
    y = {"labels": rng.integers(n_out, size=B), "answers": rng.integers(2, size=(B, n_out)), "values": values}[targets]
    DZ, off = loss(Z, y)[1], 0.0
    for at in np.ndindex(n_out, B):
        step = np.zeros((n_out, B))
        step[at] = STEP
        off = max(off, abs(float(DZ[at]) - (loss(Z + step, y)[0] - loss(Z - step, y)[0]) / (2 * STEP)))
    return off


def cases() -> Cases:
    """Up to 17 inputs, so that the kernels' groups of 8 and of 4 and their remainders all run."""
    rng = np.random.default_rng(16)
    for make, n_in, B in product(LAYERS.values(), range(1, 18), range(1, 6)):
        yield 1, layer_gap(make(1 + n_in % 4, n_in, rng), n_in, B, rng)
    for below, above in product([*FORMATS, "linear"], repeat=2):
        yield 1, network_gap((below, above), rng)
    for (loss, targets), n_out, B in product(LOSSES, range(1, 5), range(1, 4)):
        yield 1, loss_gap(loss, targets, n_out, B, rng)


THEOREM = Theorem(
    name="adjoint_gap", source="minidst.nn",
    statement="⟨v, Ju⟩ = ⟨Jᵀv, u⟩ for every layer, exactly; every loss up to h²/6·max|F‴| + ν/h by central differences",
    cases=cases, tolerance=BOUND, how="adjoint", held="not in a paper",
)  # fmt: skip
