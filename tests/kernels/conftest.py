"""The products of the three kernel modules by one signature, on bare arrays made by loops, not by minidst.formats."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from strategies import csc, frozen, pointer

from minidst.kernels import condensed, coo, csr
from minidst.kernels import csc as columns

PANELS = (1, 3, 1000)
"""Rows of X at a time: more than there are in the last."""


class Kernels(NamedTuple):
    """The products of one format as functions of (topology, arrays) → array; `backward` gives (DW, DX)."""

    name: str
    spmm: Callable
    spmm_t: Callable
    sddmm: Callable
    backward: Callable

    @property
    def constant(self) -> bool:
        return self.name == "condensed"


def unset(shape, dtype):
    """An `out` of garbage, for kernels that write all of it."""
    return np.full(shape, 77, dtype)


def alike(results):
    """The one array that all of these are, bit for bit."""
    assert len({result.tobytes() for result in results}) == 1
    return results[0]


def coo_indices(t):
    return frozen(t.rows), frozen(t.cols)


def csr_indices(t):
    return frozen(pointer(t.rows, t.shape[0])), frozen(t.cols)


def condensed_indices(t):
    """The rows that have connections, and a rectangle of their inputs."""
    active = np.unique(t.rows).astype(np.int32)
    return frozen(active), frozen(t.cols.reshape(active.size, -1 if t.nnz else 0))


def coo_product(kernel, side, t, values, M):
    out = np.zeros((t.shape[side], M.shape[1]), M.dtype)
    kernel(*coo_indices(t), values, M, out)
    return out


def csr_spmm(t, values, X):
    outs = [unset((t.shape[0], X.shape[1]), X.dtype) for _ in PANELS]
    for panel, out in zip(PANELS, outs, strict=True):
        csr.spmm(*csr_indices(t), values, X, np.zeros(t.shape[0], X.dtype), panel, out)
    return alike(outs)


def condensed_spmm(t, values, X):
    active, indices = condensed_indices(t)
    out = np.zeros((t.shape[0], X.shape[1]), X.dtype)
    condensed.spmm(active, indices, values.reshape(indices.shape), X, np.zeros(t.shape[0], X.dtype), out)
    return out


def sddmm(kernel, indices, t, DY, X):
    first, cols = indices(t)
    out = unset(cols.shape, X.dtype)
    kernel(first, cols, DY, X, out)
    return out.reshape(-1)


def by_columns_spmm_t(t, values, DY):
    colptr, rows, here = csc(t.shape, t.rows, t.cols)
    by_column, out = unset(t.nnz, values.dtype), unset((t.shape[1], DY.shape[1]), DY.dtype)
    columns.gather(colptr, rows, here, values, by_column)
    csr.spmm(colptr, rows, by_column, DY, np.zeros(t.shape[1], DY.dtype), 1000, out)
    return out


def by_columns_backward(t, values, DY, X):
    colptr, rows, here = csc(t.shape, t.rows, t.cols)
    outs = [(unset(t.nnz, X.dtype), unset((t.shape[1], DY.shape[1]), DY.dtype)) for _ in PANELS]
    for panel, (DW, DX) in zip(PANELS, outs, strict=True):
        columns.backward(colptr, rows, here.copy(), values, DY, X, panel, DW, DX)
    return tuple(map(alike, zip(*outs, strict=True)))


coo_spmm, coo_spmm_t = partial(coo_product, coo.spmm, 0), partial(coo_product, coo.spmm_t, 1)
coo_sddmm, csr_sddmm = partial(sddmm, coo.sddmm, coo_indices), partial(sddmm, csr.sddmm, csr_indices)
condensed_sddmm = partial(sddmm, condensed.sddmm, condensed_indices)


def coo_backward(t, values, DY, X):
    return coo_sddmm(t, DY, X), coo_spmm_t(t, values, DY)


KERNELS = [
    Kernels("coo", coo_spmm, coo_spmm_t, coo_sddmm, coo_backward),
    Kernels("csr", csr_spmm, by_columns_spmm_t, csr_sddmm, by_columns_backward),
    Kernels("condensed", condensed_spmm, by_columns_spmm_t, condensed_sddmm, by_columns_backward),
]


@pytest.fixture(scope="session", params=KERNELS, ids=lambda kernels: kernels.name)
def kernels(request):
    return request.param
