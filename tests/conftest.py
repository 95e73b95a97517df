"""What tests in several folders share."""

from collections.abc import Callable

import pytest
import strategies


@pytest.fixture(scope="session")
def refused() -> Callable[..., object]:
    """The block must raise a ValueError whose message is one line and contains all the given words."""
    return strategies.refused
