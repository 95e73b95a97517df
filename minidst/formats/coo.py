"""COO: the two ends of every connection, written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse

from ..kernels import coo
from ..kernels.arrays import Float, Index
from ..kernels.memory import aligned
from ..kernels.packing import copy_tile, pieces, samples_of
from ..kernels.threads import Cuts, run_slices, slices
from . import check
from .sparse import Sparse


@dataclass(frozen=True, eq=False)
class COO(Sparse):
    """W[rows[e], cols[e]] = values[e].

    shape: (n_out, n_in); rows, cols: (nnz,) int32, sorted by row, then column, no pair twice; values: (nnz,) float32
    or float64, finite. 12 bytes per float32 connection. Raises ValueError where one of these does not hold.
    """

    shape: tuple[int, int]
    rows: Index
    cols: Index
    values: Float

    def __post_init__(self) -> None:
        shape = check.shape(self.shape)
        rows, cols, values = check.connections(shape, self.rows, self.cols, self.values)
        self._set(shape=shape, values=values, rows=rows, cols=cols)

    def connections(self) -> tuple[Index, Index]:
        """Output i and input j of every connection, each (nnz,) int32."""
        return self.rows, self.cols

    @classmethod
    def from_sorted(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """`from_connections` without its checks."""
        return object.__new__(cls)._set(shape=shape, rows=rows, cols=cols, values=values)

    def to_scipy(self) -> Any:
        """A `scipy.sparse.coo_array` of copies."""
        return scipy.sparse.coo_array((self.values.copy(), (self.rows.copy(), self.cols.copy())), shape=self.shape)

    def _spmm(self, X: Float, bias: Float, out: Float) -> None:
        out[:] = bias[:, None]

        def part(e0: int, e1: int) -> tuple[Any, ...]:
            return self.rows[e0:e1], self.cols[e0:e1], self.values[e0:e1], bias, out

        for piece in pieces(X, self.nnz):
            cuts = _cuts(self.rows, slices(self.nnz * samples_of(piece)))
            run_slices(coo.spmm, part, cuts, *piece)

    def _spmv(self, x: Float, bias: Float, out: Float) -> None:
        out[:] = bias
        coo.spmv(self.rows, self.cols, self.values, x, out)

    def backward(self, DY: Float, X: Float) -> tuple[Float, Float]:
        """(W.grad(DY, X), W.T @ DY), one after the other. Raises ValueError on a misfit."""
        return self.grad(DY, X), self.T @ DY

    def _transposed(self, DY: Float, out: Float) -> None:
        if DY.shape[1] == 1:
            out[:] = 0
            coo.spmv_t(self.rows, self.cols, self.values, DY[:, 0], out[:, 0])
            return
        for M, first, end, origin, size in pieces(DY, self.nnz):  # on one thread: any connection may add to any row
            if M is DY:
                out[:, first:end] = 0
                coo.spmm_t(self.rows, self.cols, self.values, out, M, first, end, origin, size)
            else:  # what is loaded and stored at random is packed as well
                sums = aligned((len(out), size.samples), out.dtype)
                sums[:] = 0
                coo.spmm_t(self.rows, self.cols, self.values, sums, M, 0, end - first, 0, size)
                copy_tile(sums, 0, out, first, size)

    def _sddmm(self, DY: Float, X: Float, out: Float) -> None:
        for piece in pieces(X, self.nnz):
            cuts = _cuts(self.rows, slices(self.nnz * samples_of(piece)))
            run_slices(coo.sddmm, lambda e0, e1: (self.rows[e0:e1], self.cols[e0:e1], DY, out[e0:e1]), cuts, *piece)


def _cuts(sorted_ends: Index, n_slices: int) -> Cuts:
    """Connections at which to cut, moved back to where an end begins, so that no two slices write the same row."""
    if n_slices == 1:
        return 0, sorted_ends.size
    even = np.linspace(0, sorted_ends.size, n_slices + 1).astype(np.int64)[1:-1]
    starts = np.searchsorted(sorted_ends, sorted_ends[even])
    return np.concatenate(([0], starts, [sorted_ends.size])).astype(np.int64)
