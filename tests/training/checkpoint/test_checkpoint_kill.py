"""A run that is killed again and again, at any moment, ends with the bits of one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest
from killed import CASES, KILLS
from runs import bits, stepped

import minidst
from minidst.cli.main import main

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")]

HERE = Path(__file__).parent
PATHS = os.pathsep.join(map(str, [Path(minidst.__file__).parent.parent, HERE, HERE.parents[1]]))
ENVIRONMENT = os.environ | {"PYTHONPATH": PATHS, "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def told():
    """What two processes found out, each about half of the cases."""
    command = [sys.executable, str(HERE / "killed.py")]
    commands = [[*command, *half] for half in (CASES[::2], CASES[1::2])]
    halves = [subprocess.Popen(each, env=ENVIRONMENT, stdout=subprocess.PIPE) for each in commands]
    found = {}
    for process in halves:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        found |= json.loads(out)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(case, told):
    found = told[case]
    assert found["kills"] >= KILLS >= 20
    assert found["in_writes"] >= 3
    assert found["steps"] >= 6  # killed early and late
    assert found["ends"]
    assert set(found["ends"]) == {found["expected"]}


TRAIN = {"--hidden": "8", "--density": "0.3", "--epochs": "1000", "--every": "20", "--out": "run"}


def told_to_stop(path, number, resume):
    """Start the command in a process of its own and send it a signal after two writes; its code, and what it said."""
    command = [sys.executable, "-m", "minidst", "train", "digits", *chain(*TRAIN.items()), *resume]
    process = subprocess.Popen(command, cwd=path.parent, env=ENVIRONMENT, stderr=subprocess.PIPE, encoding="utf-8")
    written, before = 0, path.stat().st_mtime_ns if path.exists() else 0
    while written < 2:
        assert process.poll() is None
        now = path.stat().st_mtime_ns if path.exists() else 0
        written, before = written + (now != before), now
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_the_command_is_killed_terminated_and_interrupted_and_goes_on(tmp_path, monkeypatch, capsys):
    path, resume, t = tmp_path / "run", [], 0
    for number, code, word in [
        (signal.SIGKILL, -9, ""),
        (signal.SIGTERM, 143, "terminated after step"),
        (signal.SIGINT, 130, "interrupted after step"),
    ]:
        returned, err = told_to_stop(path, number, resume)
        run = minidst.load_run(path)
        assert returned == code
        assert run.progress.t > t
        t, resume = run.progress.t, ["--resume"]
        if word:
            assert err == f"minidst: {word} {t}, saved in 'run'; --resume goes on from there\n"
    alone = minidst.Run(minidst.mlp((64, 8, 10), density=0.3), run.data, run.method, run.config)
    assert bits(stepped(alone, t)) == bits(run)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "digits", *chain(*(TRAIN | {"--epochs": "999"}).items()), "--resume"]) == 2
    assert "with --epochs 1000 and this line has --epochs 999" in capsys.readouterr().err
