"""ReLU in place, forward and backward."""

from .arrays import Float
from .jit import jit


@jit
def relu(out: Float) -> None:
    """y ← max(y, 0) for each of (n,) numbers; nan stays nan, so that the trainer sees it."""
    for e in range(out.size):
        out[e] = 0 if out[e] <= 0 else out[e]


@jit
def relu_backward(Y: Float, out: Float) -> None:
    """dy ← dy where y > 0, else 0."""
    for e in range(out.size):
        out[e] = out[e] if Y[e] > 0 else 0
