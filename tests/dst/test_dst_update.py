"""One update: whatever the method, connections are conserved and survivors keep every bit."""

from copy import deepcopy
from dataclasses import replace
from itertools import product

import naive
import numpy as np
import pytest
from builders import rng, run_batch, whole_layer, whole_network, with_gradient
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import DTYPES, Told
from strategies_dst import (
    FORMATS,
    LAYERWISE,
    active,
    by_key,
    dtypes,
    every_rewiring_watched,
    fractions,
    lists_of,
    optimizers,
    seeds,
    spied,
    update,
    whole_layers,
)

from minidst import METHODS, Network, dst, method, mlp
from minidst.dst import Exchange, GuidedSample, exchange, from_init, random_absent, update_topology, zeros
from minidst.dst.papers.gse.distributions import uniform
from minidst.dst.prune import CRITERIA, how_many, magnitude, random


def gradient_of(layer):
    """∇ by key, with three loops."""
    return naive.dense_gradient(layer.DY, layer.X).reshape(-1)


# --- every method -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", LAYERWISE)
@given(lists_of(2, 9), st.floats(0.5, 1), st.floats(0.01, 1), dtypes, optimizers, seeds)
def test_every_method_conserves_connections_and_survivors_in_real_networks(
    name, format, sizes, density, fraction, dtype, optimizer, seed
):
    net = mlp(sizes, density=density, method=name, allocation="uniform", format=format, seed=seed, dtype=dtype)
    record = METHODS[name]
    x, y = net.rng.standard_normal((6, sizes[0])), net.rng.integers(sizes[-1], size=6)
    run_batch(net, x, y)
    optimizer.step(list(net.parameters()), 0.1)
    run_batch(net, x, y)
    for layer in net.weighted:
        values, bias, nnz = by_key(layer), layer.bias.values.copy(), layer.connections
        k = how_many(record.prune, layer.weight.values, fraction, record.round)
        scores = record.prune(layer.weight.values, layer.weight.grad, rng())
        lowest = set(layer.W.keys()[naive.k_smallest(scores.tolist(), k)].tolist())

        with every_rewiring_watched():
            exchanged = update(layer, record, fraction, net.rng)

        assert type(layer.W) is FORMATS[format]
        assert layer.connections == nnz
        for aligned in (layer.weight.values, layer.weight.grad, *layer.weight.state.values()):
            assert aligned.shape == (nnz,)
            assert aligned.dtype == dtype
        assert np.shares_memory(layer.weight.values, layer.W.values)
        assert layer.bias.values.tobytes() == bias.tobytes()
        after = by_key(layer)
        regrown = {e for e in after.keys() & values.keys() if after[e] != values[e]}
        grown = after.keys() - values.keys() | regrown
        assert all(after[e] == 0 for e in grown)
        assert exchanged == len(grown) <= k
        assert (values.keys() - after.keys()) | regrown <= lowest
        assert record.regrow_pruned or not regrown
        if layer.W.density == 1:
            assert exchanged == 0
        elif name in ("set", "rigl"):
            assert exchanged == k  # there is always enough to grow where the pruned may return
    run_batch(net, x, y)  # and training goes on
    optimizer.step(list(net.parameters()), 0.1)


@given(whole_layers(formats=("csr",)), st.floats(0, 1), st.sampled_from(LAYERWISE), seeds)
def test_the_same_seed_gives_the_same_update_in_coo_and_csr(layer, fraction, name, seed):
    twin = deepcopy(layer)
    twin.W = layer.W.to(FORMATS["coo"])
    twin = deepcopy(twin)  # whose weight is that of its W
    assert update(layer, METHODS[name], fraction, rng(seed)) == update(twin, METHODS[name], fraction, rng(seed))
    assert by_key(layer) == by_key(twin)


@pytest.mark.parametrize(
    ("name", "theta"), [*((name, [[1.0, 2], [3, 4]]) for name in METHODS), ("static", [[0.9, 0.1, 0], [0, 0.7, 0]])]
)
def test_a_full_layer_and_a_static_one_are_left_alone(name, theta):
    layer = with_gradient(theta, np.ones(np.shape(theta)))
    W, weight = layer.W, layer.weight
    assert update(layer, METHODS[name], 1.0) == 0
    assert layer.W is W
    assert layer.weight is weight
    np.testing.assert_array_equal(W.to_dense(), theta)


# --- definitions, as loops --------------------------------------------------------------------------------------------
@given(whole_layers(), fractions, st.booleans(), st.sampled_from(["floor", "ceil"]))
def test_rigl_is_what_three_loops_and_two_sorts_say(layer, fraction, regrow_pruned, rounding):
    """Connection for connection, on whole weights and gradients where ties abound."""
    theta, nabla = by_key(layer), gradient_of(layer)
    k = how_many(magnitude, layer.weight.values, fraction, rounding) if len(theta) < nabla.size else 0
    exchanged = update(layer, method("rigl", regrow_pruned=regrow_pruned, round=rounding), fraction)
    expected, grown = naive.prune_then_grow(theta, nabla, k, regrow_pruned=regrow_pruned)
    assert by_key(layer) == {e: 0 if e in grown else theta[e] for e in expected}
    assert exchanged == len(grown)


@pytest.mark.parametrize("name", ["gse-uniform", "gse-grabo", "gse-graest", "gse-l2"])
@given(layer=whole_layers(least_free=1), fraction=fractions, regrow_pruned=st.booleans(), seed=seeds)
def test_gse_is_rigl_within_its_sample(name, layer, fraction, regrow_pruned, seed):
    """k = min(⌈α|A|⌉, |S|), and three loops do the rest; where the pruned may not return, in either order."""
    theta, nabla = by_key(layer), gradient_of(layer)
    assume(theta and len(theta) < nabla.size)
    record = method(name, regrow_pruned=regrow_pruned, order="prune_then_grow" if regrow_pruned else "grow_then_prune")
    k = how_many(magnitude, layer.weight.values, fraction, "ceil")
    record, seen = spied(record)
    exchanged = update(layer, record, fraction, rng(seed))
    [(_, _, S)] = seen
    P = sorted(theta, key=lambda e: (abs(theta[e]), e))[:k]
    assert not set(S.tolist()) & (set(theta) - set(P if regrow_pruned else []))
    expected, grown = naive.prune_then_grow(theta, nabla, k, regrow_pruned=regrow_pruned, S=S.tolist())
    assert layer.W.keys().tolist() == expected
    assert exchanged == len(grown) == min(k, S.size)


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
@given(whole_layers(least_free=1), st.floats(0, 1), seeds)
def test_whatever_the_criterion_the_lowest_scores_go(criterion, layer, fraction, seed):
    scores = criterion(layer.weight.values, layer.weight.grad, rng(seed))
    k = how_many(criterion, layer.weight.values, fraction, "floor")
    keys = layer.W.keys()
    exchanged = update(layer, method("set", prune=criterion, regrow_pruned=False), fraction, rng(seed))
    assert exchanged == min(k, layer.shape[0] * layer.shape[1] - keys.size)
    gone = set(keys.tolist()) - set(layer.W.keys().tolist())
    assert gone == set(keys[naive.k_smallest(scores.tolist(), exchanged)].tolist())


@given(whole_layers(least_free=1), fractions)
def test_a_dropped_connection_that_returns_starts_anew_or_keeps_its_value_and_momentum(layer, fraction):
    """The topology is the same; what differs is only what the returning ones carry."""
    anew, old = deepcopy(layer), {"": by_key(layer), "velocity": by_key(layer, layer.weight.state["velocity"])}
    kept = update(layer, method("rigl", keep_value_on_regrow=True), fraction)
    assert kept == update(anew, METHODS["rigl"], fraction)
    np.testing.assert_array_equal(layer.W.keys(), anew.W.keys())
    for e, value in by_key(layer).items():
        assert value == old[""].get(e, 0)
    for e, velocity in by_key(layer, layer.weight.state["velocity"]).items():
        assert velocity == old["velocity"].get(e, 0)


@given(whole_layers(least_free=1), fractions, st.booleans(), seeds)
def test_first_weights_from_init_are_drawn_for_the_fan_in_after_the_update(layer, fraction, regrow_pruned, seed):
    """N(0, 2/k_i), in order of keys; RigL draws nothing else. Their momentum is 0."""
    record, plain = method("rigl", regrow_pruned=regrow_pruned), deepcopy(layer)
    grown_count = update(plain, record, fraction)
    grown = plain.weight.values == 0  # no first weight is
    assert grown.sum() == grown_count
    update(layer, replace(record, initial_weight=from_init), fraction, rng(seed))
    rows = layer.W.connections()[0]
    fan_in = np.bincount(rows, minlength=layer.shape[0])
    expected = rng(seed).standard_normal(grown_count) * np.sqrt(2 / fan_in[rows[grown]])
    np.testing.assert_array_equal(layer.W.keys(), plain.W.keys())
    np.testing.assert_allclose(layer.weight.values[grown], expected, rtol=1e-15)
    np.testing.assert_array_equal(layer.weight.values[~grown], plain.weight.values[~grown])
    np.testing.assert_array_equal(layer.weight.state["velocity"] == 0, grown)
    for first, dtype in product((from_init, zeros), DTYPES):
        assert first(rows, fan_in, rng(), dtype).dtype == dtype


def test_guided_exploration_evaluates_the_gradient_on_its_sample_alone(monkeypatch):
    """10 000 places, 40 connections, γ = 1: one call of the kernel, at exactly the connections of S, at most 40."""
    layer, evaluated, drawn = whole_layer((100, 100), 40, 4, rng(2)), [], []
    sddmm, record = dst.grow.coo.sddmm, METHODS["gse-graest"]

    def spy(rows, cols, DY, out, *tiles):
        assert out.shape == rows.shape
        evaluated.append((rows.astype(np.int64) * 100 + cols).tolist())
        sddmm(rows, cols, DY, out, *tiles)

    def sample(context, k, draw):
        drawn.append(record.candidates(context, k, draw))
        return drawn[-1]

    monkeypatch.setattr(dst.grow.coo, "sddmm", spy)
    monkeypatch.setattr(np, "matmul", None)
    assert update(layer, replace(record, candidates=sample), 0.2, rng(2)) == 8
    assert evaluated == [S.tolist() for S in drawn]
    assert 8 <= len(evaluated[0]) <= 40


# --- ends -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", ["prune_then_grow", "grow_then_prune"])
def test_where_layers_trade_connections_a_full_one_can_shrink(order):
    """k = 2 + 1. The lowest are .1 .2 .3, all in the first layer; the four absent places are all in the second."""
    net = Network([
        with_gradient([[0.1, 0.2], [0.3, 4]], np.ones((2, 2))),
        with_gradient([[5, 6], [0, 0], [0, 0]], [[1, 1], [2, 3], [4, 5]]),
    ])  # fmt: skip
    record = method("rigl", scope="global", order=order, regrow_pruned=False)
    assert update_topology(net, record, 0.5, rng()) == Exchange(3, 3, 4)
    first, second = net.sparse
    np.testing.assert_array_equal(first.W.to_dense(), [[0, 0], [0, 4]])
    assert second.W.keys().tolist() == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("criterion", ["mest", "snip", "sensitivity"])
def test_not_even_a_gradient_that_is_not_a_number_changes_the_number_of_connections(criterion):
    """A gradient can overflow one step before the loss does; scores that are NaN compare with nothing."""
    layer = with_gradient([[1.0, 2, 3, 0, 0, 0]], np.ones((1, 6)))
    layer.weight.grad[:] = np.nan
    try:
        update(layer, method("rigl", prune=CRITERIA[criterion]), 0.7)
    except (ValueError, FloatingPointError):
        return  # to refuse it would be as good
    assert layer.connections == 3


# --- order: what grows first is chosen, and drawn, before anything is scored for pruning ------------------------------
GROWS_FIRST = method("gse-uniform", prune=random)
PRUNES_FIRST = replace(GROWS_FIRST, order="prune_then_grow")

# One layer, A = {(0, 0), (0, 1), (0, 2), (1, 1)}, pruned at random: k = ⌈.5·4⌉ = 2 are to go.
#
#     θ = .9 .1 .4 0 0        Drawn are the outputs .6 .1 .6 .1 -> 1 0 1 0 and the inputs .5 .3 .9 .7 -> 2 1 4 3.
#          0 .7  0 0 0        (0, 1) is active, so S = {(0, 3), (1, 2), (1, 4)}; |∇| there is 5, 1 and 7.
#
# The scores are .8 .2 .9 .3: (0, 1) and (1, 1) have drawn the lowest.
THETA = [[0.9, 0.1, 0.4, 0, 0], [0, 0.7, 0, 0, 0]]
NABLA = [[0, 0, 0, 5, 0], [0, 0, 1, 0, 7]]
OUTPUTS, INPUTS, SCORES = [0.6, 0.1, 0.6, 0.1], [0.5, 0.3, 0.9, 0.7], [0.8, 0.2, 0.9, 0.3]
AFTER = [[1, 0, 1, 1, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("record", "draws", "done", "after"),
    [  # either order makes the same exchange; only the order of the draws tells them apart
        (GROWS_FIRST, (OUTPUTS, INPUTS, SCORES), (2, 2, 3), AFTER),
        (PRUNES_FIRST, (SCORES, OUTPUTS, INPUTS), (2, 2, 3), AFTER),
        # all four draws fall on (0, 3): G is that one, and only the lowest, (0, 1), goes
        (GROWS_FIRST, ([0.1] * 4, [0.7] * 4, SCORES), (1, 1, 1), [[1, 0, 1, 1, 0], [0, 1, 0, 0, 0]]),
    ],
)
def test_by_hand_growth_draws_first_and_no_more_are_pruned_than_were_grown(record, draws, done, after):
    layer, told = with_gradient(THETA, NABLA), Told(*draws)
    assert exchange(layer, record, 0.5, told) == done
    np.testing.assert_array_equal(active(layer), after)
    assert told.lists == []


def test_by_hand_across_layers_every_layer_has_drawn_before_the_first_is_scored():
    """The layer above, and its transpose on top; ten draws per pruned, k = 2 + 2. All draws of the first layer fall on
    (0, 3) and (1, 4), all of the second on (4, 1): three are grown, and the three lowest of eight scores go.
    """
    record = replace(GROWS_FIRST, scope="global", candidates=GuidedSample(uniform, 10, "pruned"))
    first, second = ([0.1, 0.6] * 10, [0.7, 0.9] * 10), ([0.9] * 20, [0.5] * 20)
    scores = [[0.8, 0.2, 0.9, 0.3], [0.1, 0.7, 0.6, 0.5]]
    for changed, draws in [
        (record, (*first, *second, *scores)),
        (replace(record, order="prune_then_grow"), (*scores, *first, *second)),
    ]:
        net = Network([with_gradient(THETA, NABLA), with_gradient(np.transpose(THETA), np.transpose(NABLA))])
        told = Told(*draws)
        assert update_topology(net, changed, 0.5, told) == Exchange(3, 3, 3)
        np.testing.assert_array_equal(active(net.sparse[0]), AFTER)
        np.testing.assert_array_equal(active(net.sparse[1]).T, [[0, 1, 1, 0, 0], [0, 1, 0, 0, 1]])
        assert told.lists == []


@given(
    lists_of(1, 7), st.floats(0, 1), st.sampled_from(sorted(CRITERIA.keys() - {"random"})),
    st.sampled_from(["gse-uniform", "gse-grabo", "gse-l2", "rigl", "set"]),
    st.sampled_from(["layer", "global"]), st.floats(0, 1), seeds,
)  # fmt: skip
def test_where_no_draw_is_shared_both_orders_do_the_same(sizes, density, criterion, name, scope, fraction, seed):
    scope = scope if METHODS[name].score else "layer"  # growth without a score cannot compare layers
    record = method(name, prune=CRITERIA[criterion], scope=scope, regrow_pruned=False, order="grow_then_prune")
    first, second = whole_network(sizes, density, seed), whole_network(sizes, density, seed)
    done = update_topology(first, record, fraction, rng(seed))
    assert done == update_topology(second, replace(record, order="prune_then_grow"), fraction, rng(seed))
    assert done.pruned == done.grown
    for layer, twin in zip(first.sparse, second.sparse, strict=True):
        assert by_key(layer) == by_key(twin)


@given(whole_layers(least_free=1), st.floats(0.3, 1), seeds)
def test_what_is_grown_first_is_grown_as_if_nothing_were_pruned(layer, fraction, seed):
    """G from the same seed with another criterion, even with one that draws: the draws of growth come before its."""
    grown = []
    for criterion in (magnitude, random):
        twin = deepcopy(layer)
        record = method("gse-uniform", candidates=random_absent, prune=criterion)
        exchange(twin, record, fraction, rng(seed))
        grown.append(np.setdiff1d(twin.W.keys(), layer.W.keys()).tolist())
    assert grown[0] == grown[1]
