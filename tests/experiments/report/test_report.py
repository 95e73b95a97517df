"""Reports against tables small enough to reckon by hand, and the pictures by what is drawn in them."""

import csv
import io
import json
import math
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from minidst.experiments import report
from minidst.experiments.report import as_csv, as_latex, as_text, nemenyi, ranked
from minidst.experiments.report.figures import jaccard_matrix, pareto_optimal
from minidst.experiments.report.grouped import setting_text
from minidst.experiments.report.ranks import rank
from minidst.experiments.report.table import LATEX
from minidst.experiments.sweep import Results, Settings, Trial
from minidst.experiments.sweep.trial import pack, unpack


def report_of(runs, **columns):
    """The report of r.sqlite, a file of these results: runs are (settings, seed, score, further columns)."""
    with Results("r.sqlite") as results:
        for settings, seed, score, more in runs:
            row = {"measure": "accuracy", "score": score, "method": "m", "connections": 10, "bytes": 1000}
            row |= {"places": 100, "seconds": 0.5, "every": settings.get("every"), "version": "0.1.0"}
            results.record(Trial("toy", Settings.of(settings), seed), row | {"revision": "abc"} | columns | more)
    return report.read("r.sqlite")


def scores(table, **columns):
    """Runs of methods × densities from {method: [score per density]}, two seeds 0.01 apart."""
    return [
        ({"method": method, "density": density}, seed, score + (0.005, -0.005)[seed], {})
        for method, line in table.items()
        for density, score in zip((0.1, 0.2, 0.5), line, strict=True)
        for seed in (0, 1)
    ]


TABLE = {"set": [0.90, 0.92, 0.95], "rigl": [0.91, 0.93, 0.94], "static": [0.70, 0.80, 0.90]}


@pytest.fixture
def toy():
    return report_of(scores(TABLE))


def test_average_ranks_and_friedman_by_hand():
    """Ranks (1 is best) 1 2 3, 1 3 2, 1 2 3, 2 1 3: sums 5, 8, 11; χ² = 12/(4·3·4)·(25 + 64 + 121) − 3·4·4 = 4.5."""
    found = rank([[9, 8, 7], [9, 7, 8], [9, 8, 7], [8, 9, 7]], ("a", "b", "c"))
    assert found.names == ("a", "b", "c")
    assert found.ranks == (5 / 4, 8 / 4, 11 / 4)
    assert found.statistic == pytest.approx(4.5)
    assert found.p == pytest.approx(math.exp(-4.5 / 2))  # χ² with 2 degrees of freedom
    assert found.blocks == 4


def test_ties_share_their_rank_and_a_loss_is_ranked_upwards():
    found = rank([[1, 1, 3], [1, 2, 3]], ("a", "b", "c"), higher_is_better=False)
    assert found.ranks == (1.25, 1.75, 3)
    assert rank([[1, 2, 3], [1, 2, 3]], ("a", "b", "c")).names == ("c", "b", "a")


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (10, 3.164)])
def test_the_critical_difference_is_demsars_table_times_the_root(k, q):
    """q_0.05 of Demšar 2006, table 5a."""
    assert nemenyi(k, 14) == pytest.approx(q * math.sqrt(k * (k + 1) / (6 * 14)), abs=0.0006)


def test_bars_join_the_longest_runs_that_are_not_told_apart():
    found = rank(np.arange(4.0) + np.zeros((40, 1)), ("a", "b", "c", "d"))
    assert found.ranks == (1, 2, 3, 4)
    assert found.critical == pytest.approx(2.569 * math.sqrt(20 / 240), abs=1e-3)  # 0.742: all are told apart
    assert found.alike() == []
    assert rank(np.arange(4.0) + np.zeros((10, 1)), tuple("abcd")).alike() == [(0, 1), (1, 2), (2, 3)]  # 1.48
    assert rank(np.arange(4.0) + np.zeros((2, 1)), tuple("abcd")).alike() == [(0, 3)]  # 3.3


def test_a_report_ranks_and_draws_means_over_seeds_in_blocks_of_everything_that_is_not_compared(toy):
    found = ranked(toy)
    assert (found.names, found.blocks) == (("rigl", "set", "static"), 3)
    assert found.ranks == (4 / 3, 5 / 3, 3)
    low = ranked(toy, lambda block: block["density"] <= 0.2)
    assert (low.names, low.ranks, low.blocks) == (("rigl", "set", "static"), (1, 2, 3), 2)
    assert ranked(toy, lambda block: block["density"] > 0.2) is None  # one block
    (axes,) = report.critical_difference(toy, {"all blocks": found}).axes
    words = " ".join(text.get_text() for text in axes.texts)
    assert all(word in words for word in ("rigl 1.33", "set 1.67", "static 3.00", "critical difference 1.91"))


def test_incomplete_blocks_and_baselines_are_not_ranked():
    runs = [run for run in scores(TABLE) if run[0] != {"method": "set", "density": 0.5}]
    runs += [({"method": "dense"}, seed, 0.99, {}) for seed in (0, 1)]
    found = ranked(report_of(runs))
    assert (found.names, found.blocks, found.incomplete) == (("rigl", "set", "static"), 2, 1)


@pytest.mark.parametrize("shape", [(1, 3), (3, 2), (3,)])
def test_too_few_to_rank_is_a_value_error(shape):
    with pytest.raises(ValueError, match="2 blocks of 3 treatments"):
        rank(np.ones(shape), ("a", "b", "c")[: shape[-1]])


def test_a_cell_has_mean_and_student_interval_over_its_seeds(toy):
    (cell,) = [c for c in toy.cells if (c.settings["method"], c.settings["density"]) == ("set", 0.1)]
    assert cell.mean("score") == pytest.approx(90)
    assert cell.interval("score") == pytest.approx(12.7062 * 0.5, rel=1e-4)  # s/√2 = 1/√2/√2
    assert toy.varied == ("method", "density")
    assert toy.origin == "2 seeds, minidst 0.1.0 at abc"


def test_a_run_that_two_settings_ask_for_counts_once():
    """ΔT = 20, given as such and as 3 periods of a training of 60 steps."""
    often = {"method": "rigl", "density": 0.1, "every": 20}
    periods = {"method": "rigl", "density": 0.1, "updates": 3}
    runs = [(often, 0, 0.9, {}), (often, 1, 0.8, {}), (often, 2, None, {"error": "no", "score": None})]
    found = report_of(runs + [(periods, seed, 0.9 - 0.1 * seed, {"every": 20}) for seed in range(3)])
    (cell,) = found.cells
    assert cell.values("score").tolist() == pytest.approx([90, 80, 70])
    assert (cell.failed, found.failures) == (0, {})


def test_a_setting_that_follows_from_another_does_not_tell_cells_apart():
    sets = (("digits", 3), ("mnist", 1))
    runs = [({"data": d, "epochs": e, "method": m}, 0, 0.5, {}) for d, e in sets for m in ("set", "rigl")]
    assert report_of(runs).varied == ("data", "method")


def test_the_text_fits_80_columns_and_says_what_its_columns_are(toy):
    lines = as_text(toy).splitlines()
    assert lines[0].split() == ["method", "density", "test", "accuracy", "%", "active", "memory", "s/run"]
    assert "90.0 ± 6.4" in as_text(toy)
    assert max(map(len, lines)) <= 80
    assert "memory: the most bytes" in " ".join(lines[-2:])
    assert max(map(len, as_text(toy, 40).splitlines())) <= 40


def test_the_csv_has_unrounded_numbers_and_quotes_what_needs_it():
    awkward = 'a "path", with\ncommas.csv'
    runs = [({"data": "csv", "path": awkward, "method": "set"}, s, v, {"itop": 0.25}) for s, v in ((0, 0.8), (1, 0.9))]
    (line,) = csv.DictReader(io.StringIO(as_csv(report_of(runs))))
    assert line["path"] == awkward
    assert float(line["score"]) == pytest.approx(85)
    assert float(line["score_half_interval"]) == pytest.approx(12.7062 * 5, rel=1e-4)
    assert (line["mean_connections"], line["itop"], line["jaccard"], line["seeds"]) == ("10.0", "0.25", "", "2")
    assert (line["hidden"], line["gamma"], line["failed"], line["revision"]) == ("256-256", "", "0", "abc")


def test_the_latex_is_a_tabular_with_as_many_columns_as_cells_and_no_command_in_a_name(toy):
    text = as_latex(toy)
    kinds = re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1]
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 10
    assert {line.count("&") + 1 for line in rows} == {len(kinds)}
    assert r"test accuracy \%" in rows[0]
    assert r"90.0 $\pm$ 6.4" in text
    assert not re.search(r"(?<!\\)[_%#]", "".join(rows))
    assert text.startswith("% toy: 2 seeds, minidst 0.1.0 at abc\n")
    awkward = r"50\% of\_a \& b\#\{\$\textasciitilde{}\textasciicircum{}\textbackslash{}x"
    assert r"50% of_a & b#{$~^\x".translate(LATEX) == awkward


def test_failures_are_counted_and_no_row_of_a_table():
    failed = [({"method": method}, seed, None, {"error": "lr"}) for method, seed in (("set", 1), ("rigl", 0))]
    found = report_of([({"method": "set"}, 0, 0.9, {}), *failed])
    assert [(cell.settings["method"], len(cell.rows), cell.failed) for cell in found.cells] == [("set", 1, 1)]
    assert found.failures == {"lr": 2}


def lines(axes):
    return {container.get_label(): container.lines[0] for container in axes.containers}


def test_curves_have_a_line_per_series_with_means_and_intervals_and_a_level_for_what_has_no_x():
    runs = [*scores(TABLE), *(({"method": "dense"}, seed, 0.99, {}) for seed in (0, 1))]
    figure = report.curves(report_of(runs), "density")
    (axes,) = figure.axes
    assert set(lines(axes)) == {"set", "rigl", "static"}
    np.testing.assert_allclose(lines(axes)["set"].get_ydata().astype(float), [90, 92, 95])
    np.testing.assert_allclose(lines(axes)["set"].get_xdata().astype(float), [0.1, 0.2, 0.5], rtol=0.05)
    assert [line.get_ydata()[0] for line in axes.get_lines() if line.get_label() == "dense"] == [99]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("density", "test accuracy (%)", "log")
    assert "2 seeds, minidst 0.1.0 at abc" in figure.get_supxlabel()


def test_there_is_a_panel_per_block_and_none_for_a_block_with_a_single_x():
    grid = product(("snip", "mest"), ("random", "gradient"), ((0.1, 5), (0.2, 5), (0.1, 7)))
    runs = [({"prune": p, "growth": g, "density": d, "every": t}, 0, 0.5, {}) for p, g, (d, t) in grid]
    runs += [({"method": "static", "density": d}, 0, 0.4, {}) for d in (0.1, 0.2)]
    figure = report.curves(report_of(runs), "density")
    assert [axes.get_title() for axes in figure.axes] == ["random growth, ΔT 5", "gradient growth, ΔT 5"]
    assert all(set(lines(axes)) == {"snip", "mest", "static"} for axes in figure.axes)


def test_the_front_is_what_none_beats_with_as_little_memory():
    points = {"set": (100, 0.8), "rigl": (100, 0.9), "static": (200, 0.85), "mest": (300, 0.95), "snfs": (400, 0.95)}
    found = report_of([({"method": m}, 0, s, {"bytes": b}) for m, (b, s) in points.items()])
    assert [cell.settings["method"] for cell in pareto_optimal(found.cells)] == ["rigl", "mest"]
    (axes,) = report.front(found).axes
    assert "kB" in axes.get_xlabel()
    assert "%" in axes.get_ylabel()


def keys(*layers):
    return [np.array(layer, np.int64) for layer in layers]


def test_packed_keys_are_the_same_again():
    for layers in (keys([0, 3, 9], [5]), keys([], [2**40, 2**40 + 1])):
        assert [layer.tolist() for layer in unpack(pack(layers))] == [layer.tolist() for layer in layers]


def test_similarity_is_the_mean_jaccard_index_over_changed_layers_and_seeds():
    def masks(first, last, gone):
        return {"first": pack(first), "last": pack(last), "gone": pack(gone)}

    full = [0, 1, 2]  # the third layer: alike in all runs, whatever the method
    start = keys([0, 1], [0], full)
    runs = [
        ({"method": "set"}, 0, 0.5, masks(start, keys([0, 2], [0], full), keys([1], [], []))),
        ({"method": "rigl"}, 0, 0.5, masks(start, keys([2, 3], [0], full), keys([0], [], []))),
        ({"method": "set"}, 1, 0.5, masks(keys([4, 5], [1], full), keys([1], [0], full), keys([1], [0], []))),
        ({"method": "rigl"}, 1, 0.5, masks(keys([4, 5], [1], full), keys([1], [0], full), keys([1], [1], []))),
    ]
    found = report_of(runs)
    names, J = jaccard_matrix(found, list(found.cells), "last")
    assert names == ["set", "rigl", "at the start"]
    assert J[0, 1] == pytest.approx(((1 / 3 + 1) / 2 + 1) / 2)  # seed 0: ({0,2},{2,3}), ({0},{0}); seed 1: equal
    assert J[0, 2] == pytest.approx(((1 / 3 + 1) / 2 + 0) / 2)
    names, J = jaccard_matrix(found, list(found.cells), "gone")
    assert names == ["set", "rigl"]
    assert J[0, 1] == pytest.approx(((0 + 1) / 2 + (1 + 0) / 2) / 2)  # two empty sets are equal
    figure = report.similarity(found)
    assert len(figure.axes) == 2
    assert "two random starts: 0.00" in figure.axes[1].get_title()


def test_one_run_alone_makes_a_report_without_similarity(printed):
    found = report_of([({"method": "set"}, 0, 0.5, {"measure": "loss"})])
    assert found.origin.startswith("1 seed,")
    assert report.similarity(found) is None
    assert "0.5000" in printed("report", "r.sqlite")
    assert setting_text(None) == "—"


def test_the_command_prints_tables_and_ranks_or_only_json_and_writes_every_picture(tmp_path, printed):
    report_of(scores(TABLE), itop=0.3, jaccard=0.5)
    out = printed("report", "r.sqlite", "--format", "svg", "--split", "0.2")
    assert "average ranks over all blocks (3): rigl 1.33, set 1.67, static 3.00" in out
    assert "average ranks over density ≤ 0.2 (2)" in out
    names = {path.name for path in tmp_path.iterdir()} - {"r.sqlite", "r.sqlite-shm", "r.sqlite-wal"}
    pictures = {"score-density", "itop-density", "jaccard-density", "ranks", "front"}
    assert names == {"r.csv", "r.tex", *(f"r-{name}.svg" for name in pictures)}
    assert all(Path(f"r-{name}.svg").read_bytes().startswith(b"<?xml") for name in pictures)
    found = json.loads(printed("report", "r.sqlite", "--json"))
    assert found["cells"][0]["scores"] == pytest.approx([90.5, 89.5])
    assert found["ranks"]["all blocks"]["names"] == ["rigl", "set", "static"]
    assert found["written"]
    assert all(Path(path).exists() for path in found["written"])


@pytest.mark.parametrize(("argv", "words"), [
    ("missing.sqlite", ["'missing.sqlite'", "minidst sweep"]), ("empty.sqlite", ["'empty.sqlite'", "minidst sweep"]),
    ("failed.sqlite", ["'failed.sqlite'", "all 1 runs failed", "'oh no'"]),
    ("text.sqlite", ["'text.sqlite'", "no results of minidst"]),
    ("r.sqlite --split 0.2", ["--split 0.2", "leave it out"]), ("r.sqlite --format gif", ["gif", "svg"]),
    ("r.sqlite --out missing", ["missing", "cannot write"]),
])  # fmt: skip
def test_what_cannot_be_drawn_up_is_one_line(argv, words, error_line):
    Results("empty.sqlite").close()
    with Results("failed.sqlite") as results:
        results.record(Trial("s", Settings.of({"method": "set"}), 0), {"error": "oh no"})
    Path("text.sqlite").write_text("no data base" * 100, encoding="utf-8")
    report_of([({"method": "set"}, 0, 0.5, {})])
    error_line("report", *argv.split(), words=words)
