"""One pass over parameters, gradients and state: what NumPy would do in six passes and as many temporaries."""

from math import sqrt

from .arrays import Float, Scalar
from .jit import jit


@jit
def sgd(
    grad: Float, velocity: Float, lr: Scalar, momentum: Scalar, weight_decay: Scalar, nesterov: bool, w: Float
) -> None:
    """g = ∇ + λw;  v ← μv + g;  w ← w − η·(g + μv) with Nesterov's look-ahead, else w − η·v."""
    for e in range(w.size):
        g = grad[e] + weight_decay * w[e]
        v = momentum * velocity[e] + g
        velocity[e] = v
        w[e] -= lr * (g + momentum * v if nesterov else v)


@jit
def adam(
    grad: Float,
    m: Float,
    v: Float,
    lr: Scalar,
    beta1: Scalar,
    rest1: Scalar,
    beta2: Scalar,
    rest2: Scalar,
    epsilon: Scalar,
    decay: Scalar,
    correction1: Scalar,
    correction2: Scalar,
    w: Float,
) -> None:
    """m ← β₁m + r₁∇;  v ← β₂v + r₂∇²;  w ← (1 − ηλ)w − η·(m/c₁) / (√(v/c₂) + ε);  r = 1 − β, c = 1 − βᵗ, decay = ηλ.

    r is handed in, for 1 − 0.999 taken in float32 has only four digits left.
    """
    for e in range(w.size):
        g = grad[e]
        m[e] = beta1 * m[e] + rest1 * g
        v[e] = beta2 * v[e] + rest2 * g * g
        w[e] -= decay * w[e] + lr * (m[e] / correction1) / (sqrt(v[e] / correction2) + epsilon)
