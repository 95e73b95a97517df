"""A small study, and what a process does that runs it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from minidst.experiments.sweep import Here, Results, load_study, run_trial, sweep

TEXT = """
title = "a small one"
seeds = 4
[fixed]
epochs = 2
batch = 256
hidden = [8]
density = 0.3
[[grid]]
method = ["rigl", "set", "static"]
every = [2, 3]
"""  # 5 settings × 4 seeds, for static has no ΔT
SAME = ("key", "seed", "method", "score", "scores", "losses", "connections", "densities", "itop", "jaccard", "error")


class Slow(Here):
    """This process, taking its time."""

    def __init__(self, seconds):
        self.seconds, self._executor = seconds, ThreadPoolExecutor(1)

    def submit(self, trial):
        return self._executor.submit(self._slowly, trial)

    def _slowly(self, trial):
        time.sleep(self.seconds)
        return run_trial(trial)


def study(folder, text=TEXT, name="small"):
    path = Path(folder) / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def same(rows):
    """What of the rows does not depend on when and where they were made, by key."""
    return sorted([row[name] for name in SAME] for row in rows)


def run(path, seconds):
    """Sweep it into a file, each run taking at least so many seconds."""
    pool = Slow(seconds)
    with Results(path) as results:
        sweep(study(path.parent), results, pool)
    pool.close()
