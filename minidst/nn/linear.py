"""Linear layers: truly sparse, and dense for comparison.

`forward` keeps X and `backward` keeps DY, since a topology update looks at both; nothing else is kept.
"""

from typing import Any

import numpy as np

from .._support.validation import as_array, check_type, quoted
from ..formats import Sparse, check
from ..kernels.arrays import Float, Offset
from ..kernels.dense import over_samples
from ..topology import rewire
from .layer import Parameter

REWIRING = 52  # bytes per connection that a topology update allocates and frees, as measured by tracemalloc


class SparseLinear:
    """Y = W X + b, W in any of the three formats; ∂L/∂W on the active connections only.

    W: (n_out, n_in) COO, CSR or Condensed; b: (n_out,), zeros if not given. Raises ValueError if b does not fit.
    """

    def __init__(self, W: Sparse, b: Float | None = None) -> None:
        check_type("W", W, Sparse, "a COO, CSR or Condensed matrix, such as CSR.from_dense(array)")
        self.W = W
        self.weight = Parameter(W.values.reshape(-1))
        self.bias = Parameter(_bias(b, W.shape[0], W.dtype))
        self.X: Float | None = None
        self.DY: Float | None = None
        self.rewired = False

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """A copy's optimizer must write into the copy's own W."""
        self.__dict__.update(kept)
        self.weight.values = self.W.values.reshape(-1)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_out, n_in)."""
        return self.W.shape

    @property
    def connections(self) -> int:
        """Number of active connections."""
        return self.W.nnz

    def parameters(self) -> list[Parameter]:
        """Weight, then bias."""
        return [self.weight, self.bias]

    def index_bytes(self) -> int:
        """Bytes that say which connections exist."""
        return self.W.index_bytes()

    def temporary_bytes(self) -> int:
        """Bytes needed for a moment: a new gradient beside the old one or, once rewired, what an update takes."""
        return self.connections * (REWIRING if self.rewired else self.W.dtype.itemsize)

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y = W X + b. X: (n_in, B)."""
        self.X, self.DY = X, None  # the DY of the batch before does not belong to this X
        return self.W.affine(X, self.bias.values)

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float | None:
        """DW[e] = Σ_b DY[i, b]·X[j, b],  Db = Σ_b DY[:, b],  DX = Wᵀ DY. DY: (n_out, B)."""
        assert self.X is not None, "forward comes first"
        self.DY = DY
        self.bias.grad = over_samples(DY)
        if not needs_input_grad:
            self.weight.grad = self.W.grad(DY, self.X)
            return None
        self.weight.grad, DX = self.W.backward(DY, self.X)
        return DX

    @property
    def gradient(self) -> Float:
        """DW of the last batch, (nnz,)."""
        if self.weight.grad is None:
            raise ValueError("there is no gradient yet: run forward and backward first")
        return self.weight.grad

    def last_batch(self) -> tuple[Float, Float]:
        """(X, DY) of the last forward pass and the backward pass after it: what a topology update looks at.

        Both C-contiguous and of W's dtype, whatever a loss or a caller returned. Raises ValueError before the first
        batch, and when a prediction has passed through since.
        """
        if self.X is None or self.DY is None:
            raise ValueError("there is no batch to look at yet: run forward and backward first")
        return np.ascontiguousarray(self.X, self.W.dtype), np.ascontiguousarray(self.DY, self.W.dtype)

    def rewire(self, drop: Offset, born: Offset, born_values: Float | float = 0.0) -> None:
        """Change the topology (see `topology.rewire`); the optimizer's state follows the connections."""
        self.W, source = rewire(self.W, drop, born, born_values)
        self.weight = self.weight.carried(self.W.values.reshape(-1), source)
        self.rewired = True


class Linear:
    """Y = W X + b with a dense (n_out, n_in) array W: the baseline that sparse layers are compared with.

    W and b are trained in place, not copied, if they are float32 or float64 already; integers become float64.
    Raises ValueError for another dtype, a shape that is no matrix, or numbers that are not finite.
    """

    def __init__(self, W: Float, b: Float | None = None) -> None:
        W = as_array("W", W)
        if W.dtype.kind in "iub":
            W = W.astype(np.float64)
        if W.dtype not in (np.float32, np.float64):
            raise ValueError(f"weights are {W.dtype}; convert them to float32 or float64")
        if W.ndim != 2 or W.size == 0 or not np.isfinite(W).all():
            raise ValueError(f"a dense layer needs a finite (n_out, n_in) array and was given shape {W.shape}")
        self.weight = Parameter(np.ascontiguousarray(W))
        self.bias = Parameter(_bias(b, W.shape[0], W.dtype))
        self.X: Float | None = None
        self.DY: Float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n_out, n_in)."""
        n_out, n_in = self.weight.values.shape
        return n_out, n_in

    @property
    def connections(self) -> int:
        """n_out · n_in."""
        return int(self.weight.values.size)

    def parameters(self) -> list[Parameter]:
        """Weight, then bias."""
        return [self.weight, self.bias]

    def index_bytes(self) -> int:
        """0: every connection exists, so none needs an index."""
        return 0

    def temporary_bytes(self) -> int:
        """Bytes needed for a moment: a new gradient beside the old one."""
        return self.weight.values.nbytes

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y = W X + b. X: (n_in, B)."""
        self.X = X
        Y: Float = self.weight.values @ X
        Y += self.bias.values[:, None]
        return Y

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float | None:
        """DW = DY Xᵀ,  Db = Σ_b DY[:, b],  DX = Wᵀ DY. DY: (n_out, B)."""
        assert self.X is not None, "forward comes first"
        self.DY = DY
        self.weight.grad = (DY @ self.X.T).reshape(-1)
        self.bias.grad = over_samples(DY)
        return self.weight.values.T @ DY if needs_input_grad else None


def _bias(b: Float | None, n_out: int, dtype: np.dtype[Any]) -> Float:
    if b is None:
        return np.zeros(n_out, dtype)
    b = check.bias(b, n_out, dtype)
    if not np.isfinite(b).all():
        raise ValueError(f"bias {quoted(b)} must be finite; zeros are a good start")
    return b
