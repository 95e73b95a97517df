"""Condensed: constant fan-in, so a plain rectangle of values and one of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..kernels import condensed
from ..kernels.arrays import Float, Index
from ..kernels.parallel import deal, even_cuts, slices
from . import check
from .sparse import Sparse


@dataclass(frozen=True, eq=False)
class Condensed(Sparse):
    """W[i, indices[i, c]] = values[i, c] for 0 ≤ c < k.

    shape: (n_out, n_in); indices: (n_out, k) int32, increasing in each row; values: (n_out, k) float32 or float64,
    finite; 1 ≤ k ≤ n_in. 8 bytes per float32 connection and no row pointer; 16 once the CSC view exists, plus 8 per
    column. Source: Lasby et al. 2023 (SRigL), appendix F. Raises ValueError where one of these does not hold.
    """

    shape: tuple[int, int]
    indices: Index
    values: Float

    def __post_init__(self) -> None:
        n_out, n_in = check.shape(self.shape)
        values = check.values(self.values, 2)
        if values.shape[0] != n_out or not 1 <= values.shape[1] <= n_in:
            raise ValueError(f"values have shape {values.shape}; this matrix needs ({n_out}, k) with 1 ≤ k ≤ {n_in}")
        indices = check.indices("indices", self.indices, n_in, values)
        k = values.shape[1]
        ahead = np.diff(indices.reshape(-1)) > 0
        ahead[k - 1 :: k] = True  # a new row may begin with a smaller index
        check.increasing(ahead, lambda e: (e // k, int(indices.reshape(-1)[e])))
        for name, checked in [("shape", (n_out, n_in)), ("indices", indices), ("values", values)]:
            object.__setattr__(self, name, checked)

    @property
    def fan_in(self) -> int:
        """The number of inputs k that every output has."""
        return int(self.values.shape[1])

    def connections(self) -> tuple[Index, Index]:
        """Output i and input j of every connection, each (nnz,) int32."""
        rows = np.repeat(np.arange(self.shape[0], dtype=np.int32), self.fan_in)
        return rows, self.indices.reshape(-1)

    @classmethod
    def from_connections(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """Raises ValueError unless they are in order and every row has the same number of them."""
        shape = check.shape(shape)
        rows, cols, values = check.connections(shape, rows, cols, values)
        fan_in = np.bincount(rows, minlength=shape[0])
        least, most = int(fan_in.argmin()), int(fan_in.argmax())
        if fan_in[least] != fan_in[most]:
            raise ValueError(
                f"row {least} has {fan_in[least]} connections and row {most} has {fan_in[most]}; "
                "Condensed needs the same number in every row: use CSR, or a constant fan-in graph"
            )
        k = int(fan_in[0])
        return cls(shape, np.reshape(cols, (shape[0], k)), np.reshape(values, (shape[0], k)))

    def index_bytes(self) -> int:
        """Bytes of indices and, once used, the CSC view."""
        return self.indices.nbytes + self._column_bytes()

    def _spmm(self, X: Float, out: Float) -> None:
        def product(r0: int, r1: int) -> None:
            condensed.spmm(self.indices[r0:r1], self.values[r0:r1], X, out[r0:r1])

        deal(product, self._row_cuts(X.shape[1]))

    def _spmm_t(self, DY: Float, out: Float) -> None:
        colptr, rows, order = self.columns
        values = self.values.reshape(-1)

        def product(r0: int, r1: int) -> None:
            condensed.spmm_t(colptr[r0 : r1 + 1], rows, order, values, DY, out[r0:r1])

        deal(product, even_cuts(colptr, slices(self.nnz * DY.shape[1])))

    def _sddmm(self, DY: Float, X: Float, out: Float) -> None:
        rectangle = out.reshape(self.values.shape)

        def product(r0: int, r1: int) -> None:
            condensed.sddmm(self.indices[r0:r1], DY[r0:r1], X, rectangle[r0:r1])

        deal(product, self._row_cuts(X.shape[1]))

    def _row_cuts(self, batch: int) -> list[int]:
        pieces = slices(self.nnz * batch)
        return [round(self.shape[0] * p / pieces) for p in range(pieces + 1)]
