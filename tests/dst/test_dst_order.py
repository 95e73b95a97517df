"""Grow, then prune: what is grown is chosen, and drawn, before anything is scored for pruning."""

from dataclasses import replace

import numpy as np
import pytest
from builders import ready, with_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import Told
from strategies_dst import active, checked, seeds, whole_layers, whole_network

from minidst import CSR, METHODS, Network, dst, method
from minidst.dst import Exchange, GuidedSample, exchange, random_absent
from minidst.dst.papers.gse.distributions import uniform
from minidst.dst.prune import CRITERIA, random
from minidst.nn import MeanSquaredError, SparseLinear

pytestmark = pytest.mark.small

GROWS_FIRST = method("gse-uniform", prune=random)
PRUNES_FIRST = replace(GROWS_FIRST, order="prune_then_grow")
ORDERS = {record.order: record for record in (GROWS_FIRST, PRUNES_FIRST)}

# One layer, A = {(0, 0), (0, 1), (0, 2), (1, 1)}, pruned by lot: k = ⌈.5·4⌉ = 2 are to go.
#
#     θ = .9 .1 .4 0 0        Drawn are the outputs .6 .1 .6 .1 -> 1 0 1 0 and the inputs .5 .3 .9 .7 -> 2 1 4 3.
#          0 .7  0 0 0        (0, 1) is active, so S = {(0, 3), (1, 2), (1, 4)}; |∇| there is 5, 1 and 7.
#
# The lots are .8 .2 .9 .3: (0, 1) and (1, 1) have drawn the lowest.
THETA = [[0.9, 0.1, 0.4, 0, 0], [0, 0.7, 0, 0, 0]]
NABLA = [[0, 0, 0, 5, 0], [0, 0, 1, 0, 7]]
OUTPUTS, INPUTS, LOTS = [0.6, 0.1, 0.6, 0.1], [0.5, 0.3, 0.9, 0.7], [0.8, 0.2, 0.9, 0.3]
AFTER = [[1, 0, 1, 1, 0], [0, 0, 0, 0, 1]]


def test_by_hand_growth_draws_first_and_lots_for_pruning_come_after_it():
    """Either order makes the same exchange; only the order of the draws tells them apart."""
    for record, draws in [(GROWS_FIRST, (OUTPUTS, INPUTS, LOTS)), (PRUNES_FIRST, (LOTS, OUTPUTS, INPUTS))]:
        layer, told = with_gradient(THETA, NABLA), Told(*draws)
        assert exchange(layer, record, 0.5, told) == Exchange(2, 2, 3)
        np.testing.assert_array_equal(active(layer), AFTER)
        assert told.lists == []


def test_by_hand_no_more_are_pruned_than_were_grown():
    """All four draws fall on (0, 3): G is that one, and of the lots only the lowest, (0, 1), goes."""
    layer = with_gradient(THETA, NABLA)
    assert exchange(layer, GROWS_FIRST, 0.5, Told([0.1] * 4, [0.7] * 4, LOTS)) == Exchange(1, 1, 1)
    np.testing.assert_array_equal(active(layer), [[1, 0, 1, 1, 0], [0, 1, 0, 0, 0]])


def test_by_hand_across_layers_every_layer_has_drawn_before_the_first_is_scored():
    """The layer above, and its transpose on top; ten draws per pruned, k = 2 + 2. All draws of the first layer fall on
    (0, 3) and (1, 4), all of the second on (4, 1): three are grown, and the three lowest of eight lots go.
    """
    record = replace(GROWS_FIRST, scope="global", candidates=GuidedSample(uniform, 10, "pruned"))
    first, second = ([0.1, 0.6] * 10, [0.7, 0.9] * 10), ([0.9] * 20, [0.5] * 20)
    lots = [[0.8, 0.2, 0.9, 0.3], [0.1, 0.7, 0.6, 0.5]]
    for changed, draws in [
        (record, (*first, *second, *lots)),
        (replace(record, order="prune_then_grow"), (*lots, *first, *second)),
    ]:
        layers = [with_gradient(THETA, NABLA), with_gradient(np.transpose(THETA), np.transpose(NABLA))]
        net = Network(layers, MeanSquaredError())
        told = Told(*draws)
        assert dst.update_topology(net, changed, 0.5, told) == Exchange(3, 3, 3)
        np.testing.assert_array_equal(active(net.sparse[0]), AFTER)
        np.testing.assert_array_equal(active(net.sparse[1]).T, [[0, 1, 1, 0, 0], [0, 1, 0, 0, 1]])
        assert told.lists == []


DETERMINED = sorted(CRITERIA.keys() - {"random"})


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=4),
    st.floats(0, 1),
    st.sampled_from(DETERMINED),
    st.sampled_from(["gse-uniform", "gse-grabo", "gse-l2", "rigl", "set"]),
    st.sampled_from(["layer", "global"]),
    st.floats(0, 1),
    seeds,
)
@checked
def test_where_no_draw_is_shared_both_orders_make_the_same_exchange(
    sizes, density, criterion, name, scope, fraction, seed
):
    if METHODS[name].score is None:
        scope = "layer"  # growth without a score cannot compare layers
    record = method(name, prune=CRITERIA[criterion], scope=scope, regrow_pruned=False, order="grow_then_prune")
    first, second = whole_network(sizes, density, seed), whole_network(sizes, density, seed)
    done = dst.update_topology(first, record, fraction, np.random.default_rng(seed))
    record = replace(record, order="prune_then_grow")
    assert done == dst.update_topology(second, record, fraction, np.random.default_rng(seed))
    assert done.pruned == done.grown
    for layer, twin in zip(first.sparse, second.sparse, strict=True):
        np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())
        np.testing.assert_array_equal(layer.weight.values, twin.weight.values)


@given(whole_layers(least_free=1), st.floats(0.3, 1), seeds)
@checked
def test_what_is_grown_first_is_grown_as_if_nothing_were_pruned(layer, fraction, seed):
    """G from the same seed with another criterion, even with one that draws: the draws of growth come before its."""
    grown = []
    for criterion in (CRITERIA["magnitude"], random):
        twin = ready(SparseLinear(layer.W.to(CSR)), layer.X, layer.DY)
        record = method("gse-uniform", candidates=random_absent, prune=criterion)
        exchange(twin, record, fraction, np.random.default_rng(seed))
        grown.append(np.setdiff1d(twin.W.keys(), layer.W.keys()).tolist())
    assert grown[0] == grown[1]


def test_the_records_that_grow_first_are_those_of_algorithm_2():
    """Heddes et al. 2024; the earlier paper counts |S| from |P|, so P is known first."""
    found = [name for name, record in METHODS.items() if record.order == "grow_then_prune"]
    assert found == ["gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2"]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("rigl", {}, ["cannot be regrown", "regrow_pruned=False", "order='prune_then_grow'"]),
        ("gse-grabo", {"regrow_pruned": True}, ["cannot be regrown", "order='prune_then_grow'"]),
        ("static", {"regrow_pruned": False}, ["nothing to put in order", "order='prune_then_grow'"]),
        ("dsr", {}, ["an order of its own"]),
        ("srigl", {"regrow_pruned": False}, ["an order of its own"]),
        ("rigl", {"order": "both"}, ["order='both'", "'prune_then_grow', 'grow_then_prune'"]),
    ],
)
def test_an_order_that_the_rest_of_the_record_contradicts_is_refused(name, changes, words, refused):
    with refused(repr(name), *words):
        method(name, **{"order": "grow_then_prune", **changes})
