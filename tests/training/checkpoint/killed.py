"""A process that starts runs, kills them with SIGKILL, and resumes them until they are done: python killed.py CASE …

Prints as JSON, for each case: how many were killed, how many of those in the middle of a write, how many runs came to
their end, and the digests of these ends beside that of a run that was left alone. Children are forked, so that one
import serves hundreds of them.
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from runs import begun, digest, toy

from minidst import load_run, save
from minidst.nn import Adam

CASES = ["set", "rigl", "gse-graest", "srigl", "deepr", "rigl adam"]
KILLS = 40  # of each case, at least


def fresh(case):
    return begun(case.split()[0], epochs=6, optimizer=Adam() if "adam" in case else None)


def train(case, path):
    """The process that is killed: it goes on with what there is, and saves after every step."""
    run = load_run(path, toy()) if path.exists() else fresh(case)
    for _ in run:
        save(run, path)


@contextmanager
def killing_itself(draw):
    """In one of the next writes, at a moment drawn: in an array, before or after the file is synced or moved."""
    place, late = draw.choice([(np.lib.format, "write_array"), (os, "fsync"), (Path, "replace")]), draw.random() < 0.5
    calls, function = draw.randint(1, 60 if place[1] == "write_array" else 6), getattr(*place)

    def counted(*given, **more):
        nonlocal calls
        calls -= 1
        if calls == 0 and not late:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*given, **more)
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with patch.object(*place, counted):
        yield


def forked(work):
    """The number of a child process that does the work and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def tried(case, path, draw, seconds):
    """Whether a child was killed before it was done, at a moment drawn from so many seconds or in a write."""
    if draw.random() < 0.4:
        with killing_itself(draw):
            child = forked(lambda: train(case, path))
    else:
        child = forked(lambda: train(case, path))
        time.sleep(draw.random() * seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"{case}: a child failed with {status}"
    return os.WIFSIGNALED(status)


def killed(case, folder):
    """Kill and resume until enough were killed, and the last run is done."""
    path, draw = folder / "run", random.Random(case)
    run = fresh(case)
    for _ in run:
        save(run, path)
    path.unlink()
    start = time.perf_counter()
    train(case, path)  # with everything compiled
    seconds, expected = (time.perf_counter() - start) / 3, digest(run)
    path.unlink()
    kills, in_writes, ends, steps = 0, 0, [], set()
    while kills < KILLS or path.exists():
        if tried(case, path, draw, seconds):
            kills += 1
            in_writes += any(name.startswith(".") for name in os.listdir(folder))
            for left in folder.glob(".*"):
                assert left.name.startswith(".run.minidst-")
            if path.exists():
                steps.add(load_run(path, toy()).progress.t)
        else:
            ends.append(digest(load_run(path, toy())))
            assert os.listdir(folder) == ["run"]  # what the dead have left is swept away
            path.unlink()
    return {"kills": kills, "in_writes": in_writes, "steps": len(steps), "ends": ends, "expected": expected}


if __name__ == "__main__":
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # fsync costs nothing there
    told = {}
    for case in sys.argv[1:]:
        with TemporaryDirectory(dir=shared) as folder:
            told[case] = killed(case, Path(folder))
    print(json.dumps(told))
