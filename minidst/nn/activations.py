"""Layers without weights: ReLU, LeakyReLU and Dropout."""

import numpy as np

from .._support.validation import A_GENERATOR, check_interval, check_type
from ..kernels.arrays import Float
from ..kernels.dense import relu, relu_backward
from ..kernels.memory import aligned_copy
from .layer import Parameter


class _Elementwise:
    """What layers without weights share: no parameters."""

    def parameters(self) -> list[Parameter]:
        """None."""
        return []


class ReLU(_Elementwise):
    """y = max(x, 0);  dx = dy where x > 0, else 0 (at x = 0 too).

    in_place: write y over x and dx over dy, which saves two arrays and half of the time. It is for a layer between
    others that do not use their own output again, as no layer of this package does; as a network's first layer it
    writes over the network's input.
    """

    def __init__(self, in_place: bool = False) -> None:
        check_type("in_place", in_place, bool | np.bool_, "True or False")
        self.in_place = in_place
        self.Y: Float | None = None

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y = max(X, 0), any shape."""
        self.Y = X if self.in_place and X.flags.carray else aligned_copy(X, X.dtype)
        relu(self.Y.reshape(-1))
        return self.Y

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float:
        """DX = DY where X > 0, else 0."""
        assert self.Y is not None, "forward comes first"
        DX = DY if self.in_place and DY.flags.carray else aligned_copy(DY, DY.dtype)
        relu_backward(self.Y.reshape(-1), DX.reshape(-1))
        return DX


class LeakyReLU(_Elementwise):
    """y = x where x > 0, else a·x;  dx = dy or a·dy alike. a: slope below zero, in [0, 1)."""

    def __init__(self, slope: float = 0.01) -> None:
        check_interval("slope", slope, "[0, 1)", "0 is ReLU")
        self.slope = slope
        self.factor: Float | None = None

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y = X ⊙ (1 or a), any shape."""
        self.factor = np.where(X > 0, X.dtype.type(1), X.dtype.type(self.slope))
        return X * self.factor

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float:
        """DX = DY ⊙ (1 or a)."""
        assert self.factor is not None, "forward comes first"
        return DY * self.factor


class Dropout(_Elementwise):
    """y = x·m/(1 − p), m ~ Bernoulli(1 − p) for each entry while training; y = x otherwise.

    p: probability of zeroing an activation, in [0, 1); rng: the network's generator.
    Source: Srivastava et al. 2014, in the "inverted" form that leaves prediction alone.
    """

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        check_interval("dropout", p, "[0, 1)", "0 switches it off")
        check_type("rng", rng, np.random.Generator, A_GENERATOR)
        self.p = p
        self.rng = rng
        self.factor: Float | None = None

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y = X ⊙ m/(1 − p) while training, else X."""
        if not training or self.p == 0:
            self.factor = None
            return X
        kept = self.rng.random(X.shape, np.float32) >= self.p
        self.factor = kept / X.dtype.type(1 - self.p)
        return X * self.factor

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float:
        """DX = DY ⊙ m/(1 − p)."""
        return DY if self.factor is None else DY * self.factor
