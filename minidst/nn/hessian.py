"""The gradient of the loss with respect to the weights, and Hessian-vector products by the R-operator.

R{f} = d/dr f(θ + r·v) at r = 0 is the derivative of f along v. Applied to every line of a forward and a backward
pass it gives R{∇} = Hv exactly, in two more passes and the memory of the network itself:

    Y  = W X + b     R{Y}  = W R{X} + V X
    DW = DY Xᵀ       R{DW} = R{DY} Xᵀ + DY R{X}ᵀ
    DX = Wᵀ DY       R{DX} = Wᵀ R{DY} + Vᵀ DY

V has W's connections and v's values. Biases are held fixed, so H is that of the weights alone. Source: Pearlmutter
1994, "Fast exact multiplication by the Hessian", Neural Computation 6(1). A temperature τ divides the outputs, L(Z/τ).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..formats import Sparse
from ..kernels.arrays import Float
from .activations import Dropout, LeakyReLU, ReLU
from .layer import Layer
from .linear import Linear, SparseLinear
from .losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError, apply_weights, targets_and_weights
from .network import Network


def gradient(net: Network, X: Float, y: Any, temperature: float = 1.0) -> list[Float]:
    """∇ = ∂L(Z/τ)/∂θ on one batch, one (nnz,) array for each weight layer. X: (n_in, B). Dropout is off."""
    _, DZ = net.loss(net.forward(X) / temperature, y)
    net.backward(DZ / temperature)
    found = [layer.weight.grad for layer in net.weighted]
    return [grad for grad in found if grad is not None]


def hessian_vector(net: Network, X: Float, y: Any, v: Sequence[Float], temperature: float = 1.0) -> list[Float]:
    """Hv, H = ∂²L(Z/τ)/∂θ² on one batch. v, Hv: one (nnz,) array for each weight layer.

    ReLU's second derivative is 0; at its kink, where H does not exist, both derivatives are taken as 0.
    Raises ValueError for a layer or a loss without a formula for its tangent here.
    """
    Z = net.forward(X) / temperature
    net.backward(net.loss(Z, y)[1] / temperature)  # every layer now holds the X and DY that are read below
    directions = iter(v)
    V = [matrix(layer, next(directions)) if isinstance(layer, Linear | SparseLinear) else None for layer in net.layers]
    RX = [np.zeros_like(X)]
    for layer, along in zip(net.layers, V, strict=True):
        RX.append(forward_tangent(layer, RX[-1], along))
    RDY = apply_weights(loss_tangent(net.loss, Z, RX.pop() / temperature), targets_and_weights(y)[1]) / temperature
    product: list[Float] = []
    for layer, along, entering in zip(reversed(net.layers), reversed(V), reversed(RX), strict=True):
        if isinstance(layer, Linear | SparseLinear):
            product.insert(0, outer(along, RDY, layer.X) + outer(along, layer.DY, entering))
        RDY = backward_tangent(layer, RDY, along)
    return product


def mean_over(batches: Iterable[tuple[Float, Any]], derivative: Callable[[Float, Any], list[Float]]) -> list[Float]:
    """1/n Σ_batches B · derivative(X, y): the derivative over all n samples, from those of the batches."""
    total: list[Any] = []
    n = 0
    for X, y in batches:
        B = X.shape[1]
        parts = derivative(X, y)
        total = [t + B * part for t, part in zip(total or [0.0] * len(parts), parts, strict=True)]
        n += B
    return [t / n for t in total]


def forward_tangent(layer: Layer, RX: Float, V: Any) -> Float:
    """R{Y} from R{X}: (n_in, B), after a forward pass."""
    if isinstance(layer, Linear | SparseLinear):
        return np.asarray(_weights(layer) @ RX + V @ layer.X)
    return _slope_times(layer, RX)


def backward_tangent(layer: Layer, RDY: Float, V: Any) -> Float:
    """R{DX} from R{DY}: (n_out, B), after a backward pass."""
    if isinstance(layer, Linear | SparseLinear):
        return np.asarray(_weights(layer).T @ RDY + V.T @ layer.DY)
    return _slope_times(layer, RDY)


def loss_tangent(loss: Loss, Z: Float, RZ: Float) -> Float:
    """R{∂L/∂Z} = ∂²L/∂Z² R{Z}; without targets, because ∂L/∂Z is linear in them. Z, RZ: (n_out, B)."""
    n_out, B = Z.shape
    if isinstance(loss, CrossEntropy):  # p ⊙ (R{z} − pᵀR{z})/B for each sample
        P = np.exp(Z - Z.max(axis=0))
        P /= P.sum(axis=0)
        return np.asarray(P * (RZ - (P * RZ).sum(axis=0)) / B)
    if isinstance(loss, BinaryCrossEntropy):  # σ(z)(1 − σ(z)) R{z}/(n_out·B), as the product σ(z)·σ(−z)
        return np.asarray(np.exp(-np.logaddexp(0, -Z) - np.logaddexp(0, Z)) * RZ / (n_out * B))
    if isinstance(loss, MeanSquaredError):
        return np.asarray(RZ * 2 / (n_out * B))
    raise ValueError(f"the tangent of {type(loss).__name__} is not known; write it into nn/hessian.py")


def matrix(layer: Linear | SparseLinear, values: Float) -> Any:
    """A matrix of the layer's connections with these values, dense or sparse like the layer."""
    if isinstance(layer, SparseLinear):
        return layer.W.from_connections(layer.shape, *layer.W.connections(), values.reshape(-1))
    return values.reshape(layer.shape)


def outer(W: Any, DY: Any, X: Any) -> Float:
    """Σ_b DY[i, b]·X[j, b] for every connection of W, (nnz,)."""
    return W.grad(DY, X) if isinstance(W, Sparse) else np.asarray(DY @ X.T).reshape(-1)


def _weights(layer: Linear | SparseLinear) -> Any:
    return layer.W if isinstance(layer, SparseLinear) else layer.weight.values


def _slope_times(layer: Layer, R: Float) -> Float:
    """The tangent times the diagonal Jacobian of a layer that scales each activation, in either pass."""
    if not isinstance(layer, ReLU | LeakyReLU | Dropout):
        raise ValueError(f"the tangent of {type(layer).__name__} is not known; write it into nn/hessian.py")
    return layer.backward(R)
