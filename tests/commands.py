"""Fixtures that run a command in this process: what it prints, and how it fails."""

import pytest

import minidst
from minidst.cli.main import main
from minidst.training.history import Epoch, History


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder, no data but what the test writes, and one thread afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "no-cache")
    yield
    minidst.threads(1)


@pytest.fixture
def command(capsys):
    """Run a command; return (code, stdout, stderr)."""

    def run(*argv):
        capsys.readouterr()
        code = main(list(argv))
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def printed(command):
    """Run a command that must succeed and print nothing on stderr; return its stdout."""

    def run(*argv):
        code, out, err = command(*argv)
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def recorded(monkeypatch):
    """The (record, config) of every run of a comparison, which is not trained."""
    calls = []

    def pretend(net, data, record, config, *, progress=None):
        calls.append((record, config))
        return History(record.name, data.name, [Epoch(1, 0.5, 0.5, 0.5, 0.1, 0, 7, 10, 1.0)])

    monkeypatch.setattr("minidst.experiments.compare.fit", pretend)
    return calls


@pytest.fixture
def error_line(command, tmp_path):
    """Run a command that must print one line with these words on stderr and make or change no file; return the line."""

    def files():
        return {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}

    def run(*argv, code=2, words=()):
        before = files()
        found, out, err = command(*argv)
        assert (found, out) == (code, ""), err
        assert err.startswith("minidst: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        assert [word for word in words if word not in err] == [], err
        assert files() == before
        return err

    return run
