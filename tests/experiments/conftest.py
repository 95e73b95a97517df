from pathlib import Path

import pytest

from minidst.cli.main import main


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder, and no data but digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no cache"))


@pytest.fixture
def assert_one_line(capsys):
    """The command fails with code 2, one line that has all these words, no output and no new file."""

    def check(words, *argv):
        before = sorted(Path().rglob("*"))
        assert main(argv) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("minidst: ")
        assert err.count("\n") == 1, err
        assert sorted(Path().rglob("*")) == before
        assert [word for word in words if word not in err] == [], err

    return check
