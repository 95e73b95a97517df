"""`minidst train --out RUN`: the run that the command line keeps, stops and goes on with."""

import csv
import json
import os
import re
import signal
import threading
from pathlib import Path

import pytest

import minidst
from minidst import METHODS, Config, load_run
from minidst.cli import autosave as keeping
from minidst.cli.main import main

pytestmark = pytest.mark.small

TRAIN = ("train", "digits", "--hidden", "8", "--density", "0.3", "--batch", "256", "--epochs", "4")  # 6 steps each


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def command(capsys):
    """Run a command; (code, stdout, stderr)."""

    def run(*argv):
        capsys.readouterr()
        code = main([str(word) for word in argv])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def told_after(monkeypatch):
    """Send this process a signal when the run has taken so many steps."""
    steps = minidst.training.run.steps

    def arm(step, number):
        def watched(*given):
            for taken in steps(*given):
                if taken.t + 1 == step:
                    os.kill(os.getpid(), number)
                yield taken

        monkeypatch.setattr("minidst.training.run.steps", watched)

    return arm


def without_time(printed):
    return re.sub(r"[\d.]+ s\n", "", printed)


def test_a_run_that_is_kept_prints_what_one_that_is_not_does_and_leaves_one_file(command, tmp_path):
    code, out, err = command(*TRAIN, "--out", "run")
    assert (code, err) == (0, "")
    assert without_time(out) == without_time(command(*TRAIN)[1])
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert load_run("run").finished


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize("step", [1, 6, 15])
def test_a_run_that_is_told_to_stop_takes_the_step_to_its_end_and_goes_on(
    number, code, word, step, command, told_after
):
    expected = command(*TRAIN, "--history", "alone.csv")[1]
    told_after(step, number)
    said = f"minidst: {word} after step {step}, saved in 'run'; --resume goes on from there\n"
    assert command(*TRAIN, "--out", "run") == (code, "", said)
    assert load_run("run").progress.t == step
    told_after(99, number)
    returned, out, err = command(*TRAIN, "--out", "run", "--resume", "--history", "run.csv")
    assert (returned, without_time(out), err) == (0, without_time(expected), "")
    with open("alone.csv") as alone, open("run.csv") as resumed:
        for one, other in zip(csv.DictReader(alone), csv.DictReader(resumed), strict=True):
            assert one.pop("seconds")
            assert other.pop("seconds")
            assert one == other


def test_a_second_ctrl_c_waits_for_nothing(command, monkeypatch):
    def twice(*_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr("minidst.training.run.steps", twice)
    assert command(*TRAIN, "--out", "run") == (130, "", "minidst: interrupted\n")
    assert not Path("run").exists()


def test_the_handlers_of_signals_are_put_back(command):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    command(*TRAIN, "--out", "run")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_a_thread_that_gets_no_signals_a_run_is_kept_all_the_same():
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main([*TRAIN, "--out", "run"])))
    thread.start()
    thread.join()
    assert codes == [0]
    assert load_run("run").finished


@pytest.mark.parametrize(("every", "saved"), [(1, list(range(1, 25))), (7, [7, 14, 21]), (500, []), (None, [])])
def test_it_is_written_at_every_so_many_steps_and_at_the_end(every, saved, command, monkeypatch):
    steps, save = [], keeping.save

    def watched(run, path):
        steps.append(run.progress.t)
        save(run, path)

    monkeypatch.setattr(keeping, "save", watched)
    command(*TRAIN, "--out", "run", *(("--every", every) if every else ()))
    assert steps == [*saved, 24]


def test_resuming_what_has_not_begun_begins_it_and_what_is_done_only_prints_it_again(command):
    first = command(*TRAIN, "--out", "run", "--resume")
    assert first[0] == 0
    content = Path("run").read_bytes()
    assert command(*TRAIN, "--out", "run", "--resume") == first
    assert Path("run").read_bytes() == content


def test_as_json_a_resumed_run_says_what_an_uninterrupted_one_does(command, told_after):
    told_after(9, signal.SIGTERM)
    command(*TRAIN, "--out", "run", "--json")
    told_after(99, signal.SIGTERM)
    resumed, alone = (json.loads(command(*TRAIN, *more, "--json")[1]) for more in (("--out", "run", "--resume"), ()))
    assert resumed.pop("seconds") != alone.pop("seconds")
    assert resumed == alone


def test_a_run_that_is_there_is_not_overwritten_unasked(command):
    Path("run").write_text("precious")
    code, out, err = command(*TRAIN, "--out", "run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "'run' exists" in err
    assert "--resume" in err
    assert Path("run").read_text() == "precious"
    code, out, err = command(*TRAIN, "--out", "run", "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "not a readable file of a run" in err
    assert Path("run").read_text() == "precious"


@pytest.mark.parametrize(
    "changed",
    [
        ("--epochs", "5"),
        ("--hidden", "8,8"),
        ("--density", "0.2"),
        ("--method", "set"),
        ("--seed", "1"),
        ("--lr", "0.2"),
        ("--batch", "255"),
        ("--allocation", "er"),
        ("--format", "coo"),
        ("--optimizer", "adam"),
    ],
)
def test_another_line_than_the_one_that_started_it_is_refused_naming_both(changed, command):
    command(*TRAIN, "--out", "run")
    code, out, err = command(*TRAIN, *changed, "--out", "run", "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert " ".join(changed) in err
    assert "started with" in err
    assert "repeat the line" in err


def test_other_data_than_those_that_it_began_with_are_refused(command):
    command(*TRAIN, "--out", "run")
    Path("own.csv").write_text("a,b,kind\n" + "1,2,x\n3,4,y\n" * 6)
    code, _, err = command("train", "csv", "--path", "own.csv", *TRAIN[2:], "--out", "run", "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert "was trained on digits" in err
    assert "is given own" in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--resume"], "--resume says nothing without the file to keep the run in; add --out RUN"),
        (["--every", "5"], "--every 5 says nothing without the file to keep the run in; add --out RUN"),
        (["--every", "0", "--out", "run"], "--every 0 must be at least 1"),
        (["--every", "-3", "--out", "run"], "--every -3 must be at least 1"),
        (["--out", "run", "--history", "./run"], "both 'run'; give them two names"),
        (["--every", "x", "--out", "run"], "'x'"),
    ],
)
def test_options_that_make_no_sense_are_refused(argv, words, command):
    code, out, err = command(*TRAIN, *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not Path("run").exists()


def test_what_the_library_saved_the_command_goes_on_with(command):
    data = minidst.load("digits")
    net = minidst.mlp((64, 8, 10), density=0.3, method="set")
    run = minidst.Run(net, data, METHODS["set"], Config(epochs=2, batch=256))
    minidst.save(run, "run")
    code, out, _ = command("train", "digits", "--out", "run", "--resume")
    assert code == 0
    assert out.startswith("set on digits: test accuracy")
    assert load_run("run").finished


def test_a_run_that_diverges_keeps_what_was_saved_before(command):
    line = ("train", "digits", "--hidden", "50", "--density", "0.3", "--lr", "1e3", "--out", "run", "--every", "1")
    code, _, err = command(*line)
    assert (code, err.count("\n")) == (3, 1)
    if Path("run").exists():
        assert load_run("run").progress.t >= 1
