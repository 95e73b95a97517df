"""The three kernel files behind one face, on bare arrays made here by loops, not by minidst.formats."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from strategies import csc, frozen, pointer

from minidst.kernels import condensed, coo, csr
from minidst.kernels import csc as columns


@dataclass(frozen=True)
class Kernels:
    """The products of one format as functions of (topology, numbers) → array; `backward` gives (DW, DX)."""

    name: str
    spmm: Callable
    spmm_t: Callable
    sddmm: Callable
    backward: Callable

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
    coo.spmm_t(frozen(t.rows), frozen(t.cols), values, DY, out)
    return out


def _coo_sddmm(t, DY, X):
    out = np.full(t.nnz, 77, X.dtype)
    coo.sddmm(frozen(t.rows), frozen(t.cols), DY, X, out)
    return out


PANELS = (1, 3, 1000)
"""Rows of X at a time: more than there are in the last."""


def alike(results):
    """The one array that all of these are, bit for bit."""
    first, *others = results
    for other in others:
        assert other.tobytes() == first.tobytes()
    return first


def _csr_spmm(t, values, X):
    def product(panel):
        out = unset(t.shape[0], X.shape[1], X.dtype)
        none = np.zeros(t.shape[0], X.dtype)
        csr.spmm(frozen(pointer(t.rows, t.shape[0])), frozen(t.cols), values, X, none, panel, out)
        return out

    return alike([product(panel) for panel in PANELS])


def _by_columns_spmm_t(t, values, DY):
    colptr, rows, here = csc(t.shape, t.rows, t.cols)
    by_column = np.full(t.nnz, 77, values.dtype)
    columns.gather(colptr, rows, here, values, by_column)
    out = unset(t.shape[1], DY.shape[1], DY.dtype)
    csr.spmm(colptr, rows, by_column, DY, np.zeros(t.shape[1], DY.dtype), 1000, out)
    return out


def _by_columns_backward(t, values, DY, X):
    colptr, rows, here = csc(t.shape, t.rows, t.cols)

    def product(panel):
        DW, DX = np.full(t.nnz, 77, X.dtype), unset(t.shape[1], DY.shape[1], DY.dtype)
        columns.backward(colptr, rows, here.copy(), values, DY, X, panel, DW, DX)
        return DW, DX

    DWs, DXs = zip(*[product(panel) for panel in PANELS], strict=True)
    return alike(DWs), alike(DXs)


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
    none = np.zeros(t.shape[0], X.dtype)
    condensed.spmm(frozen(_active(t)), frozen(_rectangle(t, t.cols)), _rectangle(t, values), X, none, out)
    return out


def _condensed_sddmm(t, DY, X):
    out = _rectangle(t, np.full(t.nnz, 77, X.dtype))
    condensed.sddmm(frozen(_active(t)), frozen(_rectangle(t, t.cols)), DY, X, out)
    return out.reshape(-1)


def _coo_backward(t, values, DY, X):
    return _coo_sddmm(t, DY, X), _coo_spmm_t(t, values, DY)


KERNELS = [
    Kernels("coo", _coo_spmm, _coo_spmm_t, _coo_sddmm, _coo_backward),
    Kernels("csr", _csr_spmm, _by_columns_spmm_t, _csr_sddmm, _by_columns_backward),
    Kernels("condensed", _condensed_spmm, _by_columns_spmm_t, _condensed_sddmm, _by_columns_backward),
]


@pytest.fixture(scope="session", params=KERNELS, ids=repr)
def kernels(request):
    return request.param
