"""Numbers about a network and its training: sets of connections, exploration, rank correlation, FLOPs."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import after_a_batch, clusters, refused, rng, run_batch, stacked
from hypothesis import given, settings
from hypothesis import strategies as st

import minidst
from minidst import CSR, METHODS, Network, method
from minidst._support.statistics import half_width
from minidst.analysis.flops import dense_flops, inference_flops, run_flops, training_flops
from minidst.analysis.metrics import Explored, dead_connections, jaccard, mask_similarity, rank_correlation
from minidst.dst import Cosine, GuidedSample, all_absent, micro_batched
from minidst.dst.papers.gse.distributions import grabo, graest, l2, uniform
from minidst.dst.papers.gse.synflow import synflow
from minidst.nn import Linear, MeanSquaredError, SparseLinear

checked = settings(deadline=None, max_examples=30)
sets = st.sets(st.integers(0, 30))


def keys(members):
    return np.array(sorted(members), np.int64)


def network(*weights):
    return stacked(*weights, between=False)


# Sets of connections


@given(sets, sets)
@checked
def test_jaccard_is_the_shared_part_of_the_union(a, b):
    expected = len(a & b) / len(a | b) if a | b else 1
    assert jaccard(keys(a), keys(b)) == jaccard(keys(b), keys(a)) == expected


def test_mask_similarity_by_hand():
    """Layer 1: one of three connections shared; layer 2: the same two. (1/3 + 1)/2."""
    a = network([[1, 1, 0], [0, 0, 0]], [[1, 2]])
    b = network([[1, 0, 0], [0, 1, 0]], [[3, -1]])
    assert mask_similarity(a, b) == mask_similarity(b, a) == (1 / 3 + 1) / 2
    assert mask_similarity(a, a) == 1


def test_masks_of_different_networks_are_not_compared():
    with refused("(2, 3)", "cannot be compared"):
        mask_similarity(network(np.eye(2, 3)), network(np.eye(3, 3)))
    with refused("cannot be compared"):
        mask_similarity(Network([Linear(np.eye(2))]), Network([Linear(np.eye(2))]))


def test_dead_connections_by_hand():
    """Input 1 is 0 in both samples; hidden unit 1 is −1 and −2 before the ReLU; nothing follows hidden unit 2.

        W⁽¹⁾ = 1  1  0      (0, 1) has no input; (1, 0) and (1, 2) lead to a unit that is never active; nothing uses
              −1  0 −1      what (2, 2) computes. Alive are (0, 0) and, in W⁽²⁾ = 1 1 0, the first: 2 of 7.
               0  0  1

    In sample 1 input 0 is 0, so that alone leaves (0, 0) dead, and what follows it.
    """
    net = stacked([[1, 1, 0], [-1, 0, -1], [0, 0, 1]], [[1, 1, 0]], loss=MeanSquaredError())
    x, y = np.array([[1.0, 0, 0], [0, 0, 2]]), np.array([[9.0], [9]])
    assert dead_connections(net, x, y) == 1 - 2 / 7
    assert dead_connections(net, x[1:], y[1:]) == 1


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9), st.integers(1, 6))
@checked
def test_a_connection_is_dead_if_it_has_no_gradient_in_any_sample_by_itself(seed, density, samples):
    net = minidst.mlp((5, 6, 4, 3), density=density, seed=seed, allocation="uniform", dtype=np.float64)
    x, y = np.maximum(net.rng.standard_normal((samples, 5)), 0), net.rng.integers(3, size=samples)
    ever = [np.zeros(layer.connections, bool) for layer in net.sparse]
    for b in range(samples):
        run_batch(net, x[b : b + 1], y[b : b + 1])
        for alive, layer in zip(ever, net.sparse, strict=True):
            alive |= layer.gradient != 0
    assert dead_connections(net, x, y) == pytest.approx(1 - np.concatenate(ever).mean(), abs=1e-12)


def test_densities_are_a_row_for_every_weight_layer():
    sparse = SparseLinear(CSR.from_dense([[1.0, 0, 0, 2]]))
    assert Network([sparse, Linear(np.ones((3, 1)))]).densities == [0.5, 1.0]


def test_half_width_is_students_and_nan_for_a_single_run():
    """Of 1, 2, 3: s = 1, t₀.₉₇₅(2) = 4.302653, /√3."""
    assert half_width([1.0, 2, 3]) == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert np.isnan(half_width([0.5]))


# Exploration


def test_exploration_by_hand():
    """4 and 2 places. At first 1 and 1 active; then another in the first layer; then back, which adds nothing."""
    net = network([[1, 0], [0, 0]], [[1, 0]])
    explored = Explored(net)
    for born, ratios, ratio in [(None, [1 / 4, 1 / 2], 2 / 6), (3, [2 / 4, 1 / 2], 3 / 6), (0, [2 / 4, 1 / 2], 3 / 6)]:
        if born is not None:
            net.sparse[0].rewire(np.array([0]), np.array([born]))
            explored.add(net)
        assert (explored.ratios(), explored.ratio) == (ratios, ratio)


@given(st.lists(st.sets(st.integers(0, 19), min_size=1), min_size=1, max_size=6))
@checked
def test_what_was_ever_active_is_the_union_over_time(masks):
    def layered(mask):
        W = np.zeros(20)
        W[list(mask)] = 1
        return network(W.reshape(4, 5))

    explored = Explored(layered(masks[0]))
    for mask in masks[1:]:
        explored.add(layered(mask))
    assert explored.keys[0].tolist() == sorted(set().union(*masks))
    assert explored.ratio == len(set().union(*masks)) / 20


def test_rigl_explores_and_static_does_not():
    data = clusters(40, 2, noise=1.0)
    for name in ("static", "rigl"):
        net = minidst.mlp((6, 8, 2), density=0.3, method=name)
        explored = Explored(net)
        for _ in minidst.train(net, data, method(name, schedule=Cosine(0.3, 2)), minidst.Config(epochs=4, batch=8)):
            explored.add(net)
        assert (explored.ratio == net.connections / 64) == (name == "static")
        assert net.connections / 64 <= explored.ratio <= 1


def test_another_network_is_not_the_one_that_was_explored():
    explored = Explored(network(np.eye(2)))
    with refused("layers are [(3, 2)] and were [(2, 2)]"):
        explored.add(network(np.eye(3, 2)))


# Ranks


def naive_spearman(a, b):
    """Pearson's correlation of mean ranks, from counts of smaller and equal numbers."""
    ranks = [[sum(y < x for y in v) + (sum(y == x for y in v) - 1) / 2 for x in v] for v in (a, b)]
    deviations = [np.array(r) - np.mean(r) for r in ranks]
    return float(deviations[0] @ deviations[1] / math.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum()))


@given(st.integers(0, 2**32 - 1), st.sampled_from([grabo, l2, graest, synflow]))
@checked
def test_rank_correlation_is_that_of_the_mean_ranks_of_all_absent_pairs(seed, guide):
    net = after_a_batch((6, 5, 3), seed, 0.3, B=8)
    layer = net.sparse[0]
    nabla = np.abs(layer.DY @ layer.X.T)
    site = minidst.dst.GrowthContext(layer.shape, layer.W.keys(), layer.X, layer.DY, net, layer)
    found = rank_correlation(net, layer, guide, rng(seed))
    f, g = guide(site, rng(seed))
    outer, free = np.outer(g, f), layer.W.to_dense() == 0
    if len(set(outer[free])) > 1:
        assert found == pytest.approx(naive_spearman(outer[free].tolist(), nabla[free].tolist()), abs=1e-9)
    else:
        assert found == 0


@pytest.mark.parametrize(("guide", "B", "rho"), [(grabo, 1, 1), (l2, 1, 1), (graest, 1, 1), (uniform, 8, 0)])
def test_of_one_sample_every_guide_ranks_as_the_gradient_does_and_a_uniform_one_never(guide, B, rho):
    net = after_a_batch((6, 5, 3), 1, 0.3, B)
    assert rank_correlation(net, net.sparse[0], guide, rng(0)) == pytest.approx(rho, abs=1e-12 * rho)


def test_a_sample_of_pairs_comes_near_the_correlation_of_all():
    """30 000 absent pairs, 5000 drawn: the error of ρ is some 1/√5000 = .014."""
    net = after_a_batch((200, 160, 3), 2, 0.05, B=8)
    every, some = (rank_correlation(net, net.sparse[0], l2, rng(0), n) for n in (10**6, 5000))
    assert 0.3 < every < 1
    assert 0 < abs(some - every) < 0.07


def test_a_layer_with_nothing_to_rank_is_refused():
    net = after_a_batch((6, 5, 3), 1, 0.3, B=8)
    with refused("pairs 1 leave 1 to rank; at least 2"):
        rank_correlation(net, net.sparse[0], l2, rng(0), pairs=1)


# FLOPs


@pytest.mark.parametrize("name", METHODS)
def test_the_flops_of_a_record_agree_with_what_it_does(name):
    """Scoring all absent connections costs f_D; scoring a sample of them, |S|."""
    record = METHODS[name]

    def flops(f_D=1e6, S=500.0):
        return training_flops(record, 1e4, f_D, 100, S)

    assert flops() >= 2e4  # forward and error backward are always paid
    assert (flops(S=600.0) > flops()) == isinstance(record.candidates, GuidedSample)
    if record.candidates is all_absent:
        assert flops(f_D=2e6) > flops()
    if record.candidates is None and record.update is None:
        assert flops() == 3e4


def test_gse_that_looks_at_everything_costs_what_rigl_costs_and_at_nothing_what_set_costs():
    f_S, f_D, every = 200, 5000, 30
    absent = (f_D - f_S) / 2
    rigl, gse, set_ = (METHODS[name] for name in ("rigl", "gse-grabo", "set"))
    assert training_flops(gse, f_S, f_D, every, absent) == pytest.approx(training_flops(rigl, f_S, f_D, every))
    assert training_flops(gse, f_S, f_D, every, 0) == training_flops(set_, f_S, f_D)


def test_flops_by_hand():
    """One forward pass is two operations for every connection.

    f_S = 10, f_D = 100: RigL with ΔT = 9 has (270 + 20 + 100)/10 = 39; GSE with |S| = 20 has 30 + 40/10 = 34.
    """
    net = network([[1, 0, 2], [0, 0, 3]], [[1, 0]])
    assert (inference_flops(net), dense_flops(net)) == (8, 16)
    assert training_flops(METHODS["rigl"], 10, 100, 9) == 39
    assert training_flops(METHODS["gse-l2"], 10, 100, 9, 20) == 34
    assert training_flops(micro_batched(method("gse-l2"), 4), 10, 100, 9, 20) == 34 + 30 / 10
    assert training_flops(method("rigl", schedule=Cosine(0.3, 9)), 10, 100) == 39
    assert run_flops(METHODS["rigl"], [5, 5, 5], 50, 100, 9) == 3 * 50 * 39
    assert run_flops(METHODS["static"], [50, 20, 5], 7, 100) == 7 * 3 * (100 + 40 + 10)


def test_a_formula_without_a_number_that_it_needs_is_refused():
    record = replace(METHODS["rigl"], schedule=METHODS["set"].schedule)  # an update every epoch
    for each_epoch in (record, method("rigl", schedule=Cosine(0.3, "epoch"))):
        with refused("needs a value for ΔT; give every="):
            training_flops(each_epoch, 1, 2)
    with refused("needs a value for S; give"):
        training_flops(METHODS["gse-grabo"], 1, 2)
    assert training_flops(record, 1, 2, every=10) == (30 + 2 + 2) / 11
