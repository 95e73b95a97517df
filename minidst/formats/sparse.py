"""What the three formats have in common; what differs is in their own files.

A format is a value: its topology (shape and index arrays) never changes after construction, and only
`topology.rewire` makes a new one. Its `values` may be written in place, which is what an optimizer does.
Connections are numbered in row-major order, e = 0, 1, …, nnz − 1, in every format, so what is aligned to the
connections of one format is aligned to those of another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import scipy.sparse

from .._support.validation import as_array, quoted
from ..kernels.arrays import Float, Index, Offset
from ..kernels.memory import aligned
from . import check
from .csc import CSCView

S = TypeVar("S", bound="Sparse")


class Sparse(ABC):
    """A sparse weight matrix W of shape (n_out, n_in) that stores its active connections and nothing else."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    shape: tuple[int, int]
    values: Float

    @abstractmethod
    def connections(self) -> tuple[Index, Index]:
        """Output i and input j of every connection e, each (nnz,) int32, in row-major order."""

    @classmethod
    def from_connections(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """The matrix with weight `values[e]` at (`rows[e]`, `cols[e]`); connections in row-major order, each once.

        Raises ValueError if they are not or, for Condensed, if rows that have any differ in their number.
        """
        shape = check.shape(shape)
        return cls.from_sorted(shape, *check.connections(shape, rows, cols, values))

    @classmethod
    @abstractmethod
    def from_sorted(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """`from_connections` without its checks, for int32 connections known to be in order, and finite weights."""

    def _set(self, **fields: Any) -> Self:
        """Set fields that have been checked; index arrays become read-only."""
        for name, value in fields.items():
            if isinstance(value, np.ndarray) and name != "values":
                value.flags.writeable = False
            object.__setattr__(self, name, value)
        return self

    @abstractmethod
    def _spmm(self, X: Float, bias: Float, out: Float) -> None: ...

    @abstractmethod
    def _spmv(self, x: Float, bias: Float, out: Float) -> None: ...

    @abstractmethod
    def _sddmm(self, DY: Float, X: Float, out: Float) -> None: ...

    def index_bytes(self) -> int:
        """Bytes of the index arrays, with those of the view by columns if it has been built."""
        total = 0
        for name in self.__dataclass_fields__.keys() - {"shape", "values"}:
            total += getattr(self, name).nbytes
        if "columns" in self.__dict__:
            total += self.columns.colptr.nbytes + self.columns.rows.nbytes
            total += 0 if hasattr(self, "indptr") else self.columns.indptr.nbytes  # made for the view
        return total

    @property
    def nnz(self) -> int:
        """Number of active connections |A| (a connection whose weight happens to be 0 counts)."""
        return int(self.values.size)

    @property
    def density(self) -> float:
        """Nnz / (n_out · n_in)."""
        return self.nnz / (self.shape[0] * self.shape[1])

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """float32 or float64."""
        return self.values.dtype

    @property
    def T(self) -> Transpose:
        """Wᵀ, to multiply with: `W.T @ DY`."""
        return Transpose(self)

    def __matmul__(self, X: Float) -> Float:
        """Y = W X, or y = W x. X: (n_in, B) or (n_in,), of W's dtype. Raises ValueError if it does not fit."""
        return self._product(X, self._no_bias)

    def affine(self, X: Float, b: Float) -> Float:
        """Y = W X + b, what a layer computes, in one pass. b: (n_out,). Raises ValueError if X or b does not fit."""
        return self._product(X, check.bias(b, self.shape[0], self.dtype))

    def _product(self, X: Float, b: Float) -> Float:
        X = check.operand("X", X, self.shape[1], self.dtype)
        if X.ndim == 1 or X.shape[1] == 1:
            y = np.empty(self.shape[0], self.dtype)
            self._spmv(X.reshape(-1), b, y)
            return y if X.ndim == 1 else y[:, None]
        Y = aligned((self.shape[0], X.shape[1]), self.dtype)
        self._spmm(X, b, Y)
        return Y

    def grad(self, DY: Float, X: Float) -> Float:
        """DW[e] = Σ_b DY[i, b]·X[j, b], (nnz,), on the active connections alone. Raises ValueError on a misfit."""
        DY, X = self._partners(DY, X)
        DW = aligned((self.nnz,), self.dtype)
        self._sddmm(DY, X, DW)
        return DW

    def backward(self, DY: Float, X: Float) -> tuple[Float, Float]:
        """(W.grad(DY, X), W.T @ DY) in one pass, for each DY[i, ·] serves both. Raises ValueError on a misfit."""
        DY, X = self._partners(DY, X)
        DW, DX = aligned((self.nnz,), self.dtype), aligned(X.shape, self.dtype)
        self.columns.backward(self.values.reshape(-1), DY, X, DW, DX)
        return DW, DX

    def _partners(self, DY: Float, X: Float) -> tuple[Float, Float]:
        DY, X = check.operand("DY", DY, self.shape[0], self.dtype), check.operand("X", X, self.shape[1], self.dtype)
        DY, X = DY.reshape(len(DY), -1), X.reshape(len(X), -1)  # a single sample may be a vector
        if DY.shape[1] != X.shape[1]:
            raise ValueError(f"DY holds {DY.shape[1]} samples and X {X.shape[1]}; both need one column per sample")
        return DY, X

    def _transposed(self, DY: Float, out: Float) -> None:
        self.columns.spmm(self.values.reshape(-1), DY, out)

    def keys(self) -> Offset:
        """i·n_in + j of every connection, (nnz,) int64, increasing: the connection's name in its layer."""
        rows, cols = self.connections()
        keys = rows.astype(np.int64)
        keys *= self.shape[1]
        keys += cols
        return keys

    def to(self, format: type[S]) -> S:
        """The same connections in another format, with the same `values` array.

        Raises ValueError if that is `Condensed` and the fan-in is not constant.
        """
        if not (isinstance(format, type) and issubclass(format, Sparse)):
            raise ValueError(f"format {quoted(format)} is none; give COO, CSR or Condensed")
        rows, cols = self.connections()
        return format.from_connections(self.shape, rows, cols, self.values.reshape(-1))

    def to_dense(self) -> Float:
        """The (n_out, n_in) array, for tests and small examples: nothing else in the package calls it."""
        dense = np.zeros(self.shape, self.dtype)
        dense[self.connections()] = self.values.reshape(-1)
        return dense

    @classmethod
    def from_dense(cls, dense: Any) -> Self:
        """The non-zero entries of a 2-D array. Integers become float64. Raises ValueError unless 2-D and finite."""
        a = as_array("dense", dense)
        if a.ndim != 2:
            raise ValueError(f"from_dense needs a 2-D array and was given {a.ndim} dimensions; reshape it first")
        if a.dtype.kind in "iub":
            a = a.astype(np.float64)
        rows, cols = np.nonzero(a)
        return cls.from_connections(a.shape, rows.astype(np.int32), cols.astype(np.int32), a[rows, cols])

    @classmethod
    def from_scipy(cls, matrix: Any) -> Self:
        """From any `scipy.sparse` matrix or array; repeated entries are summed, as SciPy reads them."""
        if not scipy.sparse.issparse(matrix):
            raise ValueError(f"from_scipy was given {type(matrix).__name__}; for an array use from_dense")
        if matrix.ndim != 2:
            raise ValueError(f"from_scipy was given a sparse array of shape {matrix.shape}; W needs two dimensions")
        csr = scipy.sparse.csr_array(matrix, copy=True)
        csr.sum_duplicates()
        rows = np.repeat(np.arange(csr.shape[0], dtype=np.int32), np.diff(csr.indptr))
        values = csr.data.astype(np.float64) if csr.data.dtype.kind in "iub" else csr.data
        return cls.from_connections(csr.shape, rows, csr.indices.astype(np.int32), values)

    def to_scipy(self) -> Any:
        """The same connections as a `scipy.sparse` array (csr_array; a COO becomes a coo_array)."""
        rows, cols = self.connections()
        return scipy.sparse.coo_array((self.values.reshape(-1), (rows, cols)), shape=self.shape).tocsr()

    @cached_property
    def _no_bias(self) -> Float:
        return np.zeros(self.shape[0], self.dtype)

    @cached_property
    def columns(self) -> CSCView:
        """The view by columns, built at the first use of Wᵀ; it depends on the topology alone, so it lives as long."""
        rows, cols = self.connections()
        indptr = np.searchsorted(rows, np.arange(self.shape[0] + 1)).astype(np.int64)
        return CSCView.of(self.shape, indptr, cols)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Copies and pickles are made by the constructor, which checks again and makes indices read-only again."""
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True, eq=False)
class Transpose:
    """Wᵀ as something to multiply with; nothing is copied."""

    W: Sparse

    def __matmul__(self, DY: Float) -> Float:
        """DX = Wᵀ DY. DY: (n_out, B) or (n_out,), of W's dtype. Raises ValueError if it does not fit."""
        DY = check.operand("DY", DY, self.W.shape[0], self.W.dtype)
        columns = DY if DY.ndim == 2 else DY[:, None]
        DX = aligned((self.W.shape[1], columns.shape[1]), self.W.dtype)
        self.W._transposed(columns, DX)
        return DX if DY.ndim == 2 else DX[:, 0]
