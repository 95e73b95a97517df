"""Every ValueError of topology: one line that names the number given and what is allowed."""

from functools import partial

import numpy as np
import pytest
from builders import refused, rng

from minidst import COO, CSR, Condensed
from minidst.topology import allocate, bernoulli, constant_fan_in, distinct, gnm, rewire

MLP = [(300, 784), (100, 300), (10, 100)]


@pytest.mark.parametrize(("call", "words"), [
    *[(partial(allocate, MLP, d), [d, "(0, 1]"]) for d in (0, -0.1, 1.0001, 2, float("nan"), float("inf"))],
    (partial(allocate, MLP, 0.1, "ERK"), ["'ERK'", "uniform, er, erk"]),
    (partial(distinct, [6, 2], 5, rng()), [6, "5 places", "0 to 5"]),
    (partial(distinct, [0, 7], 5, rng()), [7, "5 places", "0 to 5"]),
    (partial(distinct, [-1, 2], 5, rng()), [-1, "5 places", "0 to 5"]), (partial(gnm, 2, 3, 7, rng()), [7, 6]),
    (partial(constant_fan_in, 2, 3, 4, rng()), [4, 3]), (partial(bernoulli, 2, 3, 1.1, rng()), []),
])  # fmt: skip
def test_a_budget_or_a_graph_that_is_impossible(call, words):
    with refused(*words):
        call()


@pytest.mark.parametrize("format", [COO, CSR])
@pytest.mark.parametrize(("drop", "born", "values", "words"), [
    ([], [4], 0.0, ["(1, 1)", "twice"]),  # it is active
    ([0], [0, 4], 0.0, ["(1, 1)", "twice"]),  # the other one is dropped
    ([], [2, 0, 2], 0.0, ["(0, 2)", "twice"]),
    ([0], [1, 1], 0.0, ["(0, 1)", "twice"]),  # dropped once, born twice
    *[([], [3, bad], 0.0, [bad, "2×3", "0 to 5"]) for bad in (-1, 6, 2**40)], ([], [3], np.nan, ["finite"]),
])  # fmt: skip
def test_a_rewiring_that_is_impossible(format, drop, born, values, words):
    W = format.from_dense([[0, 5.0, 0], [0, 6.0, 0]])
    with refused(*words):
        rewire(W, np.array(drop, np.int64), np.array(born), values)
    assert W.to_dense().tolist() == [[0, 5, 0], [0, 6, 0]]


def test_a_rewiring_that_makes_the_fan_ins_of_a_condensed_layer_differ():
    with refused("row 0 has 1", "row 1 has 3"):
        rewire(Condensed.from_dense([[1, 0, 2], [0, 3, 4]]), np.array([0]), np.array([3]))
