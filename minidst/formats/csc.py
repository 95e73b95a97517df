"""A topology seen by columns (CSC), which is what products with Wᵀ need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse

from ..kernels import csc, csr
from ..kernels.arrays import Float, Index, Offset
from ..kernels.memory import aligned
from ..kernels.packing import CACHE, copy_tile, panel, pieces, samples_of
from ..kernels.simd.tiles import REGISTER_BYTES, tiles
from ..kernels.threads import even_cuts, run_slices, slices


@dataclass(frozen=True, eq=False)
class CSCView:
    """`rows[colptr[j]]` to `rows[colptr[j + 1]]` are connected to input j; 4 bytes per connection, 8 per input.

    indptr, cols: the topology by rows, as in CSR, from which kernels/csc.py finds the weights of a column.
    """

    indptr: Offset
    cols: Index
    colptr: Offset
    rows: Index

    @classmethod
    def of(cls, shape: tuple[int, int], indptr: Offset, cols: Index) -> Self:
        """The view of a (n_out, n_in) topology that is given by rows."""
        nothing = np.zeros(cols.size, np.int8)
        by_column = scipy.sparse.csr_array((nothing, cols, indptr), shape=shape).tocsc()  # SciPy's counting sort
        colptr, rows = by_column.indptr.astype(np.int64), by_column.indices.astype(np.int32)
        for array in (indptr, cols, colptr, rows):
            array.flags.writeable = False
        return cls(indptr, cols, colptr, rows)

    def spmm(self, values: Float, DY: Float, out: Float) -> None:
        """DX = Wᵀ DY: the weights are put in the order of columns, and then it is a product of a CSR matrix."""
        by_column, none = np.empty_like(values), np.zeros(len(out), out.dtype)
        csc.gather(self.colptr, self.rows, self.indptr[:-1].copy(), values, by_column)
        height = panel(DY, values.size / len(out), out)

        def part(j0: int, j1: int) -> tuple[Any, ...]:
            return self.colptr[j0 : j1 + 1], self.rows, by_column, none, out[j0:j1], height

        for piece in pieces(DY, values.size):
            cuts = even_cuts(self.colptr, values.size * samples_of(piece))
            run_slices(csr.spmm, part, cuts, *piece)

    def backward(self, values: Float, DY: Float, X: Float, DW: Float, DX: Float) -> None:
        """DW and DX in one pass over the columns; of one sample, or of a few on one thread, over the rows."""
        if X.shape[1] == 1:
            DX[:] = 0
            csr.backward_one(self.indptr, self.cols, values, DY[:, 0], X[:, 0], DW, DX[:, 0])
            return
        few = X.shape[1] * X.itemsize <= REGISTER_BYTES and 2 * len(X) * REGISTER_BYTES <= CACHE
        if few and slices(2 * values.size * X.shape[1]) == 1:  # the same bits as on several threads, sooner
            self._backward_few(values, DY, X, DW, DX)
            return
        height = panel(DY, values.size / len(X))

        def part(j0: int, j1: int) -> tuple[Any, ...]:
            here = self._first_from(j0) if j0 else self.indptr[:-1]
            return self.colptr[j0 : j1 + 1], self.rows, here, values, X[j0:j1], height, DW, DX[j0:j1]

        for piece in pieces(DY, values.size):
            cuts = even_cuts(self.colptr, 2 * values.size * samples_of(piece))
            run_slices(csc.backward, part, cuts, *piece)

    def _backward_few(self, values: Float, DY: Float, X: Float, DW: Float, DX: Float) -> None:
        [(_, _, size)] = tiles(X)
        packed, sums = aligned((2, len(X), size.samples), X.dtype)
        copy_tile(X, 0, packed, 0, size)
        sums[:] = 0
        csr.backward_few(self.indptr, self.cols, values, DY, packed, DW, sums, size)
        copy_tile(sums, 0, DX, 0, size)

    def _first_from(self, j: int) -> Offset:
        """The first connection of each row whose input is at least j; several threads begin at the same j each time."""
        if j not in self._starts:
            first = np.empty_like(self.indptr[:-1])
            csc.seek(self.indptr, self.cols, j, first)
            first.flags.writeable = False
            self._starts[j] = first
        return self._starts[j]

    @cached_property
    def _starts(self) -> dict[int, Offset]:
        return {}
