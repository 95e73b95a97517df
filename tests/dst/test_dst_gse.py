"""Guided stochastic exploration: what its distributions know of the gradient, and what it draws from them."""

from itertools import pairwise, product
from math import ceil, sqrt

import naive
import numpy as np
import pytest
from builders import after_a_batch, rng, stacked
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from strategies import DTYPES, Told
from strategies_dst import bare_context, contexts, free_of, lists_of, seeds, spied

from minidst import CSR, Config, Dataset, Network, mlp, train
from minidst.dst import Constant, Exchange, GrowthContext, GuidedSample, grow, method, micro_batched, update_topology
from minidst.dst.papers.gse import gse
from minidst.dst.papers.gse.distributions import Sketch, Tally, four_wise, grabo, graest, graest_four_wise, l2, uniform
from minidst.dst.papers.gse.gse import _endpoints
from minidst.dst.papers.gse.synflow import synflow
from minidst.kernels import sketch
from minidst.nn import CrossEntropy, Linear, SparseLinear

NOTHING = np.empty(0, np.int64)


@st.composite
def batches(draw, most_B=8, dtypes=DTYPES):
    """(h, δ): eighths from −4 to 4, so that their products are exact too; one column per sample."""
    B, dtype, numbers = draw(st.integers(1, most_B)), draw(st.sampled_from(dtypes)), rng(draw(seeds))
    return tuple((numbers.integers(-32, 33, (draw(st.integers(1, 5)), B)) / 8).astype(dtype) for _ in "hδ")


def on(guide, X, DY, draw=None):
    return guide(GrowthContext((len(DY), len(X)), NOTHING, X, DY), draw)


# --- distributions ----------------------------------------------------------------------------------------------------
@given(batches())
def test_grabo_and_l2_are_norms_and_uniform_is_constant(batch):
    """How they bound the gradient is theorem 1 (tests/theory)."""
    X, DY = batch
    for H, f, euclidean in zip(batch, on(grabo, X, DY), on(l2, X, DY), strict=True):
        assert f.tolist() == naive.l1(H)
        np.testing.assert_allclose(euclidean, naive.l2(H), rtol=1e-7 if H.dtype == np.float32 else 1e-15)
        assert H.shape[1] > 1 or f.tolist() == euclidean.tolist()
        assert f.dtype == euclidean.dtype == np.float64
    f, g = on(uniform, X, DY)
    assert len(set(f)) == len(set(g)) == 1
    assert (f.size, g.size) == (len(X), len(DY))


def test_l2_sees_a_gradient_whose_square_is_too_small_for_float32():
    """δ = (1e-30, 0): every gradient lies at output 0; (1e-30)² is 0 in float32, and output 1 is as likely as 0."""
    X, DY = np.ones((2, 3), np.float32), np.array([[1e-30] * 3, [0.0] * 3], np.float32)
    g = on(l2, X, DY)[1]
    assert g[1] == 0
    np.testing.assert_allclose(g[0], sqrt(3) * 1e-30, rtol=1e-6, atol=0)


@given(batches(most_B=6))
def test_graest_is_the_sketch_of_its_signs_which_h_and_delta_share(batch):
    """|hs| and |δs| for every s ∈ {−1, 1}^B; what its mean and variance are then is theorem 2 (tests/theory)."""
    X, DY = batch
    for s in product((-1, 1), repeat=X.shape[1]):
        told = Told([0.25 if sign < 0 else 0.75 for sign in s])
        f, g = on(graest, X, DY, told)
        assert f.tolist() == naive.signed(X, s)
        assert g.tolist() == naive.signed(DY, s)
        assert told.lists == []  # one draw of B signs for both


@pytest.mark.slow
def test_every_sign_vector_is_equally_likely():
    """|±1 ± 2 ± 4| is 1, 3, 5 or 7, each for two of the eight sign vectors; χ², 3 degrees of freedom, P = 1e-6."""
    X, draw = np.array([[1.0, 2.0, 4.0]]), rng(9)
    drawn = np.array([on(graest, X, X, draw)[0].item() for _ in range(20_000)])
    counts = np.array([(drawn == value).sum() for value in (1, 3, 5, 7)])
    assert counts.sum() == 20_000
    assert ((counts - 5000) ** 2 / 5000).sum() < chi2.isf(1e-6, 3)


# --- signs over micro-batches and from four numbers -------------------------------------------------------------------
def whole_batch(B, seed):
    draw = rng(seed)
    return draw.integers(-4, 5, (3, B)).astype(float), draw.integers(-4, 5, (2, B)).astype(float)


def estimate(X, DY, signs, cut):
    """(hs)(δs)ᵀ with these signs, GraEst before its absolute values, from the batch in two parts."""
    given_signs = Sketch("given", sketch.signed, finish=lambda sums: sums, signs=lambda B, draw: np.array(signs, float))
    tally = Tally(given_signs, (len(DY), len(X)), X.shape[1], rng())
    for part in zip(np.split(X, [cut], axis=1), np.split(DY, [cut], axis=1), strict=True):
        tally.add(*map(np.ascontiguousarray, part))
    return np.outer(*tally.finished())


@given(st.integers(2, 6), st.integers(1, 5), seeds)
def test_over_micro_batches_the_estimate_is_unbiased_exactly_if_each_sample_keeps_its_sign(B, cut, seed):
    X, DY = whole_batch(B, seed)
    total = sum(estimate(X, DY, s, min(cut, B - 1)) for s in product((-1, 1), repeat=B))
    np.testing.assert_array_equal(total, 2**B * (X @ DY.T))


@given(st.integers(1, 4), seeds)
def test_the_same_signs_for_every_micro_batch_bias_the_estimate_by_the_products_they_do_not_tell_apart(b, seed):
    """E = Σ_i x_i y_i + Σ (x_i y_{i+b} + x_{i+b} y_i), exactly: samples i and i + b share a sign, and s² = 1."""
    X, DY = whole_batch(2 * b, seed)
    total = sum(estimate(X, DY, s * 2, b) for s in product((-1, 1), repeat=b))
    bias = X[:, :b] @ DY[:, b:].T + X[:, b:] @ DY[:, :b].T
    np.testing.assert_array_equal(total, 2**b * (X @ DY.T + bias))


def test_four_wise_graest_draws_four_numbers_and_shares_signs_between_h_and_delta():
    X, DY = whole_batch(6, 1)
    draw, twin = rng(5), rng(5)
    f, g = on(graest_four_wise, X, DY, draw)
    s = np.empty(6)
    sketch.four_wise(twin.integers(2**61 - 1, size=4), 61, s)
    assert draw.random() == twin.random()
    np.testing.assert_array_equal(f, np.abs(X @ s))
    np.testing.assert_array_equal(g, np.abs(DY @ s))
    assert set(four_wise(1000, draw)) == {-1, 1}


# --- SynFlow ----------------------------------------------------------------------------------------------------------
def context_in(net, l):
    layer = net.weighted[l]
    n_out, n_in = layer.shape
    return GrowthContext(layer.shape, NOTHING, np.empty((n_in, 0)), np.empty((n_out, 0)), net, layer)


@given(lists_of(2, 6, 5), seeds, st.data())
def test_synflow_is_equation_3_in_any_mixture_of_sparse_and_dense_layers(sizes, seed, data):
    """Products of whole matrices, in the papers' orientation θ = Wᵀ; exact in float64."""
    draw = rng(seed)
    W = [draw.integers(-3, 4, (n_out, n_in)).astype(float) for n_in, n_out in pairwise(sizes)]
    net = Network([Linear(w) if data.draw(st.booleans()) else SparseLinear(CSR.from_dense(w)) for w in W])
    for l, layer in enumerate(net.weighted):
        if not isinstance(layer, SparseLinear):
            continue
        before, after = np.ones(sizes[0]), np.ones(sizes[-1])
        for w in W[:l]:
            before = before @ np.abs(w).T
        for w in W[:l:-1]:
            after = np.abs(w).T @ after
        for found, expected in zip(synflow(context_in(net, l), draw), (before, after), strict=True):
            assert found.dtype == np.float64
            np.testing.assert_allclose(found / (found.sum() or 1), expected / (expected.sum() or 1), rtol=1e-12)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_three_hundred_layers_of_extreme_weights_neither_overflow_nor_vanish(size):
    W = np.array([[1, 1, 0], [0, 2, 1], [1, 0, 3]], np.float32)
    layers = [SparseLinear(CSR.from_dense(W * np.float32(size))) for _ in range(300)]
    f, g = synflow(context_in(Network(layers), 150), rng())
    np.testing.assert_allclose([f.sum(), g.sum()], 1, rtol=1e-12)
    eigenvalues, vectors = np.linalg.eig(W)
    flow = np.abs(vectors[:, eigenvalues.real.argmax()])
    np.testing.assert_allclose(f, flow / flow.sum(), rtol=1e-6)  # power iteration


def test_where_no_path_leads_the_sample_is_uniform():
    """The first layer's only connection ends at output 0, the second's starts at input 1: nothing flows through."""
    last = context_in(stacked([[1, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 1]]), 2)
    assert not synflow(last, rng())[0].any()
    S = GuidedSample(synflow, 9)(last, 1, rng(1))
    np.testing.assert_array_equal(S, GuidedSample(uniform, 9)(last, 1, rng(1)))


def test_layers_choose_from_the_network_as_it_was_before_any_of_them_changed():
    """Under SynFlow layer 2 looks at layer 1, which the same update rewires."""
    net, seen = after_a_batch((5, 6, 4), 3, B=8), []
    before = [synflow(context_in(net, l), rng()) for l in (0, 1)]

    def spy(context, draw):
        seen.append(synflow(context, draw))
        return seen[-1]

    update_topology(net, method("gse-synflow", candidates=GuidedSample(spy)), 0.5, rng())
    for found, expected in zip(seen, before, strict=True):
        for flow, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(flow, other)


# --- drawing endpoints ------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 5), min_size=1, max_size=7))
def test_the_unit_interval_is_divided_in_proportion_to_the_weights_exactly_and_evenly_where_all_are_zero(weights):
    """The midpoints of Σw equal pieces of [0, 1) fall on every unit exactly as often as its weight says."""
    expected = weights if any(weights) else [1] * len(weights)
    drawn = _endpoints(np.array(weights, float), sum(expected), Told(midpoints(expected)))
    assert np.bincount(drawn, minlength=len(weights)).tolist() == expected


@given(st.lists(st.sampled_from([0, 1, 2, 4]), min_size=1, max_size=5).filter(any))
def test_no_draw_ever_falls_on_a_unit_of_weight_zero_or_outside(weights):
    """Also at the very borders: 0, every cumulative share, and the largest number below 1."""
    w = np.array(weights, float)
    borders = np.cumsum(w)[:-1] / w.sum()
    u = np.concatenate([[0.0], borders[borders < 1], [np.nextafter(1, 0)]])
    drawn = _endpoints(w, u.size, Told(u))
    assert (drawn < w.size).all()
    assert (w[drawn] > 0).all()


@given(st.integers(1, 60), st.integers(0, 3), st.sampled_from([5e-324, 1e-320, 1e-300, 0.1, 1e300]))
def test_a_draw_that_rounds_up_to_the_total_still_falls_on_the_last_live_unit(live, dead, weight):
    """u·Σw < Σw for every u that a generator gives, unless Σw is subnormal: there (1 − 2⁻⁵³)·Σw = Σw."""
    w = np.concatenate([np.full(live, weight), np.zeros(dead)])
    assert _endpoints(w, 1, Told([np.nextafter(1, 0)])).item() == live - 1


# --- the sample -------------------------------------------------------------------------------------------------------
def midpoints(weights):
    """The uniforms that stand for every unit as often as its weight."""
    total = sum(weights)
    return [(i + 0.5) / total for i in range(total)]


def test_one_draw_is_the_pair_a_b_with_probability_f_a_times_g_b_exactly():
    """All 8·4 pairs of uniforms: connection (b, a) comes f_a·g_b of 32 times, and what is excluded never."""
    f, g, excluded = [1, 4, 3], [3, 1], 4  # key 4 is output 1, input 1
    times = dict.fromkeys(range(6), 0)
    sample = GuidedSample(lambda context, draw: (np.array(f, float), np.array(g, float)), gamma=1)
    for v, u in product(midpoints(g), midpoints(f)):
        S = sample(bare_context(2, 3, [excluded]), 1, Told([v], [u]))
        assert S.size <= 1
        for key in S.tolist():
            times[key] += 1
    assert times == {b * 3 + a: 0 if b * 3 + a == excluded else f[a] * g[b] for b in range(2) for a in range(3)}


@pytest.mark.parametrize("distribution", [uniform, grabo, graest, l2])
@given(contexts(), st.floats(0.1, 5), seeds)
def test_a_sample_is_distinct_sorted_free_and_no_larger_than_its_draws(distribution, context, gamma, seed):
    S = GuidedSample(distribution, gamma)(context, 1, rng(seed))
    assert (np.diff(S) > 0).all()
    assert set(S.tolist()) <= set(free_of(context))
    assert S.size <= ceil(gamma * context.excluded.size)


@pytest.mark.parametrize(
    ("gamma", "active", "draws"),
    [(1, 3, 3), (0.5, 3, 2), (2.5, 3, 8), (0.01, 3, 1), (0.07, 100, 7), (0.14, 50, 7), (0.5, 7, 4)],
)
def test_there_are_gamma_times_the_active_connections_draws_rounded_up(gamma, active, draws):
    """0.07·100 is 7.000000000000001 in float64 and means 7; `Told` accepts no other number."""
    u = np.linspace(0, 0.99, draws)
    S = GuidedSample(uniform, gamma)(bare_context(10, 20, np.arange(active)), 1, Told(u, u))
    assert S.size <= draws


@pytest.mark.parametrize("piece", [1, 3, 7])
def test_a_sample_and_its_gradient_are_the_same_in_whatever_pieces_they_are_found(piece, monkeypatch):
    """The uniforms of all outputs come before those of all inputs, as if each were drawn at once."""
    draw = rng(6)
    X, DY = draw.integers(-4, 5, (9, 4)).astype(float), draw.integers(-4, 5, (8, 4)).astype(float)
    context, sample = GrowthContext((8, 9), np.array([0, 5, 40, 71]), X, DY), GuidedSample(l2, 6.5)
    whole = sample(context, 1, rng(7))
    monkeypatch.setattr(gse, "PIECE", piece)
    monkeypatch.setattr(grow, "PIECE", piece)
    np.testing.assert_array_equal(sample(context, 1, rng(7)), whole)
    np.testing.assert_array_equal(grow.gradient_at(X, DY, whole), (DY @ X.T).reshape(-1)[whole])


@pytest.mark.parametrize("distribution", [grabo, graest, l2])
def test_a_dead_layer_is_explored_uniformly(distribution):
    """h = 0, δ = 0: the same draws as with `uniform`, from the same uniforms."""
    told = [[0.1, 0.4, 0.8], [0.2, 0.6, 0.9]]
    context = GrowthContext((3, 4), np.array([0, 1, 5]), np.zeros((4, 2)), np.zeros((3, 2)))
    signs = [[0.1, 0.9]] if distribution is graest else []
    S = GuidedSample(distribution)(context, 1, Told(*signs, *told))
    np.testing.assert_array_equal(S, GuidedSample(uniform)(context, 1, Told(*told)))
    np.testing.assert_array_equal(S, [6, 11])  # outputs 0, 1, 2 and inputs 0, 2, 3: (0, 0) is active


# --- the update -------------------------------------------------------------------------------------------------------
class Counting:
    """A Generator that writes down how many uniforms it was asked for, and gives the middle ones."""

    def __init__(self):
        self.asked = []

    def random(self, n):
        self.asked.append(n)
        return (np.arange(n) + 0.5) / max(n, 1)


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        # ten pairs for every pruned connection, shared out by the size of layers: 5.6 and 1.4 of 7
        (method("gse-2022"), [60, 60, 10, 10]),
        # γ counts from all active ones, though those pruned are free to return: 24 and 6 pairs, not 19 and 4
        (method("gse-uniform", order="prune_then_grow", regrow_pruned=True), [24, 24, 6, 6]),
        # one pair for every pruned one, of the layer itself: |S| ≤ |P|, all of S is grown, and that is SET's growth
        (method("gse-uniform", candidates=GuidedSample(uniform, 1, "pruned")), [5, 5, 2, 2]),
    ],
)
def test_how_many_pairs_are_drawn(record, asked):
    """Layers of 6·8 and 2·6 places with 24 and 6 connections: k = 5 + 2 = 7 at α = .2."""
    net, counting = after_a_batch((8, 6, 2), density=0.5), Counting()
    assert [layer.connections for layer in net.sparse] == [24, 6]
    done = update_topology(net, record, 0.2, counting)
    assert counting.asked == asked
    assert 0 < done.grown == done.pruned <= 7
    assert done.grown <= done.considered <= sum(asked) / 2
    assert done.grown == done.considered or sum(asked) > 14


@given(seeds, st.floats(0.01, 1), st.sampled_from(["gse-2022", "gse-grabo"]))
def test_what_an_update_reports_are_the_effective_sizes_of_s_and_g(seed, fraction, name):
    """|S| after repeats and active ones are gone, of all layers together; k = min(wanted, |S|)."""
    net = after_a_batch((7, 6, 5), seed)
    record, seen = spied(method(name))
    before = [layer.W.keys() for layer in net.sparse]
    sizes = [keys.size for keys in before]
    done = update_topology(net, record, fraction, rng(seed))
    drawn = [S.size for _, _, S in seen]
    wanted = [int(np.ceil(fraction * nnz)) for nnz in sizes]
    k = min(sum(wanted), sum(drawn)) if name == "gse-2022" else sum(map(min, wanted, drawn))
    assert done == Exchange(k, k, sum(drawn))
    gone = sum(np.setdiff1d(keys, layer.W.keys()).size for keys, layer in zip(before, net.sparse, strict=True))
    assert gone == k
    assert net.connections == sum(sizes)


class ByColumns(CrossEntropy):
    def __call__(self, Z, y):
        loss, DZ = super().__call__(Z, y)
        return loss, np.asfortranarray(DZ)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gse-uniform", "gse-grabo", "gse-graest", "gse-l2", "gse-2022", "rigl"])
@pytest.mark.parametrize("micro_batches", [1, 3])
def test_a_loss_whose_gradient_lies_column_by_column_changes_nothing(name, micro_batches):
    record, topologies = method(name, schedule=Constant(0.3, 2)), []
    if micro_batches > 1 and name != "rigl":
        record = micro_batched(record, micro_batches)
    for loss in (CrossEntropy(), ByColumns()):
        net = mlp((9, 8, 4), density=0.4, method=record, loss=loss)
        x, y = rng(3).standard_normal((400, 9), np.float32), np.arange(400) % 4
        for _ in train(net, Dataset(x, y, x, y, 4, "noise"), record, Config(epochs=2, batch=100)):
            pass
        topologies.append([layer.W.keys().tolist() for layer in net.sparse])
    assert topologies[0] == topologies[1]
