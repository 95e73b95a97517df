"""Invariants of every registered method, whichever paper it is from: a new record is tested here without an edit."""

import importlib
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from builders import blobs, peak_bytes
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies_dst import every_rewiring_watched, few, in_order, lists_of, optimizers, seeds

from minidst import METHODS, Config, Method, mlp, train
from minidst.analysis.method_checks import grown_and_peak
from minidst.cli.main import main
from minidst.cli.tables import method_table
from minidst.dst import Exchange, random_absent
from minidst.nn import SGD
from minidst.nn import layer as parameter

NAMES = list(METHODS)


def assert_keeps_its_invariants(record, sizes=(5, 7, 3), density=0.4, seed=0, optimizer=SGD()):  # noqa: B008
    """Nine steps with an update at every second one."""
    record = replace(record, schedule=replace(record.schedule, every=2), rounds=())
    try:
        net = mlp(sizes, density=density, method=record, allocation="uniform", seed=seed)
    except ValueError:  # a density that leaves a layer empty
        assume(False)
    meets_budget = (record.start == "sparse" and record.format == "csr") or (record.begin and record.start == "dense")
    before, data = net.connections, blobs(24, sizes[-1], sizes[0], seed)
    with every_rewiring_watched():
        for step in train(net, data, record, Config(epochs=3, batch=8, optimizer=optimizer)):
            if meets_budget:
                assert net.connections == net.budget
            else:  # SRigL ablates neurons; what starts dense only ever prunes
                assert net.connections <= before
            before = net.connections
            assert record.dynamic or step.pruned == step.grown == 0
            for layer in net.sparse:
                in_order(layer)
            for p in net.parameters():
                assert all(np.isfinite(array).all() for array in (p.values, *p.state.values()))
                assert all(array.size == p.values.size for array in p.state.values())


@pytest.mark.parametrize("name", NAMES)
@given(lists_of(2, 9), st.floats(0.2, 1), seeds, optimizers)
@few
def test_every_method_keeps_its_invariants_after_every_step(name, sizes, density, seed, optimizer):
    """Connections equal the budget, sorted, each once; survivors keep every bit; all numbers finite."""
    assert_keeps_its_invariants(METHODS[name], sizes, density, seed, optimizer)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if not METHODS[name].needs_dense])
def test_a_method_that_does_not_say_it_needs_dense_memory_never_holds_any(name):
    """A 2000 × 2000 layer in float32 is 16 MB; begun, stepped and updated with 8000 connections, a fifth of that."""
    grown, peak = grown_and_peak(METHODS[name])
    assert (grown > 0) == METHODS[name].dynamic
    assert peak < 3_200_000


@pytest.mark.slow
def test_the_one_that_starts_sparse_and_says_so_does():
    def training():
        record = replace(METHODS["snfs"], schedule=replace(METHODS["snfs"].schedule, every=2))
        net = mlp((2000, 2000, 10), density=0.002, method=record, allocation="uniform")
        for _ in train(net, blobs(20, 10, 2000), record, Config(epochs=3, batch=20)):
            assert net.memory_bytes()["method_state"] == 4 * (2000 * 2000 + 2000 * 10)

    assert peak_bytes(training)[1] > 16_000_000


# --- a new method is one record: registered, it is everywhere, and nothing else has been edited -----------------------
QUICK = ("--epochs", "1", "--hidden", "8", "--density", "0.3", "--batch", "256")


def distance_from_one(theta, grad=None, rng=None):
    """s = 1/|1 − |θ||, a criterion that no paper has proposed."""
    return 1 / (1e-9 + np.abs(1 - np.abs(theta)))


@pytest.fixture
def toy(monkeypatch):
    """The record, registered."""
    summary = "drops what is far from one, grows at random"
    record = Method("toy", "nobody 2099", summary, prune=distance_from_one, candidates=random_absent)
    monkeypatch.setitem(METHODS, "toy", record)
    return record


def test_a_new_record_is_listed(toy, capsys):
    assert main(["methods"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("toy ")]
    assert toy.summary in line
    assert main(["methods", "--json"]) == 0
    row = next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "toy")
    assert row["prune"] == "distance from one"
    assert row["paper"] == "nobody 2099"
    assert "`toy` | distance from one | random absent" in method_table(METHODS.values(), markdown=True)


def test_a_new_record_is_trained_and_compared(toy, capsys, tmp_path):
    assert main(["train", "digits", "--method", "toy", *QUICK]) == 0
    assert capsys.readouterr().out.startswith("toy on digits")
    compare = ["compare", "digits", "--methods", "static,toy", *QUICK, "--seeds", "1", "--out", str(tmp_path)]
    assert main(compare) == 0
    table = capsys.readouterr().out.splitlines()
    static, row = ([line for line in table if line.startswith(name)] for name in ("static ", "toy "))
    assert row[0].split()[2] == static[0].split()[2]  # as many connections


def test_the_invariants_of_every_method_are_tested_of_a_new_record(toy):
    this = sys.modules[__name__]
    try:
        assert "toy" in importlib.reload(this).NAMES
        assert_keeps_its_invariants(toy)
    finally:
        METHODS.pop("toy")
        importlib.reload(this)
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
def test_a_record_that_breaks_an_invariant_is_caught(broken):
    record = Method(name="broken", paper="—", summary="—", update=broken)
    with pytest.raises(AssertionError):
        assert_keeps_its_invariants(record)


def test_a_rewiring_that_forgets_momentum_is_caught(toy, monkeypatch):
    monkeypatch.setattr(parameter, "carry", lambda array, source: np.zeros(source.size, array.dtype))
    with pytest.raises(AssertionError):
        assert_keeps_its_invariants(toy)
