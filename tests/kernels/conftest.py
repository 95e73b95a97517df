"""The three kernel files behind one face, on bare arrays made here by loops, not by minidst.formats."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from strategies import frozen

from minidst.kernels import condensed, coo, csr


def pointer(ends, n):
    """Where the connections of each of n rows (or columns) begin: 0, then running counts."""
    counts = [0] * n
    for end in ends:
        counts[end] += 1
    return np.cumsum([0, *counts]).astype(np.int64)


def by_column(rows, cols):
    """The order of connections column by column, and in a column from the top."""
    return np.array(sorted(range(len(cols)), key=lambda e: (cols[e], rows[e])), dtype=np.int32)


def csc(shape, rows, cols):
    order = by_column(rows, cols)
    return frozen(pointer(cols, shape[1])), frozen(rows[order]), frozen(order)


@dataclass(frozen=True)
class Kernels:
    """The three products of one format as functions of (topology, numbers) → array."""

    name: str
    spmm: Callable
    spmm_t: Callable
    sddmm: Callable

    @property
    def constant(self) -> bool:
        return self.name == "condensed"

    def __repr__(self):
        return self.name


def unset(n, B, dtype):
    """An `out` of garbage, for kernels that promise to write all of it."""
    return np.full((n, B), 77, dtype)


def _coo_spmm(t, values, X):
    out = np.zeros((t.shape[0], X.shape[1]), X.dtype)
    coo.spmm(frozen(t.rows), frozen(t.cols), values, X, out)
    return out


def _coo_spmm_t(t, values, DY):
    out = np.zeros((t.shape[1], DY.shape[1]), DY.dtype)
    coo.spmm_t(frozen(by_column(t.rows, t.cols)), frozen(t.rows), frozen(t.cols), values, DY, out)
    return out


def _coo_sddmm(t, DY, X):
    out = np.full(t.nnz, 77, X.dtype)
    coo.sddmm(frozen(t.rows), frozen(t.cols), DY, X, out)
    return out


def _csr_spmm(t, values, X):
    out = unset(t.shape[0], X.shape[1], X.dtype)
    csr.spmm(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, X, out)
    return out


def _csr_spmm_t(t, values, DY):
    out = unset(t.shape[1], DY.shape[1], DY.dtype)
    csr.spmm_t(*csc(t.shape, t.rows, t.cols), values, DY, out)
    return out


def _csr_sddmm(t, DY, X):
    out = np.full(t.nnz, 77, X.dtype)
    csr.sddmm(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), DY, X, out)
    return out


def _rectangle(t, array):
    """(active rows, connections of each): rows without connections are ablated."""
    return array.reshape(_active(t).size, -1 if t.nnz else 0)


def _active(t):
    return np.unique(t.rows).astype(np.int32)


def _condensed_spmm(t, values, X):
    out = np.zeros((t.shape[0], X.shape[1]), X.dtype)
    condensed.spmm(frozen(_active(t)), frozen(_rectangle(t, t.cols)), _rectangle(t, values), X, out)
    return out


def _condensed_spmm_t(t, values, DY):
    out = unset(t.shape[1], DY.shape[1], DY.dtype)
    condensed.spmm_t(*csc(t.shape, t.rows, t.cols), values, DY, out)
    return out


def _condensed_sddmm(t, DY, X):
    out = _rectangle(t, np.full(t.nnz, 77, X.dtype))
    condensed.sddmm(frozen(_active(t)), frozen(_rectangle(t, t.cols)), DY, X, out)
    return out.reshape(-1)


KERNELS = [
    Kernels("coo", _coo_spmm, _coo_spmm_t, _coo_sddmm),
    Kernels("csr", _csr_spmm, _csr_spmm_t, _csr_sddmm),
    Kernels("condensed", _condensed_spmm, _condensed_spmm_t, _condensed_sddmm),
]


@pytest.fixture(scope="session", params=KERNELS, ids=repr)
def kernels(request):
    return request.param
