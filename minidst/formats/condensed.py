"""Condensed: constant fan-in, so a plain rectangle of values and one of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._support.validation import as_array
from ..kernels import condensed
from ..kernels.arrays import Float, Index
from ..kernels.packing import pieces, samples_of
from ..kernels.threads import run_slices, slices
from . import check
from .sparse import Sparse


@dataclass(frozen=True, eq=False)
class Condensed(Sparse):
    """W[rows[a], indices[a, c]] = values[a, c] for 0 ≤ c < k; every other output has no input.

    shape: (n_out, n_in); indices: (n_active, k) int32, increasing in each row; values: (n_active, k) float32 or
    float64, finite; 1 ≤ k ≤ n_in; rows: (n_active,) int32, increasing, the outputs that are not ablated; all n_out if
    not given. 8 bytes per float32 connection and 4 per row; 12 once the view by columns exists, plus 8 per output and
    input. Source: Lasby et al. 2023 (SRigL), appendix F. Raises ValueError where one of these does not hold.
    """

    shape: tuple[int, int]
    indices: Index
    values: Float
    rows: Index | None = None

    def __post_init__(self) -> None:
        n_out, n_in = check.shape(self.shape)
        values = check.values(self.values, 2)
        n_active, k = values.shape
        given = np.arange(n_out, dtype=np.int32) if self.rows is None else as_array("rows", self.rows)
        if np.shape(given) != (n_active,) or not 1 <= k <= n_in:
            raise ValueError(f"values have shape {values.shape}; {np.size(given)} active rows of this matrix need "
                             f"({np.size(given)}, k) with 1 ≤ k ≤ {n_in}")  # fmt: skip
        rows = check.indices("rows", given, n_out, values[:, 0])
        check.increasing(np.diff(rows) > 0, lambda a: int(rows[a]))
        indices = check.indices("indices", self.indices, n_in, values)
        ahead = np.diff(indices.reshape(-1)) > 0
        ahead[k - 1 :: k] = True  # a new row may begin with a smaller index
        check.increasing(ahead, lambda e: (int(rows[e // k]), int(indices.reshape(-1)[e])))
        self._set(shape=(n_out, n_in), indices=indices, values=values, rows=rows)

    @property
    def fan_in(self) -> int:
        """The number of inputs k that every active output has."""
        return int(self.values.shape[1])

    @property
    def active(self) -> Index:
        """The outputs that have inputs, (n_active,) int32; all but these are ablated."""
        assert self.rows is not None, "set by __post_init__"
        return self.rows

    @cached_property
    def _flat(self) -> tuple[int, Index, Float]:
        return self.fan_in, self.indices.reshape(-1), self.values.reshape(-1)

    def connections(self) -> tuple[Index, Index]:
        """Output i and input j of every connection, each (nnz,) int32."""
        return np.repeat(self.active, self.fan_in), self.indices.reshape(-1)

    @classmethod
    def from_sorted(cls, shape: tuple[int, int], rows: Index, cols: Index, values: Float) -> Self:
        """`from_connections` without its checks, but for the one of a constant fan-in, which raises ValueError."""
        fan_in = np.bincount(rows, minlength=shape[0])
        active = np.flatnonzero(fan_in)
        if active.size == 0:
            raise ValueError(f"a {shape[0]}×{shape[1]} matrix without connections has no fan-in; use CSR")
        counts = fan_in[active]
        least, most = int(counts.argmin()), int(counts.argmax())
        if counts[least] != counts[most]:
            raise ValueError(
                f"row {active[least]} has {counts[least]} connections and row {active[most]} has {counts[most]}; "
                "Condensed needs the same number in every row that has any: use CSR, or a constant fan-in graph"
            )
        rectangle = (active.size, int(counts[0]))
        indices, weights = np.reshape(cols, rectangle), np.reshape(values, rectangle)
        return object.__new__(cls)._set(shape=shape, indices=indices, values=weights, rows=active.astype(np.int32))

    def _spmm(self, X: Float, bias: Float, out: Float) -> None:
        if self.active.size < self.shape[0]:
            out[:] = bias[:, None]  # an ablated output has nothing else

        def part(r0: int, r1: int) -> tuple[Any, ...]:
            return self.active[r0:r1], self.indices[r0:r1], self.values[r0:r1], bias, out

        for piece in pieces(X, self.nnz):
            run_slices(condensed.spmm, part, self._row_cuts(samples_of(piece)), *piece)

    def _spmv(self, x: Float, bias: Float, out: Float) -> None:
        k, indices, values = self._flat
        if self.active.size == out.size:
            condensed.spmv(k, indices, values, x, bias, out)
        else:
            y = np.empty(self.active.size, self.dtype)
            condensed.spmv(k, indices, values, x, bias[self.active], y)
            out[:] = bias  # an ablated output has nothing else
            out[self.active] = y

    def _sddmm(self, DY: Float, X: Float, out: Float) -> None:
        rectangle = out.reshape(self.values.shape)

        def part(r0: int, r1: int) -> tuple[Any, ...]:
            return self.active[r0:r1], self.indices[r0:r1], DY, rectangle[r0:r1]

        for piece in pieces(X, self.nnz):
            run_slices(condensed.sddmm, part, self._row_cuts(samples_of(piece)), *piece)

    def _row_cuts(self, batch: int) -> list[int]:
        n_slices = slices(self.nnz * batch)
        return [round(self.active.size * p / n_slices) for p in range(n_slices + 1)]
