"""CSR: one neuron's fan-in after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse

from .._support.validation import as_array
from ..kernels import csr
from ..kernels.arrays import Float, Index, Offset
from ..kernels.packing import panel, pieces, samples_of
from ..kernels.simd.tiles import REGISTER_BYTES
from ..kernels.threads import even_cuts, run_slices
from . import check
from .csc import CSCView
from .sparse import Sparse

LONG = 24  # connections of a row from which few samples are multiplied two rows at a time


@dataclass(frozen=True, eq=False)
class CSR(Sparse):
    """W[i, indices[e]] = values[e] for indptr[i] ≤ e < indptr[i + 1].

    shape: (n_out, n_in); indptr: (n_out + 1,) int64 from 0 to nnz, never falling; indices: (nnz,) int32, increasing
    in each row; values: (nnz,) float32 or float64, finite. 8 bytes per float32 connection, 12 once the view by
    columns exists, plus 8 per row and column. Raises ValueError where one of these does not hold.
    """

    shape: tuple[int, int]
    indptr: Offset
    indices: Index
    values: Float

    def __post_init__(self) -> None:
        n_out, n_in = check.shape(self.shape)
        values = check.values(self.values, 1)
        indptr = as_array("indptr", self.indptr)
        if indptr.dtype.kind not in "iu":
            raise ValueError(f"indptr is {indptr.dtype}; it counts connections, so give integers")
        indptr = np.array(indptr, dtype=np.int64)
        if indptr.shape != (n_out + 1,):
            raise ValueError(f"indptr has shape {indptr.shape}; {n_out} rows need ({n_out + 1},)")
        if indptr[0] != 0 or indptr[-1] != values.size or (np.diff(indptr) < 0).any():
            raise ValueError(
                f"indptr must rise from 0 to {values.size}, the number of values; "
                f"it goes from {indptr[0]} to {indptr[-1]}, its smallest step being {np.diff(indptr).min()}"
            )
        indices = check.indices("indices", self.indices, n_in, values)
        starts = indptr[1:-1]  # a new row may begin with a smaller index
        ahead = np.diff(indices) > 0
        ahead[starts[(starts > 0) & (starts < values.size)] - 1] = True
        check.increasing(ahead, lambda e: (int(np.searchsorted(indptr, e, "right")) - 1, int(indices[e])))
        self._set(shape=(n_out, n_in), indptr=indptr, indices=indices, values=values)

    def connections(self) -> tuple[Index, Index]:
        """Output i and input j of every connection, each (nnz,) int32; the rows are written out for the caller."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int32), np.diff(self.indptr)), self.indices

    @classmethod
    def from_sorted(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """`from_connections` without its checks."""
        indptr = np.zeros(shape[0] + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=shape[0]), out=indptr[1:])
        return object.__new__(cls)._set(shape=shape, indptr=indptr, indices=cols, values=values)

    def to_scipy(self) -> Any:
        """A `scipy.sparse.csr_array` of copies."""
        return scipy.sparse.csr_array((self.values.copy(), self.indices.copy(), self.indptr.copy()), shape=self.shape)

    def _spmm(self, X: Float, bias: Float, out: Float) -> None:
        per_row = self.nnz / len(out)

        def part(r0: int, r1: int) -> tuple[Any, ...]:
            return self.indptr[r0 : r1 + 1], self.indices, self.values, bias[r0:r1], out[r0:r1]

        if X.shape[1] * X.itemsize <= REGISTER_BYTES // 2 and per_row >= LONG:
            [(M, _, _, _, size)] = pieces(X, self.nnz)
            run_slices(csr.spmm_pairs, part, even_cuts(self.indptr, self.nnz * X.shape[1]), M, size)
            return
        height = panel(X, per_row, out)
        for piece in pieces(X, self.nnz):
            cuts = even_cuts(self.indptr, self.nnz * samples_of(piece))
            run_slices(csr.spmm, part, cuts, height, *piece)

    def _spmv(self, x: Float, bias: Float, out: Float) -> None:
        csr.spmv(self.indptr, self.indices, self.values, x, bias, out)

    def _sddmm(self, DY: Float, X: Float, out: Float) -> None:
        for piece in pieces(X, self.nnz):
            cuts = even_cuts(self.indptr, self.nnz * samples_of(piece))
            run_slices(csr.sddmm, lambda r0, r1: (self.indptr[r0 : r1 + 1], self.indices, DY[r0:r1], out), cuts, *piece)

    @cached_property
    def columns(self) -> CSCView:
        """The view by columns, built at the first use of Wᵀ."""
        return CSCView.of(self.shape, self.indptr, self.indices)
