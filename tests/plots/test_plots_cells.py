"""Small matrices drawn cell by cell."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from minidst import plots

pytestmark = pytest.mark.small


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
    import matplotlib

    with matplotlib.rc_context():
        plots.use()
        assert not matplotlib.rcParams["axes.spines.top"]
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == plots.COLOURS
