"""What tests in several folders share."""

from collections.abc import Callable

import builders
import pytest
import strategies  # noqa: F401  the Hypothesis profile


@pytest.fixture(scope="session")
def refused() -> Callable[..., object]:
    """The block must raise a ValueError whose message is one line and contains all the given words."""
    return builders.refused
