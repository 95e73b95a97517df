"""Pictures: what is drawn, and that it can be saved; small matrices drawn cell by cell."""

import math
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from builders import refused
from matplotlib.figure import Figure

import minidst
from minidst import plots
from minidst._support.statistics import half_width
from minidst.plots import COLOURS, HUES, layer_densities, learning_curves, line_styles, save
from minidst.training.history import Epoch, History


def run(losses, scores=None):
    scores = [1 - loss / 10 for loss in losses] if scores is None else scores
    pairs = enumerate(zip(losses, scores, strict=True), start=1)
    return History("any", "toy", [Epoch(n, loss, score, math.nan, 0.1, 0, 1, 1, 0.1) for n, (loss, score) in pairs])


RUNS = {"set": [run([4.0, 2, 1]), run([6.0, 2, 3])], "rigl": [run([3.0, 2, 1])]}


def curves(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_there_is_a_title_and_a_labelled_line_per_method_on_both_sides():
    figure = learning_curves(RUNS, "digits at 1 %")
    assert figure.get_suptitle() == "digits at 1 %"
    losses, scores = figure.axes
    for axes in (losses, scores):
        assert list(curves(axes)) == ["set", "rigl"]
        assert axes.get_xlabel() == "epoch"
    assert losses.get_ylabel() == "training loss"
    assert losses.get_yscale() == "log"
    assert scores.get_ylabel() == "test accuracy (%)"
    assert [text.get_text() for text in scores.get_legend().get_texts()] == ["set", "rigl"]


def test_a_method_has_the_colour_that_it_is_given_and_the_same_in_whatever_company():
    for axes in learning_curves(RUNS, hues={"rigl": "#123456"}).axes:
        assert curves(axes)["rigl"].get_color() == "#123456"
        assert curves(axes)["set"].get_color() == COLOURS[0]
    alone, among = line_styles(["gse-grabo"]), line_styles(["mest", "dense", "gse-grabo", "static", "dsr"])
    assert alone["gse-grabo"] == among["gse-grabo"] == {"color": HUES["gse"], "linestyle": "-"}
    assert len({line["color"] for line in among.values()}) == 5


def test_all_methods_are_told_apart_by_colour_and_dashes():
    drawn = line_styles(list(minidst.METHODS))
    assert list(drawn) == list(minidst.METHODS)
    assert len({tuple(line.values()) for line in drawn.values()}) == len(drawn)


def test_wide_intervals_do_not_squeeze_the_curves():
    """Two runs each: the half-width is 12.7 standard errors, far beyond 0 and 100 %."""
    losses, scores = learning_curves({"set": [run([4.0, 2], [0.1, 0.6]), run([1.0, 1], [0.7, 0.9])]}).axes
    assert losses.get_ylim() == pytest.approx((1.5 / 1.5, 2.5 * 1.5))
    low, high = scores.get_ylim()
    assert -10 < low < high < 110


def test_there_is_a_line_per_layer_with_its_density_after_every_epoch(tmp_path):
    rows = [Epoch(n, 1.0, 0.5, None, 0.1, 0, 1, 1, 0.1, 0, (0.1 / n, 0.5)) for n in (1, 2, 3)]
    figure = layer_densities(History("gse-2022", "toy", rows))
    (axes,) = figure.axes
    assert axes.get_title() == "gse-2022 on toy"
    drawn = {name: line.get_ydata().tolist() for name, line in curves(axes).items()}
    assert drawn == {"layer 0": [0.1, 0.05, 0.1 / 3], "layer 1": [0.5, 0.5, 0.5]}
    save(figure, tmp_path / "densities.png")
    assert (tmp_path / "densities.png").stat().st_size > 1000


def test_a_line_is_the_mean_over_runs_against_the_epoch_as_far_as_all_of_them_reached():
    losses, scores = learning_curves(RUNS).axes
    np.testing.assert_array_equal(curves(losses)["set"].get_xdata(), [1, 2, 3])
    np.testing.assert_allclose(curves(losses)["set"].get_ydata(), [5, 2, 2])
    np.testing.assert_allclose(curves(scores)["set"].get_ydata(), [50, 80, 80])
    losses, _ = learning_curves({"set": [run([4.0, 2, 1]), run([2.0, 2])]}).axes
    np.testing.assert_allclose(curves(losses)["set"].get_ydata(), [3, 2])


def test_the_band_is_the_interval_that_the_table_prints():
    _, scores = learning_curves(RUNS).axes
    (band,) = scores.collections  # one run has no band
    heights = band.get_paths()[0].vertices
    at_first = heights[heights[:, 0] == 1][:, 1]
    half = 100 * half_width([0.6, 0.4])
    assert half == pytest.approx(12.7062 * 100 * 0.1414214 / math.sqrt(2), rel=1e-5)
    assert (at_first.min(), at_first.max()) == pytest.approx((50 - half, 50 + half))


def test_more_methods_than_colours_have_no_intervals_and_are_told_apart_by_their_dashes():
    for axes in learning_curves({f"m{i}": RUNS["set"] for i in range(len(COLOURS) + 1)}).axes:
        assert len(axes.get_lines()) == len(COLOURS) + 1
        assert len(axes.collections) == 0
    losses, _ = learning_curves({f"m{i}": [run([1.0, 2])] for i in range(2 * len(COLOURS))}).axes
    styles = {(line.get_color(), line.get_linestyle()) for line in losses.get_lines()}
    assert len(styles) == 2 * len(COLOURS)


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("suffix", "start"), [(".png", PNG), (".svg", b"<?xml"), (".pdf", b"%PDF"), ("", PNG)])
def test_save_writes_the_kind_that_the_suffix_names(suffix, start, tmp_path):
    path = tmp_path / f"curves{suffix}"
    save(learning_curves(RUNS), path)
    assert path.read_bytes().startswith(start)
    assert path.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("path", "word"), [("curves.xyz", "xyz"), ("nowhere/curves.png", "nowhere")])
def test_an_unknown_suffix_or_a_missing_folder_is_refused_and_leaves_nothing(path, word, tmp_path):
    with refused(word):
        save(learning_curves(RUNS), tmp_path / path)
    assert list(tmp_path.iterdir()) == []


def test_drawing_needs_no_pyplot_and_so_no_display():
    code = (
        "import sys, minidst, minidst.plots as p;"
        "from minidst.training.history import Epoch;"
        "p.learning_curves({'m': [minidst.History('m', 'd', [Epoch(1, 1, 1, None, 1, 0, 1, 1, 1)])]});"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_cell_is_filled_and_written_where_a_connection_is():
    axes = Figure().subplots()
    plots.cells(axes, [[0, 1.5], [np.nan, -3], [0, 0]])
    assert [(patch.get_x() + 0.5, patch.get_y() + 0.5) for patch in axes.patches] == [(1, 0), (1, 1)]
    assert [text.get_text() for text in axes.texts] == ["1.5", "-3"]
    assert axes.patches[1].get_alpha() > axes.patches[0].get_alpha()
    assert axes.get_ylim() == (2.5, -0.5)  # row 0 on top


def test_an_exchange_counts_what_was_kept_dropped_and_grown():
    axes = Figure().subplots()
    plots.exchange(axes, [[1, 1, 0], [1, 0, 0]], [[1, 0, 1], [1, 1, 0]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["kept (2)", "dropped (1)", "grown (2)"]
    grown = axes.collections[2].get_offsets()
    np.testing.assert_array_equal(grown, [[2, 0], [1, 1]])


def test_use_sets_the_style_of_what_follows():
    with matplotlib.rc_context():
        plots.use()
        assert not matplotlib.rcParams["axes.spines.top"]
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == plots.COLOURS
