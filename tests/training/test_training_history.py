"""What a run leaves behind: rows, columns, JSON and CSV."""

import csv
import errno
import json
from dataclasses import asdict, fields, replace

import numpy as np
import pytest

import minidst
from minidst import Config, Dataset, History, fit
from minidst.training.history import Epoch

pytestmark = pytest.mark.small


def row(epoch=1, **changes):
    numbers = {"loss": 0.1 + 0.2, "score": 1 / 3, "validation_loss": 0.5, "lr": 1e-07, "seconds": 2.5}
    numbers["densities"] = (1 / 7, 0.25)
    return Epoch(**({"epoch": epoch, **numbers, "exchanged": 3, "connections": 40, "bytes": 1000} | changes))


def history(*rows):
    return History("rigl", "toy", list(rows))


def trained(**config):
    y = np.arange(20) % 2
    x = np.eye(2, 4)[y] + 0.1 * np.random.default_rng(0).standard_normal((20, 4))
    net = minidst.mlp((4, 5, 2), density=0.6, method="rigl")
    return fit(net, Dataset(x, y, x, y, 2, "toy"), "rigl", Config(**({"epochs": 3, "batch": 8} | config)))


def standard_json(value):
    """Through JSON as RFC 8259 has it: no NaN, no Infinity."""
    return json.loads(json.dumps(value, allow_nan=False))


def test_score_is_the_last_and_seconds_are_the_sum_and_peak_bytes_the_most():
    run = history(row(1, score=0.5, bytes=10), row(2, score=0.9, bytes=30), row(3, score=0.8, bytes=20))
    assert run.score == 0.8
    assert run.seconds == 7.5
    assert run.peak_bytes == 30


def test_to_dict_has_a_list_of_one_number_per_epoch_for_every_field():
    run = history(row(1), row(2, loss=0.25))
    columns = run.to_dict()
    assert list(columns) == ["method", "data", "measure", "stopped", *(f.name for f in fields(Epoch))]
    assert (columns["method"], columns["data"], columns["stopped"]) == ("rigl", "toy", None)
    assert columns["epoch"] == [1, 2]
    assert columns["loss"] == [0.1 + 0.2, 0.25]
    assert columns["connections"] == [40, 40]
    assert columns["densities"] == [[1 / 7, 0.25], [1 / 7, 0.25]]


def test_to_dict_goes_through_json_unchanged():
    columns = trained(validation=0.3).to_dict()
    assert standard_json(columns) == columns


def test_to_dict_of_a_run_without_validation_is_standard_json_too():
    columns = standard_json(trained().to_dict())
    assert len(columns["validation_loss"]) == 3


@pytest.mark.parametrize("number", [np.float32, np.float64])
def test_to_dict_holds_plain_numbers_even_if_the_rate_was_a_numpy_one(number):
    columns = trained(lr=number(0.125)).to_dict()
    assert json.loads(json.dumps(columns))["lr"] == pytest.approx([0.125, 0.125, 0.0125])


def read(path):
    with open(path, newline="") as file:
        return [
            Epoch(
                **{name: number(NUMBERS[name], line[name]) for name in NUMBERS},
                densities=tuple(float(line[name]) for name in line if name.startswith("density_")),
            )
            for line in csv.DictReader(file)
        ]


NUMBERS = {f.name: f.type for f in fields(Epoch) if f.name != "densities"}


def number(type, text):
    return None if text == "" else int(text) if type == "int" else float(text)


def same(one, other):
    return asdict(one) == asdict(other)


@pytest.mark.parametrize("rows", [[row(1), row(2, validation_loss=None)], [row(1, score=-1e-300, loss=1e30)], []])
def test_a_csv_gives_back_every_number_exactly(rows, tmp_path):
    path = tmp_path / "run.csv"
    history(*rows).to_csv(path)
    back = read(path)
    assert len(back) == len(rows)
    assert all(map(same, back, rows))
    layers = ["density_0", "density_1"] if rows else []
    assert path.read_text().splitlines()[0] == ",".join([*NUMBERS, *layers])


def test_the_csv_of_a_real_run_gives_back_its_rows(tmp_path):
    run = trained(lr=np.float64(0.1))
    run.to_csv(str(tmp_path / "run.csv"))
    assert all(map(same, read(tmp_path / "run.csv"), run.epochs))


def test_densities_are_those_of_every_layer_after_every_epoch():
    """Step by step beside fit: gse-2022 moves connections between layers, gradual pruning starts with full ones."""
    y = np.arange(20) % 2
    x = np.eye(2, 4)[y] + 0.1 * np.random.default_rng(0).standard_normal((20, 4))
    data, config = Dataset(x, y, x, y, 2, "toy"), Config(epochs=4, batch=4)
    for name in ("gse-2022", "gradual", "rigl", "dense"):
        record = minidst.METHODS[name]
        record = replace(record, schedule=replace(record.schedule, every=2))
        net, twin = (minidst.mlp((4, 6, 2), density=0.5, method=record, allocation="uniform") for _ in range(2))
        found = fit(net, data, record, config).epochs
        after = [twin.densities for step in minidst.train(twin, data, record, config) if step.t % 5 == 4]
        assert [list(epoch.densities) for epoch in found] == after
        for epoch in found:
            assert epoch.connections == round(24 * epoch.densities[0] + 12 * epoch.densities[1])
        changes = len({epoch.densities for epoch in found}) > 1
        assert changes == (name in ("gse-2022", "gradual"))


def test_a_csv_replaces_an_older_one_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "run.csv"
    history(row(1), row(2)).to_csv(path)
    history(row(7)).to_csv(path)
    assert [line.epoch for line in read(path)] == [7]
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_half_way_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("old")
    with pytest.raises(TypeError):
        history(row(1), "no row").to_csv(path)  # asdict knows no such row
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full_is_a_value_error_that_names_the_file_and_leaves_the_old_one(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "run.csv"
    path.write_text("old")
    monkeypatch.setattr(csv.DictWriter, "writerows", full)
    with pytest.raises(ValueError, match="No space left on device") as caught:
        history(row(1)).to_csv(path)
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_csv_into_a_missing_folder_is_a_value_error_that_names_it(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        history(row(1)).to_csv(tmp_path / "nowhere" / "run.csv")
    assert list(tmp_path.iterdir()) == []
