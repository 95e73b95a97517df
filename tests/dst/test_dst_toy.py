"""A new method is one record: registered, it is everywhere, and nothing else has been edited."""

import importlib
import json

import numpy as np
import pytest
import test_dst_every_method as every_method

from minidst import METHODS, Method
from minidst.cli.main import main
from minidst.cli.tables import method_table
from minidst.dst import Exchange, random_absent
from minidst.nn import SGD
from minidst.nn import layer as parameter

pytestmark = pytest.mark.small
QUICK = ("--epochs", "1", "--hidden", "8", "--density", "0.3", "--batch", "256", "--seeds", "1")


def distance_from_one(theta, grad=None, rng=None):
    """s = 1/|1 − |θ||, a criterion that no paper has proposed."""
    return 1 / (1e-9 + np.abs(1 - np.abs(theta)))


@pytest.fixture
def toy(monkeypatch):
    """The record, registered."""
    record = Method(
        name="toy",
        paper="nobody 2099",
        summary="drops what is far from one, grows at random",
        prune=distance_from_one,
        candidates=random_absent,
    )
    monkeypatch.setitem(METHODS, "toy", record)
    return record


def test_it_is_listed(toy, capsys):
    assert main(["methods"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("toy ")]
    assert toy.summary in line
    assert main(["methods", "--json"]) == 0
    row = next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "toy")
    assert row["prune"] == "distance from one"
    assert row["paper"] == "nobody 2099"
    assert "`toy` | distance from one | random absent" in method_table(METHODS.values(), markdown=True)


def test_it_is_trained_and_compared(toy, capsys, tmp_path):
    assert main(["train", "digits", "--method", "toy", *QUICK[:-2]]) == 0
    assert capsys.readouterr().out.startswith("toy on digits")
    assert main(["compare", "digits", "--methods", "static,toy", *QUICK, "--out", str(tmp_path)]) == 0
    table = capsys.readouterr().out.splitlines()
    static, row = ([line for line in table if line.startswith(name)] for name in ("static ", "toy "))
    assert row[0].split()[2] == static[0].split()[2]  # as many connections


def test_the_properties_of_every_method_are_tested_of_it(toy):
    try:
        assert "toy" in importlib.reload(every_method).NAMES
        every_method.assert_keeps_its_promise(toy, (5, 7, 3), 0.4, 0, SGD())
    finally:
        METHODS.pop("toy")
        importlib.reload(every_method)
        METHODS["toy"] = toy  # the fixture takes it out


def forgetful(net, method, fraction, rng):
    """Drops the first connection of each layer and grows none."""
    for layer in net.sparse:
        layer.rewire(np.array([0]), np.empty(0, np.int64))
    return Exchange(len(net.sparse), 0)


def blind(net, method, fraction, rng):
    """Loses a weight's value."""
    net.sparse[0].weight.values[0] = np.nan
    return Exchange()


@pytest.mark.parametrize("broken", [forgetful, blind])
def test_and_a_record_that_breaks_its_promise_is_caught(broken):
    record = Method(name="broken", paper="—", summary="—", update=broken)
    with pytest.raises(AssertionError):
        every_method.assert_keeps_its_promise(record, (5, 7, 3), 0.4, 0, SGD())


def test_and_so_is_a_rewiring_that_forgets_momentum(toy, monkeypatch):
    monkeypatch.setattr(parameter, "carry", lambda array, source: np.zeros(source.size, array.dtype))
    with pytest.raises(AssertionError):
        every_method.assert_keeps_its_promise(toy, (5, 7, 3), 0.4, 0, SGD())
