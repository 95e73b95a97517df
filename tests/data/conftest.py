import pytest


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path_factory):
    """No test finds data it did not write: neither by the environment nor in the user's cache."""
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "empty-cache"))
