"""A sweep that is killed goes on, two at once share the work, and a failure is a row: nothing is lost or done twice."""

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
import small

import minidst
from minidst.experiments.sweep import Here, Local, Results, Trial, run_trial, sweep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def process():
    """Start a process that sweeps; forked from a server that has imported everything, so that it begins at once."""
    context = multiprocessing.get_context("forkserver")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(minidst.__file__).parent.parent), *sys.path]))
        context.set_forkserver_preload(["small"])
        started = []

        def start(path, seconds=0.02):
            started.append(context.Process(target=small.run, args=(path, seconds)))
            started[-1].start()
            return started[-1]

        yield start
    for one in started:
        one.kill()
        one.join()


def ended(running):
    running.join()
    return running.exitcode


def rows(path):
    with Results(path, write=False) as results:
        return results.rows()


def count(path):
    try:
        with closing(sqlite3.connect(path, timeout=10)) as db:
            return db.execute("SELECT count(*) FROM runs").fetchone()[0]
    except sqlite3.Error:  # no such table yet
        return 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows of the study, run in one go."""
    folder = tmp_path_factory.mktemp("whole")
    with Results(folder / "r.sqlite") as results:
        sweep(small.study(folder), results, Here())
        rows = small.same(results.rows())
    assert len(rows) == len({row[0] for row in rows}) == 20  # one for each setting and seed
    return rows


def test_a_sweep_killed_at_random_moments_loses_no_row_and_doubles_none(tmp_path, whole, process):
    path, rng = tmp_path / "r.sqlite", random.Random(1)
    for kill in range(6):
        running = process(path, seconds=0.06)
        wanted = count(path) + rng.randrange(0, 3)
        while count(path) < wanted or not path.exists():
            assert running.is_alive(), "it ended before it could be killed"
            time.sleep(0.005)
        time.sleep(rng.random() * 0.06)  # anywhere in a run, or between two
        running.kill()
        running.join()
        done = count(path)
        assert wanted <= done < 20, kill
    assert ended(process(path)) == 0
    assert small.same(rows(path)) == whole
    assert [file.name for file in tmp_path.iterdir() if "owner" in file.name] == []


def test_two_processes_at_once_share_the_runs(tmp_path, whole, process):
    path = tmp_path / "r.sqlite"
    both = [process(path, seconds=0.1) for _ in range(2)]
    assert [ended(one) for one in both] == [0, 0]
    assert small.same(rows(path)) == whole


def test_one_of_two_processes_is_killed_and_the_other_takes_over_its_run(tmp_path, whole, process):
    path = tmp_path / "r.sqlite"
    victim = process(path, seconds=60)  # which claims its first run and never ends it
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("*-owner-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    other = process(path, seconds=0)
    while count(path) < 19 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count(path) == 19
    assert other.is_alive(), "it did not wait for the run that another process is at"
    victim.kill()
    victim.join()
    assert ended(other) == 0
    assert small.same(rows(path)) == whole


def test_the_death_of_a_worker_of_joblib_is_the_failure_of_its_run_alone(tmp_path):
    study = small.study(tmp_path, small.TEXT.replace("seeds = 4", "seeds = 1"))
    deadly = study.trials[1]

    class Deadly(Local):
        def submit(self, trial):
            return self._executor.submit(dies if trial == deadly else run_trial, trial)

    pool = Deadly(1)
    try:
        with Results(tmp_path / "r.sqlite") as results:
            sweep(study, results, pool)
            found = {row["key"]: row for row in results.rows()}
    finally:
        pool.close()
    assert len(found) == 5
    assert "worker process died" in found.pop(deadly.key)["error"]
    assert [row["error"] for row in found.values()] == [None] * 4


def dies(trial):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_failing_run_is_a_row_with_its_message_and_the_others_go_on(command):
    text = small.TEXT.replace("seeds = 4", "seeds = 1").replace("density = 0.3", "density = [0.3, 0.0001]")
    Path("bad.toml").write_text(text + "lr = [0.1, 1e9]\n", encoding="utf-8")
    line = ("sweep", "bad.toml", "--workers", "1")
    code, out, err = command(*line)
    assert (code, err) == (1, "")
    assert "20 runs, 15 failed" in out
    assert "failed: density 0.0001 leaves layer 0" in out
    errors = [row["error"] for row in rows("minidst-bad.sqlite")]
    assert errors.count(None) == 5
    assert sum("lower lr" in error for error in errors if error) == 5
    assert command(*line, "--only", "density=0.3")[0] == 1  # nothing to do, still failed
    assert command(*line, "--retry", "--only", "lr=0.1", "--only", "density=0.3")[0] == 0
    assert len(rows("minidst-bad.sqlite")) == 20


def test_a_failure_is_run_again_only_if_that_is_asked_for(tmp_path):
    study = small.study(tmp_path)
    first: Trial = study.trials[0]
    with Results(tmp_path / "r.sqlite") as results:
        results.record(first, {"error": "out of luck"})
        sweep(study, results, Here())
        assert results.finished()[first.key] == "out of luck"
        results.forget_failures(study.trials)
        sweep(study, results, Here())
        assert results.finished()[first.key] is None


def test_ctrl_c_is_one_line_that_says_what_is_kept(command):
    Path("s.toml").write_text(small.TEXT, encoding="utf-8")
    with patch("minidst.cli.sweep.sweep", side_effect=KeyboardInterrupt):
        code, _, err = command("sweep", "s.toml", "--workers", "1")
    assert code == 130
    assert err == "minidst: interrupted, what is finished is in 'minidst-s.sqlite'; the same line goes on\n"
