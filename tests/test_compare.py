"""Several methods under one budget: the numbers of a row, the schedule that all share, and what is refused first."""

import importlib
import json
import math

import numpy as np
import pytest

import minidst
from minidst import METHODS, Config, Dataset, History, fit
from minidst.experiments.compare import METHODS_COMPARED, Row, compare
from minidst.training.history import Epoch

module = importlib.import_module("minidst.experiments.compare")
DYNAMIC = [name for name, record in METHODS.items() if record.dynamic]


def toy(samples=40, name="toy"):
    y = np.arange(samples) % 2
    x = np.eye(2, 4)[y] + 0.2 * np.random.default_rng(0).standard_normal((samples, 4))
    return Dataset(x, y, x[:10], y[:10], 2, name)


def epoch(number=1, score=0.5, size=10, seconds=1.0):
    return Epoch(number, 0.5, score, math.nan, 0.1, 0, 7, size, seconds)


def row(*scores):
    return Row("set", tuple(History("set", "toy", [epoch(1, 0.1), epoch(2, score)]) for score in scores), 7)


@pytest.fixture
def recorded(monkeypatch):
    """In place of training: remember what would have been trained, and how."""
    calls = []

    def pretend(net, data, record, config, *, progress=None):
        calls.append((record, config, net))
        return History(record.name, data.name, [epoch()])

    monkeypatch.setattr(module, "fit", pretend)
    return calls


@pytest.fixture
def untrained(monkeypatch):
    """Fail if anything is trained."""
    monkeypatch.setattr(module, "fit", lambda *_, **__: pytest.fail("trained before everything was checked"))


# Rows


@pytest.mark.small
def test_a_row_has_the_mean_of_its_runs_last_scores():
    assert row(0.9, 0.8).scores.tolist() == [0.9, 0.8]
    assert row(0.9, 0.8).score == pytest.approx(0.85)


@pytest.mark.small
@pytest.mark.parametrize(
    ("scores", "half"),
    [
        ((0.9, 0.8), 12.7062 * 0.0707107 / math.sqrt(2)),  # t₀.₉₇₅(1), s = √(2·0.05²)
        ((1.0, 0.0, 0.5), 4.30265 * 0.5 / math.sqrt(3)),
        ((0.1, 0.2, 0.3, 0.4, 0.5), 2.77645 * 0.158114 / math.sqrt(5)),
        ((0.7, 0.7), 0),
    ],
)
def test_its_interval_is_students_t_times_the_standard_error(scores, half):
    assert row(*scores).interval == pytest.approx(half, rel=1e-5)


@pytest.mark.small
def test_one_run_has_no_interval():
    assert math.isnan(row(0.9).interval)
    assert row(0.9).to_dict()["interval"] is None


@pytest.mark.small
def test_a_row_has_the_most_bytes_of_any_epoch_and_the_median_time_of_its_runs():
    histories = [
        History("set", "toy", [epoch(1, size=10, seconds=1), epoch(2, size=50, seconds=8)]),
        History("set", "toy", [epoch(1, size=30, seconds=3)]),
        History("set", "toy", [epoch(1, size=20, seconds=2)]),
    ]
    assert Row("set", tuple(histories), 7).peak_bytes == 50
    assert Row("set", tuple(histories), 7).seconds == 3


@pytest.mark.small
@pytest.mark.parametrize("scores", [(0.9,), (0.9, 0.8)])
def test_a_row_is_standard_json(scores):
    columns = row(*scores).to_dict()
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns
    assert columns["scores"] == list(scores)
    assert (columns["method"], columns["connections"]) == ("set", 7)


# Schedules


@pytest.mark.small
@pytest.mark.parametrize("name", DYNAMIC)
def test_on_digits_every_method_updates_each_20_steps_up_to_three_quarters(name, recorded):
    compare(minidst.load("digits"), [name], seeds=1)
    ((record, config, _),) = recorded
    T = config.epochs * math.ceil(1437 / config.batch)
    assert T == 1350
    fractions = {t: record.schedule.fraction(t, T, 45) for t in range(T)}
    assert [t for t, fraction in fractions.items() if fraction > 0] == list(range(20, 1013, 20))
    cosine = 0.15 * (1 + math.cos(math.pi * 500 / 1012.5))
    cubic = 1 - (1 - 500 / 1000) ** 3  # what prunes a dense network keeps its own curve
    assert fractions[500] == pytest.approx(cubic if record.start == "dense" else cosine)


@pytest.mark.small
@pytest.mark.parametrize(
    ("samples", "config", "every"),
    [
        (40, Config(epochs=67, batch=40), 1),
        (40, Config(epochs=67, batch=20), 2),
        (40, Config(epochs=3, batch=40), 1),
        (40, Config(epochs=100, batch=1), 60),  # 4000/67 = 59.7
        (40, Config(epochs=67, batch=10, validation=0.5), 2),  # 20 samples are left to train on
    ],
)
def test_a_run_holds_67_update_periods_whatever_its_length(samples, config, every, recorded):
    compare(toy(samples), ["rigl"], hidden=(8,), density=0.5, seeds=1, config=config)
    assert recorded[0][0].schedule.every == every


@pytest.mark.small
@pytest.mark.parametrize("name", METHODS)
def test_paper_schedules_keep_the_record_as_it_is(name, recorded):
    compare(toy(), [name], hidden=(8,), density=0.5, seeds=1, paper_schedules=True)
    assert recorded[0][0] == METHODS[name]


@pytest.mark.small
@pytest.mark.parametrize("name", METHODS)
def test_nothing_but_the_schedule_is_changed(name, recorded):
    compare(toy(), [name], hidden=(8,), density=0.5, seeds=1)
    record = recorded[0][0]
    assert minidst.method(name, schedule=record.schedule) == record


# Runs


@pytest.mark.small
def test_the_default_methods_exist_and_include_the_floor_and_the_ceiling():
    assert set(METHODS_COMPARED) <= set(METHODS)
    assert METHODS_COMPARED[0] == "static"
    assert METHODS_COMPARED[-1] == "dense"


@pytest.mark.small
def test_the_runs_of_a_row_are_those_of_seeds_0_1_and_so_on():
    data, config = toy(), Config(epochs=3, batch=16)
    (found,) = compare(data, ["rigl"], hidden=(8,), density=0.5, seeds=3, config=config, paper_schedules=True)
    for seed, history in enumerate(found.histories):
        net = minidst.mlp((4, 8, 2), density=0.5, method="rigl", seed=seed)
        assert history.to_dict()["loss"] == fit(net, data, "rigl", config).to_dict()["loss"]
    assert len({history.epochs[-1].loss for history in found.histories}) == 3


@pytest.mark.small
def test_sparse_methods_get_the_same_budget_and_dense_all_connections(recorded):
    rows = compare(toy(), METHODS_COMPARED, hidden=(8, 8), density=0.5, seeds=1)
    assert tuple(found.method for found in rows) == METHODS_COMPARED
    total = 4 * 8 + 8 * 8 + 8 * 2
    budget = {found.method: found.connections for found in rows}
    assert budget.pop("dense") == total
    assert set(budget.values()) == {total // 2}


@pytest.mark.small
def test_progress_is_told_of_every_run_as_it_ends(recorded):
    ended = []
    compare(toy(), ["set", "dense"], hidden=(8,), density=0.5, seeds=2, progress=lambda *run: ended.append(run))
    assert ended == [("set", 0), ("set", 1), ("dense", 0), ("dense", 1)]


@pytest.mark.small
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"methods": ["static", "rigel"]}, ["'rigel'", "rigl"]),
        ({"methods": ["dense", "rigl"], "density": 1e-3}, ["0.001", "layer"]),
        ({"methods": ["dense", "static"], "density": 1.5}, ["1.5"]),
        ({"methods": ["static"], "hidden": (0,)}, ["0"]),
        ({"methods": ["static"], "allocation": "er2"}, ["er2"]),
        ({"seeds": 0}, ["seeds 0"]),
        ({"seeds": -1}, ["seeds -1"]),
        ({"config": Config(validation=0.001)}, ["0.001", "40"]),
    ],
)
def test_what_does_not_fit_is_found_before_anything_is_trained(changes, words, untrained):
    options = {"methods": ["static", "set"], "hidden": (8,), "density": 0.5, "seeds": 2} | changes
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the match
        compare(toy(), **options)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.small
@pytest.mark.parametrize("name", ["set", "dense"])
def test_regression_is_compared_by_its_test_loss(name):
    x = toy().x_train
    regression = Dataset(x, x[:, :2], x, x[:, :2], 0, "regression")
    (row,) = compare(regression, [name], hidden=(8,), density=0.5, seeds=1, config=Config(epochs=3))
    assert (row.measure, row.histories[0].measure) == ("loss", "loss")
    assert row.score < ((x[:, :2] - x[:, :2].mean(axis=0)) ** 2).mean() * 2


# The claim behind it all


def test_on_digits_at_one_percent_rewiring_beats_a_static_graph_by_five_points():
    rows = compare(minidst.load("digits"), ["static", "set", "rigl"], seeds=2, config=Config(epochs=15))
    static, set_, rigl = (100 * found.score for found in rows)
    assert len({found.connections for found in rows}) == 1
    assert set_ > static + 5
    assert rigl > static + 5
