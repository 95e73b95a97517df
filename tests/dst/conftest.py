from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest


@pytest.fixture(scope="session")
def refused() -> Callable[..., object]:
    """The block must raise a ValueError whose message is one line and contains all the given words."""

    @contextmanager
    def check(*words: object) -> Iterator[None]:
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
            yield
        message = str(caught.value)
        assert message
        assert "\n" not in message
        for word in words:
            assert str(word) in message

    return check
