"""The estimate: how long a study takes, from a few steps of a few of its runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from time import perf_counter

import numpy as np

from ...training.loop import train
from .settings import Settings
from .study import Study
from .trial import dataset

EVERY = 4  # the steps timed have an update at 4, 8 and 12
STEPS = 13
SAMPLES = 1000  # evaluated on


def estimate(study: Study, workers: int, probes: int = 12) -> float:
    """Seconds that the whole study takes with so many workers: the mean of some cells, evenly spread, times all.

    A machine that is busy meanwhile makes it too long, one that is busy later too short.
    """
    spread = np.unique(np.linspace(0, len(study.cells) - 1, min(probes, len(study.cells))).round().astype(int))
    seconds = [min(probe(study.cells[i]), probe(study.cells[i])) for i in spread]  # one of them may have had to compile
    return float(np.mean(seconds)) * len(study.cells) * len(study.seeds) / workers


def probe(settings: Settings) -> float:
    """Seconds of one run: its first step, with what a method does before, plain steps, updates, and evaluations."""
    data = dataset(settings.data, settings.path, settings.samples)
    record = settings.record(settings.steps(data))
    scheduled = record.dynamic and record.update is None and record.prune is not None
    quick = replace(record, rounds=())
    if scheduled:
        quick = replace(quick, schedule=replace(record.schedule, every=EVERY, until=1.0))
    net = settings.network(data, seed=0)
    begun = perf_counter()
    steps = list(islice(train(net, data, quick, settings.config), STEPS))
    first = perf_counter() - begun - sum(step.seconds for step in steps[1:])
    plain = [step.seconds for step in steps[1:] if not step.considered] or [0.0]
    updating = [step.seconds for step in steps[1:] if step.considered] or [0.0]
    begun = perf_counter()
    net.evaluate(data.x_test[:SAMPLES], data.y_test[:SAMPLES])
    evaluating = (perf_counter() - begun) * max(1, len(data.x_test) / SAMPLES)
    T = settings.steps(data)
    every = record.schedule.every if record.schedule.every != "epoch" else T // settings.epochs
    updates = int(record.schedule.until * T / int(every)) if scheduled else 0
    training = (T - updates) * float(np.median(plain)) + updates * min(updating) + settings.epochs * evaluating
    return first + training * max(1, len(record.rounds))
