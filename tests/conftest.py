"""Every test runs under the Hypothesis profile of strategies.py."""

import strategies  # noqa: F401
