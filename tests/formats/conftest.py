"""What the tests of the formats share."""

import pytest
from builders import six_connections
from strategies import ablated_topologies, topologies

from minidst import COO, CSR, Condensed

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
