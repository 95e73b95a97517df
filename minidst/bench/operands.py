"""What contestants multiply: the same random weights and samples for all, each in its own library's form."""

from __future__ import annotations

from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from ..formats import CSR, Sparse
from ..kernels.arrays import Float
from ..kernels.memory import aligned_copy
from ..models.mlp import sparse_weight

S = TypeVar("S", bound=Sparse)


def weight(format: type[S], shape: tuple[int, int], density: float) -> S:
    """A random graph with He-initialised weights, float32; for Condensed one of constant fan-in."""
    n_out, n_in = shape
    W = sparse_weight(format, n_out, n_in, round(density * n_out * n_in), np.random.default_rng(0), np.float32)
    assert isinstance(W, format)
    return W


def samples(n: int, B: int) -> Float:
    """(n, B) standard normal float32 numbers that begin on a cache line."""
    return aligned_copy(np.random.default_rng(1).standard_normal((n, B), np.float32), np.float32)


def torch_csr(torch: ModuleType, W: CSR, index: str) -> Any:
    """The same matrix for PyTorch. index: "int32" or "int64"; which is faster depends on the shape."""
    S = W.to_scipy()
    ends = (torch.tensor(array, dtype=getattr(torch, index)) for array in (S.indptr, S.indices))
    return torch.sparse_csr_tensor(*ends, torch.tensor(S.data), W.shape)


def agree(name: str, Y: Any, expected: Float) -> None:
    """A contestant that computes something else must not race. Raises ValueError if it does."""
    if not np.allclose(np.asarray(Y), expected, rtol=1e-3, atol=1e-3):
        raise ValueError(f"{name} computes other numbers than minidst, so their times cannot be compared")
