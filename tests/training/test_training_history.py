"""The history of a run: its rows, columns, JSON and CSV file."""

import csv
import errno
import json
from dataclasses import asdict, fields, replace
from unittest.mock import Mock

import numpy as np
import pytest
from builders import clusters

import minidst
from minidst import Config, History, fit
from minidst.training.history import Epoch

TOY = clusters(20, 2, 4)
NUMBERS = {f.name: f.type for f in fields(Epoch) if f.name != "densities"}


def row(epoch=1, **changes):
    numbers = {"loss": 0.1 + 0.2, "score": 1 / 3, "validation_loss": 0.5, "lr": 1e-07, "seconds": 2.5}
    numbers["densities"] = (1 / 7, 0.25)
    return Epoch(**({"epoch": epoch, **numbers, "exchanged": 3, "connections": 40, "bytes": 1000} | changes))


def history(*rows):
    return History("rigl", "toy", list(rows))


def trained(**config):
    net = minidst.mlp((4, 5, 2), density=0.6, method="rigl")
    return fit(net, TOY, "rigl", Config(**({"epochs": 3, "batch": 8} | config)))


def test_score_is_the_last_and_seconds_are_the_sum_and_peak_bytes_the_most():
    run = history(row(1, score=0.5, bytes=10), row(2, score=0.9, bytes=30), row(3, score=0.8, bytes=20))
    assert (run.score, run.seconds, run.peak_bytes) == (0.8, 7.5, 30)


def test_to_dict_has_a_list_of_one_number_per_epoch_for_every_field():
    columns = history(row(1), row(2, loss=0.25)).to_dict()
    assert list(columns) == ["method", "data", "measure", "stopped", *(f.name for f in fields(Epoch))]
    assert (columns["method"], columns["data"], columns["stopped"]) == ("rigl", "toy", None)
    assert columns["epoch"] == [1, 2]
    assert columns["loss"] == [0.1 + 0.2, 0.25]
    assert columns["connections"] == [40, 40]
    assert columns["densities"] == [[1 / 7, 0.25], [1 / 7, 0.25]]


@pytest.mark.parametrize("config", [{"validation": 0.3}, {}, {"lr": np.float32(0.125)}, {"lr": np.float64(0.125)}])
def test_to_dict_is_standard_json_of_plain_numbers(config):
    columns = trained(**config).to_dict()
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns
    assert len(columns["validation_loss"]) == 3
    if "lr" in config:
        assert columns["lr"] == pytest.approx([0.125, 0.125, 0.0125])


def test_densities_are_those_of_every_layer_after_every_epoch():
    """Step by step beside fit: gse-2022 moves connections between layers, gradual pruning starts with full ones."""
    config = Config(epochs=4, batch=4)
    for name in ("gse-2022", "gradual", "rigl", "dense"):
        record = minidst.METHODS[name]
        record = replace(record, schedule=replace(record.schedule, every=2))
        net, twin = (minidst.mlp((4, 6, 2), density=0.5, method=record, allocation="uniform") for _ in range(2))
        found = fit(net, TOY, record, config).epochs
        after = [twin.densities for step in minidst.train(twin, TOY, record, config) if step.t % 5 == 4]
        assert [list(epoch.densities) for epoch in found] == after
        for epoch in found:
            assert epoch.connections == round(24 * epoch.densities[0] + 12 * epoch.densities[1])
        assert (len({epoch.densities for epoch in found}) > 1) == (name in ("gse-2022", "gradual"))


# CSV


def read(path):
    def number(type, text):
        return None if text == "" else int(text) if type == "int" else float(text)

    with open(path, newline="") as file:
        lines = list(csv.DictReader(file))
    densities = [tuple(float(line[name]) for name in line if name.startswith("density_")) for line in lines]
    numbers = [{name: number(type, line[name]) for name, type in NUMBERS.items()} for line in lines]
    return [Epoch(**one, densities=other) for one, other in zip(numbers, densities, strict=True)]


@pytest.mark.parametrize("rows", [[row(1), row(2, validation_loss=None)], [row(1, score=-1e-300, loss=1e30)], [], None])
def test_a_csv_gives_back_every_number_exactly(rows, tmp_path):
    run = trained(lr=np.float64(0.1)) if rows is None else history(*rows)
    path = tmp_path / "run.csv"
    run.to_csv(str(path))
    assert [asdict(epoch) for epoch in read(path)] == [asdict(epoch) for epoch in run.epochs]
    layers = ["density_0", "density_1"] if run.epochs else []
    assert path.read_text().splitlines()[0] == ",".join([*NUMBERS, *layers])


def test_a_csv_replaces_an_older_one_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "run.csv"
    history(row(1), row(2)).to_csv(path)
    history(row(7)).to_csv(path)
    assert [line.epoch for line in read(path)] == [7]
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "run.csv"
    path.write_text("old")
    with pytest.raises(TypeError, match="dataclass"):
        history(row(1), "no row").to_csv(path)
    monkeypatch.setattr(csv.DictWriter, "writerows", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(ValueError, match=r"run\.csv.*No space left on device"):
        history(row(1)).to_csv(path)
    with pytest.raises(ValueError, match="nowhere"):
        history(row(1)).to_csv(tmp_path / "nowhere" / "run.csv")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
