"""The pruning study's grid: every criterion with every growth, and which of the cells have a name."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from builders import blobs, network

from minidst import METHODS, Config, Method, fit, load, method, mlp, train
from minidst.cli.main import main
from minidst.dst import Cosine
from minidst.dst.papers.criteria import combination
from minidst.dst.prune import CRITERIA, reciprocal_sensitivity

CELLS = [(criterion, growth) for criterion in CRITERIA for growth in ("random", "gradient")]
SIMPLE = ("magnitude", "per_sign", "mest", "snip")


@pytest.mark.parametrize("growth", ["random", "gradient", "set", "rigl", "gse-grabo"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_criterion_goes_with_every_growth_and_every_layer_keeps_its_number(criterion, growth):
    """Also with the growth of other methods, by changing one field."""
    cell = (criterion, growth) in CELLS
    record = combination(criterion, growth) if cell else method(growth, prune=CRITERIA[criterion])
    record = replace(record, schedule=Cosine(0.5, 2, 1.0))
    net = network((10, 12, 3), 0.3, record)
    counts, grown = [layer.connections for layer in net.sparse], 0
    for step in train(net, blobs(48), record, Config(epochs=3, batch=8)):
        assert [layer.connections for layer in net.sparse] == counts
        grown += step.grown
    assert grown > 20


@pytest.mark.parametrize(
    ("criterion", "growth", "name"),
    [("magnitude", "gradient", "rigl"), ("per_sign", "random", "set"), ("mest", "random", "mest")],
)
def test_the_cells_that_have_a_name_are_those_methods(criterion, growth, name):
    """Table 1, apart from when and how much."""
    cell, named = combination(criterion, growth), METHODS[name]
    differ = {field.name for field in fields(Method) if getattr(cell, field.name) != getattr(named, field.name)}
    assert differ <= {"name", "paper", "summary", "schedule", "skip_optimizer_step"}


@pytest.mark.parametrize(("criterion", "growth"), CELLS)
def test_a_cell_has_a_name_to_ask_for_it_by_and_everything_else_is_the_papers(criterion, growth):
    """ρ = 0.5 and ΔT = 800: at step 800 of 8000 it is .25·(1 + cos .1π), at the last step 0."""
    name, record = f"{criterion}-{growth}", combination(criterion, growth)
    assert record.name == name
    assert method(name) == record
    assert name not in METHODS
    assert method(name, round="ceil").round == "ceil"
    assert mlp((4, 5, 3), density=0.5, method=name).connections == 18
    assert record.schedule.fraction(800, 8000, 100) == pytest.approx(0.25 * (1 + np.cos(0.1 * np.pi)))
    assert record.schedule.fraction(799, 8000, 100) == 0
    assert record.scope == "layer"
    assert not record.needs_dense


def test_the_command_line_knows_the_cells_too(capsys, tmp_path):
    assert main(["methods", "snip-random"]) == 0
    page = capsys.readouterr().out
    assert "the pruning study: drops by snip, grows at random" in " ".join(page.split())
    names = ["snip-random", "per_sign-gradient"]
    quick = ["--epochs", "1", "--hidden", "8", "--density", "0.3", "--seeds", "1", "--out", str(tmp_path)]
    assert main(["compare", "digits", "--methods", ",".join(names), *quick]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[4:6]] == names


# On digits, with 1 % of the connections, in six epochs
@cache
def accuracy(cell, prune=None):
    """Mean over two seeds, in percent."""
    record = METHODS["static"] if cell is None else replace(combination(*cell), schedule=Cosine(0.5, 20, 0.75))
    record = replace(record, prune=prune) if prune else record
    data, config = load("digits"), Config(epochs=6)
    nets = [mlp((64, 256, 256, 10), density=0.01, method=record, seed=seed) for seed in (0, 1)]
    return 100 * np.mean([fit(net, data, record, config, progress=False).score for net in nets])


@pytest.mark.slow
@pytest.mark.parametrize(("criterion", "growth"), [cell for cell in CELLS if "gradient" in cell or cell[0] in SIMPLE])
def test_it_beats_a_static_network_by_five_points(criterion, growth):
    """68.7 % for static; 79 to 95 % for these."""
    assert accuracy((criterion, growth)) > accuracy(None) + 5


@pytest.mark.slow
@pytest.mark.parametrize("criterion", [criterion for criterion in CRITERIA if criterion not in SIMPLE])
def test_the_others_need_gradient_growth_and_with_random_growth_do_not_reach_static(criterion):
    """Both sensitivities and chance: 11 to 55 %."""
    assert accuracy((criterion, "random")) < accuracy(None) - 5


@pytest.mark.slow
def test_what_holds_reciprocal_sensitivity_back_is_that_it_keeps_what_has_no_gradient():
    def mended(theta, grad, rng=None):
        return np.where(grad == 0, 0, reciprocal_sensitivity(theta, grad))

    assert accuracy(("reciprocal_sensitivity", "random"), mended) > accuracy(None) + 5
