"""What cannot be saved is refused in one line, and the file that was there before stays as it was."""

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest.mock import Mock, patch

import numpy as np
import pytest
from builders import refused
from runs import begun, bits, often, stepped, toy

import minidst
from minidst import METHODS, Config, Network, Run, load_run, mlp, save
from minidst.cli.main import main
from minidst.dst import GuidedSample, Schedule
from minidst.dst.grow import Score
from minidst.nn import ReLU

resource = pytest.importorskip("resource")


@pytest.fixture
def there(tmp_path):
    """A file of an earlier state; at the end of the test it is as it was, and alone."""
    path = tmp_path / "run"
    save(stepped(begun(), 2), path)
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert load_run(path, toy()).progress.t == 2


def own(*given):
    """A function of a user."""
    return minidst.dst.prune.magnitude(*given)


class Own:
    """A record of a user, callable, and an optimizer."""

    __call__ = step = own


MyReLU, MyLoss = type("MyReLU", (ReLU,), {}), type("MyLoss", (minidst.nn.CrossEntropy,), {})
MINE = {
    **dict.fromkeys(("prune", "begin", "after_step"), own),
    **dict.fromkeys(("initial_weight", "update"), Own()),
    "candidates": lambda *given: None,
    "score": Score("own", own),
    "schedule": Schedule(every=9, decay=lambda p: 1 - p),
}
REMEDY = "minidst.METHODS['rigl']", "before load_run"


def run_of(record="rigl", **settings):
    return Run(mlp((12, 8, 4), density=0.5), toy(), record, Config(**settings))


def changed(change):
    """Make a run after one step, changed."""

    def make():
        run = stepped(begun(), 1)
        change(run)
        return run

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        *((partial(run_of, replace(often(METHODS["rigl"]), **{field: value})), ["'rigl'", f"its {field}", *REMEDY])
          for field, value in MINE.items()),
        (partial(run_of, replace(METHODS["gse-grabo"], candidates=GuidedSample(own))),
         ["its candidates.distribution", "function own", "minidst.METHODS['gse-grabo']"]),
        (partial(run_of, rate=lambda t, T: 1.0), ["config.rate"]),
        (partial(run_of, optimizer=Own()), ["config.optimizer"]),
        (changed(lambda run: run.net.layers.insert(1, MyReLU())), ["layer 1", "MyReLU", "SparseLinear, Linear, ReLU"]),
        (changed(lambda run: run.net.layers.insert(1, run.net.layers[1])), ["twice", "each place its own"]),
        (changed(lambda run: setattr(run.net, "loss", MyLoss())), ["loss", "MyLoss"]),
        (changed(lambda run: setattr(run.net, "rng", np.random.Generator(np.random.MT19937(0)))),
         ["MT19937", "default_rng"]),
        (changed(lambda run: run.net.memory.update(own=object())), ["net.memory['own']", "object"]),
        (changed(lambda run: run.net.memory.update(own=np.array([None]))), ["net.memory['own']", "object", "numbers"]),
        (changed(lambda run: run.net.memory.update(own=np.array(["a"]))), ["net.memory['own']", "<U1"]),
        (changed(lambda run: run.net.memory.update({7: 1})), ["net.memory[7]", "string"]),
        (changed(lambda run: run.notes.update(own={1, 2})), ["set", "numbers, strings and lists"]),
    ],
)  # fmt: skip
def test_what_no_file_can_say_is_refused_with_its_place_and_the_remedy(make, words, there):
    run = make()
    with refused(*words):
        save(run, there)


def test_a_run_that_was_interrupted_within_a_step_is_refused_and_goes_no_further(there, monkeypatch):
    run = stepped(begun(), 3)
    monkeypatch.setattr(Network, "backward", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        next(iter(run))
    monkeypatch.undo()
    for attempt in (partial(save, run, there), lambda: next(iter(run))):
        with refused("interrupted in the middle of step 3", "saved last"):
            attempt()


def test_a_run_that_has_diverged_does_not_take_the_place_of_one_that_has_not(there):
    run = stepped(begun(), 3)
    run.net.weighted[1].weight.values[0] = np.nan
    with pytest.raises(FloatingPointError, match=r"step 2 .*layer 1"):
        save(run, there)


@contextmanager
def room_for(size):
    """No file may become larger than so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 0.9999])
def test_a_disk_that_is_full_leaves_the_earlier_file(share, there, capfd):
    run = stepped(begun(), 5)
    save(run, there.parent / "other")
    size = (there.parent / "other").stat().st_size
    (there.parent / "other").unlink()
    with room_for(int(share * size)), refused(there, "cannot write", "File too large", "make room"):
        save(run, there)
    assert bits(stepped(run, 1)) == bits(stepped(begun(), 6))  # and the run goes on


def test_a_disk_that_tells_only_when_synced_that_it_is_full_leaves_the_earlier_file(there, monkeypatch):
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with refused(there, "No space left on device", "make room"):
        save(stepped(begun(), 3), there)


def test_the_command_on_a_full_disk_ends_in_one_line_with_the_earlier_file_in_place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["train", "--hidden", "8", "--density", "0.3", "--epochs", "2", "--every", "20", "--out", "run"]
    with patch.object(Network, "evaluate", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        main(command)
    before = (tmp_path / "run").read_bytes()
    t = load_run("run").progress.t
    capsys.readouterr()
    with room_for(3000):
        assert main([*command, "--resume"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "cannot write" in err
    assert "File too large" in err
    assert (tmp_path / "run").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert t == 40  # of 45 steps an epoch
    assert main([*command, "--resume"]) == 0


@contextmanager
def unprivileged():
    """Not root for a while, who may write anywhere."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_is_read_only_is_refused_and_keeps_the_earlier_file(monkeypatch, capsys):
    folder = tempfile.mkdtemp()  # which others may pass through, unlike pytest's
    try:
        path = os.path.join(folder, "run")
        save(stepped(begun(), 2), path)
        os.chmod(folder, 0o555)
        run = stepped(begun(), 3)
        with unprivileged(), refused(path, "Permission denied", "another folder"):
            save(run, path)
        with unprivileged():
            assert main(["train", "digits", "--out", path, "--resume"]) == 2
        assert "Permission denied" in capsys.readouterr().err
        assert os.listdir(folder) == ["run"]
        assert load_run(path, toy()).progress.t == 2
    finally:
        os.chmod(folder, 0o755)
        shutil.rmtree(folder)
