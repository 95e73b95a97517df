"""What the tests of the formats share."""

import pytest
from builders import six_connections
from strategies import ablated_topologies, topologies

import minidst
from minidst import COO, CSR, Condensed
from minidst.kernels import threads

KINDS = {
    "COO": (COO, topologies()), "CSR": (CSR, topologies()), "Condensed": (Condensed, topologies(constant=True)),
    "ablated": (Condensed, ablated_topologies()),
}  # fmt: skip


@pytest.fixture(scope="session", params=[COO, CSR, Condensed], ids=lambda format: format.__name__)
def format(request):
    return request.param


@pytest.fixture(scope="session", params=KINDS.values(), ids=KINDS)
def kind(request):
    """(format, strategy of topologies it can hold)."""
    return request.param


@pytest.fixture
def W(format):
    return six_connections(format)


@pytest.fixture
def always_sliced(monkeypatch):
    """Even the smallest product is cut into slices for the threads, and afterwards there is one thread again."""
    monkeypatch.setattr(threads, "WORTH_CUTTING", 1)
    monkeypatch.setattr(threads, "WORTH_A_SLICE", 1e-9)
    yield
    minidst.threads(1)
