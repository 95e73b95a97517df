"""`minidst train --out RUN`: a run that is saved as it goes, stopped by a signal and resumed."""

import csv
import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import minidst
from minidst import METHODS, Config, load_run
from minidst.cli import autosave
from minidst.cli.main import main

TRAIN = ("train", "digits", "--hidden", "8", "--density", "0.3", "--batch", "256", "--epochs", "4")  # 6 steps each
SAVED = (*TRAIN, "--out", "run")
RESUMED = (*SAVED, "--resume")


@pytest.fixture
def signal_after(monkeypatch):
    """Send this process a signal when the run has taken so many steps."""
    steps = minidst.training.run.steps

    def arm(step, number):
        def watched(*arguments):
            for taken in steps(*arguments):
                if taken.t + 1 == step:
                    os.kill(os.getpid(), number)
                yield taken

        monkeypatch.setattr("minidst.training.run.steps", watched)

    return arm


def without_time(printed):
    return re.sub(r"[\d.]+ s\n", "", printed)


def test_a_saved_run_prints_what_an_unsaved_one_does_and_puts_signal_handlers_back(printed, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert without_time(printed(*SAVED)) == without_time(printed(*TRAIN))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert load_run("run").finished


@pytest.mark.parametrize(("number", "code", "word"), [(2, 130, "interrupted"), (15, 143, "terminated")])
@pytest.mark.parametrize("step", [1, 6, 15])
def test_a_run_stopped_by_a_signal_ends_its_step_and_can_be_resumed(number, code, word, step, command, signal_after):
    expected = command(*TRAIN, "--history", "alone.csv")[1]
    signal_after(step, number)  # SIGINT or SIGTERM
    said = f"minidst: {word} after step {step}, saved in 'run'; --resume goes on from there\n"
    assert command(*SAVED) == (code, "", said)
    assert load_run("run").progress.t == step
    signal_after(99, number)
    returned, out, err = command(*RESUMED, "--history", "run.csv")
    assert (returned, without_time(out), err) == (0, without_time(expected), "")
    with open("alone.csv") as alone, open("run.csv") as resumed:
        for one, other in zip(csv.DictReader(alone), csv.DictReader(resumed), strict=True):
            assert all(row.pop("seconds") for row in (one, other))
            assert one == other


def test_a_second_ctrl_c_stops_at_once(command, monkeypatch):
    def twice(*_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr("minidst.training.run.steps", twice)
    assert command(*SAVED) == (130, "", "minidst: interrupted\n")
    assert not Path("run").exists()


def test_a_run_is_saved_in_a_thread_that_gets_no_signals():
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(main, list(SAVED)).result() == 0
    assert load_run("run").finished


@pytest.mark.parametrize(("every", "saved"), [(1, list(range(1, 25))), (7, [7, 14, 21]), (500, []), (None, [])])
def test_a_run_is_saved_every_so_many_steps_and_at_the_end(every, saved, command, monkeypatch):
    steps, save = [], autosave.save

    def watched(run, path):
        steps.append(run.progress.t)
        save(run, path)

    monkeypatch.setattr(autosave, "save", watched)
    command(*SAVED, *(("--every", str(every)) if every else ()))
    assert steps == [*saved, 24]


def test_resume_starts_a_run_without_a_file_and_prints_a_finished_one_again(command):
    first = command(*RESUMED)
    assert first[0] == 0
    content = Path("run").read_bytes()
    assert command(*RESUMED) == first
    assert Path("run").read_bytes() == content


def test_a_resumed_run_has_the_json_of_an_uninterrupted_one(command, signal_after):
    signal_after(9, signal.SIGTERM)
    command(*SAVED, "--json")
    signal_after(99, signal.SIGTERM)
    resumed, alone = (json.loads(command(*argv, "--json")[1]) for argv in (RESUMED, TRAIN))
    assert resumed.pop("seconds") != alone.pop("seconds")
    assert resumed == alone


CHANGED = [
    "--epochs 5", "--hidden 8,8", "--density 0.2", "--method set", "--seed 1", "--lr 0.2", "--batch 255",
    "--allocation er", "--format coo", "--optimizer adam",
]  # fmt: skip


def test_resuming_with_another_setting_or_on_other_data_is_refused_naming_both(command, error_line):
    command(*SAVED)
    for changed in CHANGED:
        words = [changed, "started with", "repeat the line"]
        error_line(*TRAIN, *changed.split(), "--out", "run", "--resume", words=words)
    Path("own.csv").write_text("a,b,kind\n" + "1,2,x\n3,4,y\n" * 6)
    error_line("train", "csv", "--path", "own.csv", *RESUMED[2:], words=["was trained on digits", "is given own"])


def test_the_command_resumes_a_run_saved_by_the_library(printed):
    data = minidst.load("digits")
    net = minidst.mlp((64, 8, 10), density=0.3, method="set")
    minidst.save(minidst.Run(net, data, METHODS["set"], Config(epochs=2, batch=256)), "run")
    assert printed("train", "digits", "--out", "run", "--resume").startswith("set on digits: test accuracy")
    assert load_run("run").finished


def test_a_run_that_diverges_keeps_what_was_saved_before(command):
    line = ("train", "digits", "--hidden", "50", "--density", "0.3", "--lr", "1e3", "--out", "run", "--every", "1")
    code, _, err = command(*line)
    assert (code, err.count("\n")) == (3, 1)
    if Path("run").exists():
        assert load_run("run").progress.t >= 1
