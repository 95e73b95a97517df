"""A study: which runs its grid stands for, what leaves no trace, and one line for everything wrong in the file."""

import json
import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
import small

from minidst.dst import METHODS, GuidedSample
from minidst.dst.prune import snip
from minidst.experiments.sweep import Results, Settings, Trial, find, load_study, shipped
from minidst.experiments.sweep.trial import load_samples


@pytest.fixture
def grid(tmp_path):
    """The cells of a study of one text."""
    return lambda text: small.study(tmp_path, text).cells


def test_every_combination_is_a_cell_and_seeds_come_outermost(grid, tmp_path):
    study = small.study(tmp_path, 'seeds = 2\n[[grid]]\nmethod = ["set", "rigl"]\ndensity = [0.1, 0.2]')
    assert [(cell.method, cell.density) for cell in study.cells] == [*product(("set", "rigl"), (0.1, 0.2))]
    assert [trial.seed for trial in study.trials] == [0] * 4 + [1] * 4
    for hidden, expected in (("[8, 4]", [(8, 4)]), ("[[8, 4], [9]]", [(8, 4), (9,)])):
        assert [cell.hidden for cell in grid(f'[[grid]]\nmethod = "set"\nhidden = {hidden}')] == expected


def test_what_a_method_has_no_use_for_is_left_out_and_equal_runs_are_one(grid):
    methods = '[[grid]]\nmethod = ["gse-grabo", "rigl", "static", "dense"]\n'
    cells = grid(methods + "gamma = [1, 2]\nalpha = 0.2\ndensity = 0.1")
    assert [(c.method, c.gamma, c.alpha, c.density) for c in cells] == [
        ("gse-grabo", 1, 0.2, 0.1), ("gse-grabo", 2, 0.2, 0.1), ("rigl", None, 0.2, 0.1), ("static", None, None, 0.1),
        ("dense", None, None, None),
    ]  # fmt: skip


def test_a_grid_wins_over_fixed_also_where_it_says_the_same_in_another_word(grid):
    (cell,) = grid('[fixed]\nupdates = 5\ndensity = 0.1\n[[grid]]\nmethod = "set"\nevery = 7\nconnections = 99')
    assert (cell.every, cell.updates, cell.connections, cell.density) == (7, None, 99, None)


def test_full_replaces_seeds_and_settings_grid_by_grid(tmp_path):
    text = 'seeds = 2\n[[grid]]\nmethod = "set"\nupdates = 3\n[[grid]]\nmethod = "rigl"\n'
    text += "[full]\nseeds = [7]\n[full.fixed]\nepochs = 9\n[[full.grid]]\nevery = 4\n[[full.grid]]\n"
    small.study(tmp_path, text)
    full = load_study(tmp_path / "small.toml", full=True)
    assert full.seeds == (7,)
    found = [(cell.method, cell.epochs, cell.every, cell.updates) for cell in full.cells]
    assert found == [("set", 9, 4, None), ("rigl", 9, None, None)]


def test_a_stand_in_runs_only_where_the_data_it_stands_in_for_are_not_found(grid, tmp_path, monkeypatch):
    text = '[[grid]]\ndata = "cifar10"\nmethod = "set"\n[[grid]]\ninstead_of = "cifar10"\nmethod = "rigl"'
    assert [cell.data for cell in grid(text)] == ["digits"]
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (folder / f"{name}.bin").touch()
    monkeypatch.setenv("MINIDST_DATA", str(tmp_path))
    assert [cell.data for cell in grid(text)] == ["cifar10"]


def test_only_keeps_the_cells_that_meet_all_conditions(tmp_path):
    study = small.study(tmp_path, '[[grid]]\nmethod = ["set", "rigl"]\ndensity = [0.1, 0.2]\nhidden = [[8, 4], [9]]')
    kept = study.only(["density=0.1", "hidden=8,4"]).cells
    assert [(c.method, c.density, c.hidden) for c in kept] == [("set", 0.1, (8, 4)), ("rigl", 0.1, (8, 4))]


def test_settings_become_the_parts_of_a_record():
    record = Settings.of({"method": "gse-2022", "guide": "l2", "gamma": 3, "prune": "snip", "every": 5}).record(100)
    assert isinstance(record.candidates, GuidedSample)
    assert (record.candidates.distribution.name, record.candidates.gamma) == ("l2", 3)
    assert record.candidates.per == "pruned"
    assert (record.prune, record.schedule.every, record.schedule.alpha) == (snip, 5, 0.2)
    assert Settings.of({"method": "set"}).record(100) == METHODS["set"]
    assert Settings.of({"prune": "snip", "growth": "random", "updates": 10}).record(400).schedule.every == 40


def test_a_key_is_that_of_the_run_whatever_the_study_and_the_masks():
    first = Trial("a", Settings.of({"method": "set", "density": 1}), 0)
    assert first.key == Trial("b", Settings.of({"method": "set", "density": 1.0, "masks": True}), 0).key
    assert first.key != Trial("a", Settings.of({"method": "set", "density": 1}), 1).key
    assert first.key != Trial("a", Settings.of({"method": "set", "density": 0.5}), 0).key


def test_constant_connections_whatever_the_width():
    data = load_samples("digits", None, None)
    for width, hidden in ((1, 10), (2.5, 25)):
        net = Settings.of({"method": "set", "connections": 740, "hidden": [10], "width": width}).network(data, seed=0)
        assert (net.sizes, net.connections) == ((64, hidden, 10), 740)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("full", [False, True])
def test_the_shipped_studies_can_be_read_at_both_sizes(name, full):
    study = load_study(find(name), full=full)
    assert study.cells
    assert "arXiv" in study.source or "Memory efficient" in study.source


def test_the_list_has_every_shipped_study(printed):
    lines = printed("sweep", "--list").splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(shipped())
    assert max(map(len, lines)) <= 80
    assert [study["name"] for study in json.loads(printed("sweep", "--list", "--json"))] == list(shipped())


G, GSE = '[[grid]]\nmethod = "rigl"\n', '[[grid]]\nmethod = "gse-grabo"\n'
BAD = [
    ("grid = ", ["Invalid value"]),
    (G + "zzz = 0.1", ["grid 1", "'zzz'", "one such as data"]),
    ("[fixed]\nepoch = 3\n" + G, ["'epoch'", "epochs"]),
    (G + "density = []", ["grid 1", "density", "empty"]), (G + "hidden = []", ["hidden", "empty"]),
    (G + "density = [0.1, true]", ["density True", "a number"]),
    *((G + f"density = {density}", ["density", f"{density}"]) for density in (1.5, 0)),
    (G + "density = 0.1\nconnections = 5", ["density 0.1", "connections 5", "keep one"]),
    (G + "every = 2\nupdates = 5", ["every 2", "updates 5", "keep one"]),
    *((G + f"{name} = 0", [f"{name} 0", "at least 1"]) for name in ("every", "updates", "samples", "epochs", "batch")),
    *((G + f"{name} = {value}", [f"{name} {value}", remedy]) for name, value, remedy in [
        ("every", 1.5, "whole number"), ("epochs", 2.5, "whole number"), ("width", 0, "(0, ∞)"), ("lr", -1, "(0, ∞)"),
        ("lr", "nan", "(0, ∞)"), ("width", "inf", "(0, ∞)"), ("alpha", 2, "(0, 1]"), ("until", 2, "(0, 1]"),
        ("connections", -1, "at least 1"), ("hidden", 8, "[256, 256]"), ("momentum", 1, "[0, 1)"),
        ("milestones", 0.5, "list of numbers"), ("epochs", 99999999999, "at most 2147483647"),
    ]),
    (G + 'decay = "cosin"', ["'cosin'", "cosine"]), (G + 'optimizer = "lion"', ["'lion'", "adam"]),
    (G + 'nesterov = "yes"', ["nesterov 'yes'", "true or false"]), (G + "milestones = [2]", ["(2,)", "[0, 1]"]),
    (G + 'allocation = "erq"', ["'erq'", "erk"]), (G + "gamma = [1, 2]", ["grid 1", "gamma [1, 2]", "no method"]),
    (G + 'instead_of = "cifar"', ["grid 1", "'cifar'", "cifar10"]),
    (G + 'data = "digits"\n[[grid]]\nmethod = "rigel"', ["grid 2", "'rigel'", "rigl"]),
    (GSE + 'guide = "graboo"', ["'graboo'", "grabo"]), (GSE + "gamma = 0", ["gamma 0", "(0, ∞)"]),
    (GSE + 'per = "layer"', ["per 'layer'", "active"]),
    ('[[grid]]\nprune = "snip"', ["no method", "growth"]),
    ('[[grid]]\nprune = "snap"\ngrowth = "random"', ["'snap'", "snip"]),
    ('[[grid]]\nprune = "snip"\ngrowth = "rand"', ["'rand'", "random"]),
    *((text, ["[[grid]]"]) for text in ("[grid]\nmethod = 3", "grid = [3]")),
    ("fixed = 3\n" + G, ["fixed 3", "[fixed]"]),
    ("title = 3\n" + G, ["title 3", "quotes"]),
    ("seeds = 0\n" + G, ["seeds 0", "from 1"]), ("seeds = [-1]\n" + G, ["seeds [-1]", "from 0"]),
    *((f"seeds = {seeds}\n" + G, [f"seeds {seeds}", "such as 5"]) for seeds in ("[]", "'five'", "2.5")),
    ("", ["[[grid]]", "write at least one"]),
    ("sede = 3\n" + G, ["'sede'", "seeds"]),
    ("seeds = 10000000000\n" + G, ["seeds 10000000000", "from 1 to 100000"]),
    ("seeds = true\n" + G, ["seeds True", "such as 5"]),
    (G + "densty = 0.1", ["'densty'", "density"]), (G + 'density = "0.1"', ["density '0.1'", "a number"]),
    (G + "density = 1979-05-27", ["date(1979, 5, 27)", "a number"]), (G + 'data = "digitz"', ["'digitz'", "digits"]),
    (G + 'data = "csv"', ["'csv'", 'path = "FILE"']), (G + 'path = "own.csv"', ["'digits'", "csv and npz"]),
    (G + "hidden = [-5]", ["hidden -5", "at least 1"]),
    (G + "hidden = [99999999999]", ["[99999999999]", "a list of sizes"]),
    (G + f"lr = {[*range(1, 999)]}\ndensity = {[0.1] * 999}", ["997002", "vary fewer"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD, ids=[" ".join(words) for _, words in BAD])
def test_a_bad_study_is_answered_in_one_line_that_names_file_value_and_remedy(text, words, error_line):
    Path("bad.toml").write_text(text, encoding="utf-8")
    assert len(error_line("sweep", "bad.toml", words=["'bad.toml'", *words])) <= 200 + len("minidst: \n")


@pytest.mark.parametrize(("option", "value", "words"), [
    ("--only", "colour=red", ["'colour=red'", "data=digits"]),
    ("--out", "text.txt", ["text.txt", "no results of minidst", "another"]),
    ("--out", "other.sqlite", ["other.sqlite", "no results of minidst", "another"]),
    ("--out", "later.sqlite", ["later.sqlite", "format 99", "update minidst"]),
])  # fmt: skip
def test_a_bad_option_is_answered_in_one_line(option, value, words, error_line):
    Path("good.toml").write_text(G, encoding="utf-8")
    Path("text.txt").write_text("no data base, but long enough to be looked into" * 20, encoding="utf-8")
    for name, line in (("other", "CREATE TABLE t (x)"), ("later", "PRAGMA user_version = 99")):
        with closing(sqlite3.connect(f"{name}.sqlite")) as db:
            db.executescript(f"{line}; CREATE TABLE u (x)")
    error_line("sweep", "good.toml", option, value, words=words)


def test_a_row_that_is_there_cannot_come_twice(tmp_path):
    trial = small.study(tmp_path).trials[0]
    with Results("r.sqlite") as results:
        results.record(trial, {"error": "x"})
        with pytest.raises(ValueError, match="UNIQUE"):
            results.record(trial, {"error": "y"})
        assert results.finished() == {trial.key: "x"}


def test_an_estimate_says_runs_and_hours_and_makes_no_file(printed, tmp_path):
    small.study(tmp_path)
    out = printed("sweep", "small.toml", "--estimate", "--workers", "2")
    assert "20 runs (5 settings × 4 seeds), about 0:01 hours with 2 workers" in out
    assert list(tmp_path.glob("*.sqlite*")) == []
