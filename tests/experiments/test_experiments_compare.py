"""`compare`: several methods under one budget, the schedule that all share, and the numbers of a row."""

import json
import math

import numpy as np
import pytest
from builders import clusters

import minidst
from minidst import METHODS, Config, Dataset, History, fit
from minidst.experiments.compare import METHODS_COMPARED, Row, compare
from minidst.training.history import Epoch

TOY = clusters(40, 2, 4, test=10)
SMALL = {"hidden": (8,), "density": 0.5, "seeds": 1}


def epoch(number=1, score=0.5, size=10, seconds=1.0):
    return Epoch(number, 0.5, score, math.nan, 0.1, 0, 7, size, seconds)


def row(*scores):
    return Row("set", tuple(History("set", "toy", [epoch(1, 0.1), epoch(2, score)]) for score in scores), 7)


# Rows


@pytest.mark.parametrize(("scores", "half"), [
    ((0.9, 0.8), 12.7062 * 0.0707107 / math.sqrt(2)),  # t₀.₉₇₅(1), s = √(2·0.05²)
    ((1.0, 0.0, 0.5), 4.30265 * 0.5 / math.sqrt(3)), ((0.7, 0.7), 0), ((0.9,), math.nan),
    ((0.1, 0.2, 0.3, 0.4, 0.5), 2.77645 * 0.158114 / math.sqrt(5)),
])  # fmt: skip
def test_a_row_has_the_mean_of_the_last_scores_and_students_interval(scores, half):
    """The interval is Student's t times the standard error; one run has none."""
    found = row(*scores)
    assert found.scores.tolist() == list(scores)
    assert found.score == pytest.approx(np.mean(scores))
    assert found.interval == pytest.approx(half, rel=1e-5, nan_ok=True)
    columns = found.to_dict()
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns
    assert (columns["scores"], columns["method"], columns["connections"]) == (list(scores), "set", 7)
    assert (columns["interval"] is None) == (len(scores) == 1)


def test_a_row_has_the_most_bytes_of_any_epoch_and_the_median_time_of_its_runs():
    epochs = [[epoch(1, size=10, seconds=1), epoch(2, size=50, seconds=8)]]
    epochs += [[epoch(1, size=30, seconds=3)], [epoch(1, size=20, seconds=2)]]
    found = Row("set", tuple(History("set", "toy", run) for run in epochs), 7)
    assert (found.peak_bytes, found.seconds) == (50, 3)


# Schedules


@pytest.mark.parametrize("name", [name for name, record in METHODS.items() if record.dynamic])
def test_on_digits_every_method_updates_each_20_steps_up_to_three_quarters(name, recorded):
    compare(minidst.load("digits"), [name], seeds=1)
    ((record, config),) = recorded
    T = config.epochs * math.ceil(1437 / config.batch)
    assert T == 1350
    fractions = {t: record.schedule.fraction(t, T, 45) for t in range(T)}
    assert [t for t, fraction in fractions.items() if fraction > 0] == list(range(20, 1013, 20))
    cosine = 0.15 * (1 + math.cos(math.pi * 500 / 1012.5))
    cubic = 1 - (1 - 500 / 1000) ** 3  # what prunes a dense network keeps its own curve
    assert fractions[500] == pytest.approx(cubic if record.start == "dense" else cosine)


@pytest.mark.parametrize(("config", "every"), [
    (Config(epochs=67, batch=40), 1), (Config(epochs=67, batch=20), 2), (Config(epochs=3, batch=40), 1),
    (Config(epochs=100, batch=1), 60),  # 4000/67 = 59.7
    (Config(epochs=67, batch=10, validation=0.5), 2),  # 20 samples are left to train on
])  # fmt: skip
def test_a_run_holds_67_update_periods_whatever_its_length(config, every, recorded):
    compare(TOY, ["rigl"], **SMALL, config=config)
    assert recorded[0][0].schedule.every == every


@pytest.mark.parametrize("name", METHODS)
def test_the_schedule_alone_is_changed_and_nothing_under_paper_schedules(name, recorded):
    for paper in (True, False):
        compare(TOY, [name], **SMALL, paper_schedules=paper)
    assert recorded[0][0] == METHODS[name]
    assert minidst.method(name, schedule=recorded[1][0].schedule) == recorded[1][0]


# Runs


def test_the_runs_of_a_row_are_those_of_seeds_0_1_and_so_on():
    config = Config(epochs=3, batch=16)
    (found,) = compare(TOY, ["rigl"], **SMALL | {"seeds": 3}, config=config, paper_schedules=True)
    for seed, history in enumerate(found.histories):
        net = minidst.mlp((4, 8, 2), density=0.5, method="rigl", seed=seed)
        assert history.to_dict()["loss"] == fit(net, TOY, "rigl", config).to_dict()["loss"]
    assert len({history.epochs[-1].loss for history in found.histories}) == 3


def test_sparse_methods_get_the_same_budget_and_dense_all_connections(recorded):
    rows = compare(TOY, METHODS_COMPARED, **SMALL | {"hidden": (8, 8)})
    assert tuple(found.method for found in rows) == METHODS_COMPARED
    assert (METHODS_COMPARED[0], METHODS_COMPARED[-1]) == ("static", "dense")
    total = 4 * 8 + 8 * 8 + 8 * 2
    assert [found.connections for found in rows] == [total // 2] * (len(rows) - 1) + [total]


def test_progress_is_told_of_every_run_as_it_ends(recorded):
    ended = []
    compare(TOY, ["set", "dense"], **SMALL | {"seeds": 2}, progress=lambda *run: ended.append(run))
    assert ended == [("set", 0), ("set", 1), ("dense", 0), ("dense", 1)]


@pytest.mark.parametrize("name", ["set", "dense"])
def test_regression_is_compared_by_its_test_loss(name):
    x = np.eye(2, 4)[np.arange(40) % 2] + 0.2 * np.random.default_rng(0).standard_normal((40, 4))
    regression = Dataset(x, x[:, :2], x, x[:, :2], 0, "regression")
    (row,) = compare(regression, [name], **SMALL, config=Config(epochs=3))
    assert (row.measure, row.histories[0].measure) == ("loss", "loss")
    assert row.score < ((x[:, :2] - x[:, :2].mean(axis=0)) ** 2).mean() * 2


# The claim behind it all


@pytest.mark.slow
def test_on_digits_at_one_percent_rewiring_beats_a_static_graph_by_five_points():
    rows = compare(minidst.load("digits"), ["static", "set", "rigl"], seeds=2, config=Config(epochs=15))
    static, set_, rigl = (100 * found.score for found in rows)
    assert len({found.connections for found in rows}) == 1
    assert set_ > static + 5
    assert rigl > static + 5
