"""What the tests of the formats share."""

import numpy as np
import pytest
from strategies import rows_and_cols

import minidst
from minidst import COO, CSR, Condensed
from minidst.kernels import threads as parallel

ALL = [COO, CSR, Condensed]


@pytest.fixture(scope="session", params=ALL, ids=lambda format: format.__name__)
def format(request):
    return request.param


@pytest.fixture
def dealt(monkeypatch):
    """Even the smallest product is dealt to threads, and afterwards there is one thread again."""
    monkeypatch.setattr(parallel, "WORTH_CUTTING", 1)
    monkeypatch.setattr(parallel, "WORTH_A_SLICE", 1e-9)
    yield
    minidst.threads(1)


@pytest.fixture(scope="session")
def example():
    """A 3×4 matrix with two connections in each row, so that every format can hold it; and one stored zero."""

    def make(format, dtype=np.float64):
        rows, cols = np.array([0, 0, 1, 1, 2, 2], np.int32), np.array([0, 3, 1, 2, 0, 1], np.int32)
        return format.from_connections((3, 4), rows, cols, np.array([1, -2, 3, 0, 5, 0.5], dtype))

    return make


@pytest.fixture(scope="session")
def lopsided():
    """About 600 connections, very unevenly spread over 37 rows for the formats that allow it, and 53 columns."""

    def make(format, dtype):
        rng = np.random.default_rng(7)
        fan_ins = rng.permutation([0] * 9 + [1] * 5 + [2, 3, 5, 8] * 4 + [53, 47] * 3 + [30])
        if format is Condensed:
            fan_ins = [17] * 37
        rows, cols = rows_and_cols(fan_ins, 53, rng)
        return format.from_connections((37, 53), rows, cols, rng.standard_normal(rows.size).astype(dtype))

    return make
