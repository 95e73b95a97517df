"""ReLU in one pass over the activations, forward and backward."""

from .arrays import Float
from .jit import jit


@jit
def relu(X: Float, out: Float) -> None:
    """y = max(x, 0) for each of (n,) numbers; nan stays nan, so that the trainer sees it."""
    for e in range(X.size):
        out[e] = 0 if X[e] <= 0 else X[e]


@jit
def relu_backward(Y: Float, DY: Float, out: Float) -> None:
    """dx = dy where y > 0, else 0."""
    for e in range(Y.size):
        out[e] = DY[e] if Y[e] > 0 else 0
