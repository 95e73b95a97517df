"""Guided exploration beyond one layer and one batch: SynFlow, the earlier paper, four-wise signs, micro-batches."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidst
from minidst import CSR, Config, Dataset, Network
from minidst.dst import (
    Cosine,
    Exchange,
    GrowthContext,
    GuidedSample,
    all_absent,
    method,
    micro_batched,
    update_topology,
)
from minidst.dst.method import name_of
from minidst.dst.papers.gse.distributions import (
    Sketch,
    Tally,
    four_wise,
    grabo,
    graest,
    graest_four_wise,
    l2,
    uniform,
)
from minidst.dst.papers.gse.micro_batches import MicroBatches
from minidst.dst.papers.gse.synflow import synflow
from minidst.dst.prune import snip
from minidst.kernels import sketch
from minidst.nn import Linear, MeanSquaredError, ReLU, SparseLinear
from minidst.training.loop import Batch

small = pytest.mark.small
checked = settings(deadline=None, max_examples=25)
seeds = st.integers(0, 2**32 - 1)


def rng_of(seed=0):
    return np.random.default_rng(seed)


def network(sizes, seed, density=0.4, loss=None):
    """Sparse layers in float64, each with at least one connection, with ReLU between."""
    net = minidst.mlp(sizes, density=density, seed=seed, dtype=np.float64, allocation="uniform", loss=loss)
    assert all(0 < layer.W.density < 1 for layer in net.sparse)
    return net


def stacked(*weights):
    layers = [SparseLinear(CSR.from_dense(np.asarray(W, float))) for W in weights]
    return Network([part for layer in layers for part in (layer, ReLU())][:-1])


def site_of(net, l):
    layer = net.weighted[l]
    return GrowthContext(
        layer.shape, np.empty(0, np.int64), np.empty((layer.shape[1], 0)), np.empty((layer.shape[0], 0)), net, layer
    )


def scaled(flow):
    return flow / flow.sum()


class Spy(GuidedSample):
    """Writes down every f, g and S."""

    def draw(self, site, k, f, g, rng):
        S = super().draw(site, k, f, g, rng)
        self.seen.append((f, g, S))
        return S

    @classmethod
    def on(cls, record):
        spy = cls(*vars(record.candidates).values())
        object.__setattr__(spy, "seen", [])
        return replace(record, candidates=spy), spy.seen


# --- SynFlow ----------------------------------------------------------------------------------------------------------


@small
def test_synflow_by_hand():
    """The docstring's: W⁽¹⁾ = [[2, −1], [0, .5]], W⁽²⁾ = [[1, −3]]."""
    net = stacked([[2, -1], [0, 0.5]], [[1, -3]])
    f, g = synflow(site_of(net, 0), rng_of())
    np.testing.assert_array_equal(scaled(f), [1 / 2, 1 / 2])
    np.testing.assert_array_equal(g, [1 / 4, 3 / 4])
    f, g = synflow(site_of(net, 1), rng_of())
    np.testing.assert_allclose(f, [6 / 7, 1 / 7], rtol=1e-15)
    np.testing.assert_array_equal(g, [1])


@small
@given(st.lists(st.integers(2, 6), min_size=2, max_size=5), seeds, st.data())
@checked
def test_synflow_is_equation_3_in_any_mixture_of_sparse_and_dense_layers(sizes, seed, data):
    """Products of whole matrices, in the papers' orientation θ = Wᵀ; exact in float64."""
    rng = rng_of(seed)
    W = [rng.integers(-3, 4, (n_out, n_in)).astype(float) for n_in, n_out in pairwise(sizes)]
    net = Network([Linear(w) if data.draw(st.booleans()) else SparseLinear(CSR.from_dense(w)) for w in W])
    for l, layer in enumerate(net.weighted):
        if not isinstance(layer, SparseLinear):
            continue
        before, after = np.ones(sizes[0]), np.ones(sizes[-1])
        for w in W[:l]:
            before = before @ np.abs(w).T
        for w in W[:l:-1]:
            after = np.abs(w).T @ after
        for found, expected in zip(synflow(site_of(net, l), rng), (before, after), strict=True):
            assert found.dtype == np.float64
            np.testing.assert_allclose(found / (found.sum() or 1), expected / (expected.sum() or 1), rtol=1e-12)


@small
@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_three_hundred_layers_of_extreme_weights_neither_overflow_nor_vanish(size):
    W = np.array([[1, 1, 0], [0, 2, 1], [1, 0, 3]], np.float32)
    layers = [SparseLinear(CSR.from_dense(W * np.float32(size))) for _ in range(300)]
    f, g = synflow(site_of(Network(layers), 150), rng_of())
    np.testing.assert_allclose([f.sum(), g.sum()], 1, rtol=1e-12)
    eigenvalues, vectors = np.linalg.eig(W)
    np.testing.assert_allclose(f, scaled(np.abs(vectors[:, eigenvalues.real.argmax()])), rtol=1e-6)  # power iteration


@small
def test_where_no_path_leads_the_sample_is_uniform():
    """The first layer's only connection ends at output 0, the second's starts at input 1: nothing flows through."""
    net = stacked([[1, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 1]])
    assert not synflow(site_of(net, 2), rng_of())[0].any()
    S = GuidedSample(synflow, 9)(site_of(net, 2), 1, rng_of(1))
    np.testing.assert_array_equal(S, GuidedSample(uniform, 9)(site_of(net, 2), 1, rng_of(1)))


@small
def test_synflow_without_a_network_says_what_to_do():
    bare = GrowthContext((2, 2), np.empty(0, np.int64), np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"synflow needs the whole network.*update\(net"):
        synflow(bare, rng_of())


@small
def test_layers_choose_from_the_network_as_it_was_before_any_of_them_changed():
    """Under SynFlow layer 2 looks at layer 1, which the same update rewires."""
    net, seen = run_batch(network((5, 6, 4), 3), *batch((5, 6, 4), 8, 3)), []
    before = [synflow(site_of(net, l), rng_of()) for l in (0, 1)]

    def spy(site, rng):
        seen.append(synflow(site, rng))
        return seen[-1]

    update_topology(net, method("gse-synflow", candidates=GuidedSample(spy)), 0.5, rng_of())
    for found, expected in zip(seen, before, strict=True):
        for flow, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(flow, other)


# --- the earlier paper ------------------------------------------------------------------------------------------------


class Counting:
    """A Generator that writes down how many uniforms it was asked for, and gives the middle ones."""

    def __init__(self):
        self.asked = []

    def random(self, n):
        self.asked.append(n)
        return (np.arange(n) + 0.5) / max(n, 1)


@small
def test_the_record_of_the_earlier_paper():
    record = method("gse-2022")
    assert record.scope == "global"
    assert record.candidates == GuidedSample(grabo, 10, "pruned")
    assert (record.schedule.alpha, record.schedule.every, record.regrow_pruned) == (0.2, 1000, False)
    assert name_of(record.candidates) == "grabo sample, 10 per pruned"
    assert name_of(GuidedSample(graest_four_wise, 0.5)) == "graest four-wise sample, γ = 0.5"


@small
def test_ten_pairs_are_drawn_for_every_pruned_connection_shared_out_by_the_size_of_layers():
    """Layers of 6·8 and 2·6 places with 24 and 6 connections: k = 5 + 2 = 7 at α = .2, shares 5.6 and 1.4 of 7."""
    net = run_batch(network((8, 6, 2), 0, 0.5), *batch((8, 6, 2), 4, 0))
    assert [layer.connections for layer in net.sparse] == [24, 6]
    counting = Counting()
    done = update_topology(net, method("gse-2022"), 0.2, counting)
    assert counting.asked == [60, 60, 10, 10]
    assert done.pruned == done.grown <= 7
    assert done.considered <= 70


@small
def test_gamma_counts_from_all_active_connections_even_where_pruned_ones_may_return():
    """24 and 6 active, of which 5 and 2 are pruned and free to return: 24 and 6 pairs, not 19 and 4."""
    net, counting = run_batch(network((8, 6, 2), 0, 0.5), *batch((8, 6, 2), 4, 0)), Counting()
    update_topology(net, method("gse-uniform", order="prune_then_grow", regrow_pruned=True), 0.2, counting)
    assert counting.asked == [24, 24, 6, 6]


@small
@given(seeds, st.floats(0.01, 1), st.sampled_from(["gse-2022", "gse-grabo"]))
@checked
def test_what_an_update_reports_are_the_effective_sizes_of_s_and_g(seed, fraction, name):
    """|S| after repeats and active ones are gone, of all layers together; k = min(wanted, |S|)."""
    net = run_batch(network((7, 6, 5), seed), *batch((7, 6, 5), 4, seed))
    record, seen = Spy.on(method(name))
    before = [layer.W.keys() for layer in net.sparse]
    sizes = [keys.size for keys in before]
    done = update_topology(net, record, fraction, rng_of(seed))
    drawn = [S.size for _, _, S in seen]
    wanted = [int(np.ceil(fraction * nnz)) for nnz in sizes]
    k = min(sum(wanted), sum(drawn)) if name == "gse-2022" else sum(map(min, wanted, drawn))
    assert done == Exchange(k, k, sum(drawn))
    gone = sum(np.setdiff1d(keys, layer.W.keys()).size for keys, layer in zip(before, net.sparse, strict=True))
    assert gone == k
    assert net.connections == sum(sizes)


@small
@pytest.mark.parametrize("gamma", [0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("per", ["active", "pruned"])
def test_gamma_must_be_a_positive_number(gamma, per):
    with pytest.raises(ValueError, match=rf"gamma {gamma} must lie in \(0, ∞\)"):
        GuidedSample(uniform, gamma, per)


@small
def test_fewer_candidates_than_pruned_connections_and_unknown_sizes_are_refused():
    with pytest.raises(ValueError, match=r"gamma 0.5 per pruned connection .* at least 1"):
        GuidedSample(uniform, 0.5, "pruned")
    with pytest.raises(ValueError, match="per 'all' is unknown; choose one of active, pruned"):
        GuidedSample(uniform, 1, "all")


@small
def test_a_multiple_of_one_looks_at_no_more_than_it_prunes():
    """|S| ≤ |P|: all of S is grown, the gradient decides nothing, and that is SET's growth."""
    net = run_batch(network((8, 6, 2), 0, 0.5), *batch((8, 6, 2), 4, 0))
    done = update_topology(net, method("gse-uniform", candidates=GuidedSample(uniform, 1, "pruned")), 0.2, rng_of())
    assert 0 < done.grown == done.considered <= 7


# --- signs ------------------------------------------------------------------------------------------------------------


def told(*signs):
    """GraEst before its absolute values, with these signs."""
    return Sketch("told", sketch.signed, finish=lambda sums: sums, signs=lambda B, rng: np.array(signs, float))


def estimate(X, DY, signs, cuts=()):
    """(hs)(δs)ᵀ as whole numbers, from the batch in parts."""
    tally = Tally(told(*signs), (len(DY), len(X)), X.shape[1], rng_of())
    for part in zip(np.split(X, cuts, axis=1), np.split(DY, cuts, axis=1), strict=True):
        tally.add(*map(np.ascontiguousarray, part))
    f, g = tally.finished()
    return np.outer(f, g).astype(int)


def whole_batch(B, seed):
    rng = rng_of(seed)
    return rng.integers(-4, 5, (3, B)).astype(float), rng.integers(-4, 5, (2, B)).astype(float)


@small
@given(st.integers(2, 6), st.integers(1, 5), seeds)
@checked
def test_over_micro_batches_the_estimate_is_unbiased_exactly_if_each_sample_keeps_its_sign(B, cut, seed):
    X, DY = whole_batch(B, seed)
    total = sum(estimate(X, DY, s, [min(cut, B - 1)]) for s in product((-1, 1), repeat=B))
    np.testing.assert_array_equal(total, 2**B * (X @ DY.T).astype(int))


@small
@given(st.integers(1, 4), seeds)
@checked
def test_the_same_signs_for_every_micro_batch_bias_the_estimate_by_the_products_they_do_not_tell_apart(b, seed):
    """E = Σ_i x_i y_i + Σ (x_i y_{i+b} + x_{i+b} y_i), exactly: samples i and i + b share a sign, and s² = 1."""
    X, DY = whole_batch(2 * b, seed)
    total = sum(estimate(X, DY, s * 2, [b]) for s in product((-1, 1), repeat=b))
    bias = X[:, :b] @ DY[:, b:].T + X[:, b:] @ DY[:, :b].T
    np.testing.assert_array_equal(total, 2**b * (X @ DY.T + bias).astype(int))


@small
def test_the_bias_by_hand():
    """h = (1, 2), δ = (3, −1) in two micro-batches of one: ∇ = 1. One sign for both: (±3)(±2) = 6 always."""
    X, DY = np.array([[1.0, 2]]), np.array([[3.0, -1]])
    assert [estimate(X, DY, (s, s), [1]).item() for s in (-1, 1)] == [6, 6]
    assert [estimate(X, DY, s, [1]).item() for s in product((-1, 1), repeat=2)] == [6, -4, -4, 6]


@small
@given(st.integers(1, 7), seeds)
@checked
def test_with_signs_of_a_cubic_the_estimates_bias_is_that_of_their_parity_exactly(B, seed):
    """Over all 7⁴ cubics over GF(7): E = Σ_i x_i y_i + 1/7² Σ_{i≠j} x_i y_j."""
    X, DY = whole_batch(B, seed)
    signs, total = np.empty(B), np.zeros((3, 2), int)
    for c in product(range(7), repeat=4):
        sketch.four_wise(np.array(c), 3, signs)
        total += np.outer(X @ signs, DY @ signs).astype(int)
    nabla = (X @ DY.T).astype(int)
    cross = np.outer(X.sum(axis=1), DY.sum(axis=1)).astype(int) - nabla
    for ab in np.ndindex(3, 2):
        assert Fraction(int(total[ab]), 7**4) == int(nabla[ab]) + Fraction(int(cross[ab]), 49)


@small
def test_four_wise_graest_draws_four_numbers_and_shares_signs_between_h_and_delta():
    X, DY = whole_batch(6, 1)
    site = GrowthContext((2, 3), np.empty(0, np.int64), X, DY)
    rng, twin = rng_of(5), rng_of(5)
    f, g = graest_four_wise(site, rng)
    s = np.empty(6)
    sketch.four_wise(twin.integers(2**61 - 1, size=4), 61, s)
    assert rng.random() == twin.random()
    np.testing.assert_array_equal(f, np.abs(X @ s))
    np.testing.assert_array_equal(g, np.abs(DY @ s))
    assert set(four_wise(1000, rng)) == {-1, 1}


# --- micro-batches ----------------------------------------------------------------------------------------------------


def batch(sizes, B, seed, values=False):
    rng = rng_of(seed)
    y = rng.standard_normal((B, sizes[-1])) if values else rng.integers(0, sizes[-1], B)
    return rng.standard_normal((B, sizes[0])), y


def run_batch(net, x, y):
    _, DZ = net.loss(net.forward(np.ascontiguousarray(x.T, net.dtype)), y)
    net.backward(DZ)
    return net


def whole_and_cut(record, sizes, seed, B, M, loss=None):
    """The same update of the same network twice: from a whole batch, and from that batch cut into M."""
    x, y = batch(sizes, B, seed, values=loss is not None)
    data, found = Dataset(x, y, x, y, 0 if loss else sizes[-1], "toy"), []
    x, y = data.x_train, data.y_train  # now in float32
    for parts in (1, M):
        net = network(sizes, seed, loss=loss)
        spied, seen = Spy.on(record)
        if parts == 1:
            mean, _ = net.loss(net.forward(np.ascontiguousarray(x.T, np.float64)), y)
            done = update_topology(run_batch(net, x, y), spied, 0.4, rng_of(seed))
        else:
            mean, done = MicroBatches(M)(net, spied, Batch(data, np.arange(B), net.dtype), 0.4, rng_of(seed))
        found.append((net, mean, done, seen))
    return found


NAMES = ["gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2", "gse-2022"]


@small
@pytest.mark.parametrize("name", NAMES)
@given(seeds, st.integers(2, 11), st.data())
@checked
def test_a_batch_cut_into_micro_batches_makes_the_update_of_the_whole_batch(name, seed, B, data):
    """The same f and g up to rounding, the same S, P and G, the same loss; 11 samples in 3 parts: 4, 4 and 3."""
    sizes = (5, 4) if name == "gse-graest" else (6, 5, 7, 4)  # GraEst draws the signs of all layers before any S
    M = data.draw(st.integers(2, B))
    (net, mean, done, seen), (cut, cut_mean, cut_done, cut_seen) = whole_and_cut(method(name), sizes, seed, B, M)
    assert done == cut_done
    np.testing.assert_allclose(mean, cut_mean, rtol=1e-12)
    for (f, g, S), (cut_f, cut_g, cut_S) in zip(seen, cut_seen, strict=True):
        np.testing.assert_allclose(cut_f, f, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(cut_g, g, rtol=1e-9, atol=1e-14)
        np.testing.assert_array_equal(cut_S, S)
    for layer, twin in zip(net.sparse, cut.sparse, strict=True):
        np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())
        np.testing.assert_array_equal(layer.weight.values, twin.weight.values)


@small
def test_under_other_losses_and_criteria_too():
    """A squared error is a mean over samples and outputs; SNIP prunes by the gradient of the whole batch."""
    for record, loss in ((method("gse-grabo"), MeanSquaredError()), (method("gse-l2", prune=snip), None)):
        (net, mean, done, _), (cut, cut_mean, cut_done, _) = whole_and_cut(record, (6, 5, 4), 3, 7, 3, loss)
        np.testing.assert_allclose(mean, cut_mean, rtol=1e-12)
        assert done == cut_done
        assert done.grown > 3
        for layer, twin in zip(net.sparse, cut.sparse, strict=True):
            np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())


@small
def test_micro_batches_by_hand():
    """One layer, W = [[1, 0]], squared error, x = (1, 2) to y = 0 and (0, 3) to y = 1; α = 1, so k = 1.

    z = (1, 0), ∂L/∂z = (z − y)·2/2 = (1, −1). ∇ at the absent (0, 1) is 1·2 − 1·3 = −1, from parts 2 and −3; GraBo's
    f = (1, 5) and g = 2. The only candidate is grown: W = [[0, 0]] with (0, 1) active.
    """
    x, y = np.array([[1.0, 2], [0, 3]]), np.array([[0.0], [1]])
    net = Network([SparseLinear(CSR.from_dense([[1.0, 0]]))], MeanSquaredError())
    record, seen = Spy.on(method("gse-grabo", candidates=GuidedSample(grabo, 50)))
    whole = Batch(Dataset(x, y, x, y, 0, "toy"), np.arange(2), net.dtype)
    loss, done = MicroBatches(2)(net, record, whole, 1.0, rng_of())
    [(f, g, S)] = seen
    assert (f.tolist(), g.tolist(), S.tolist()) == ([1, 5], [2], [1])
    assert loss == 1
    assert done == Exchange(1, 1, 1)
    assert net.sparse[0].W.keys().tolist() == [1]


def blobs(n=60):
    rng = rng_of(1)
    y = np.arange(n) % 3
    x = rng.standard_normal((n, 10)) + 2 * rng.standard_normal((3, 10))[y]
    return Dataset(x, y, x, y, 3, "blobs")


CONFIG = Config(epochs=3, batch=16, lr=0.05)  # 60 samples: the last batch of an epoch has 12
SCHEDULE = Cosine(0.4, 2, 0.9)


def trained(record, **changes):
    net = minidst.mlp((10, 9, 8, 3), density=0.3, method=record, seed=5, dtype=np.float64)
    return net, list(minidst.train(net, blobs(), replace(record, schedule=SCHEDULE, **changes), CONFIG))


@pytest.mark.parametrize("name", ["gse-grabo", "gse-synflow", "gse-2022"])
@pytest.mark.parametrize("M", [3, 16, 999])
def test_a_training_with_micro_batches_is_the_training_with_whole_ones(name, M):
    """The same exchanges and connections at every step; 999 micro-batches are as many as there are samples."""
    (net, steps), (cut, cut_steps) = trained(method(name)), trained(micro_batched(method(name), M))
    for step, other in zip(steps, cut_steps, strict=True):
        assert (step.grown, step.pruned, step.considered) == (other.grown, other.pruned, other.considered)
        np.testing.assert_allclose(step.loss, other.loss, rtol=1e-8)
    assert sum(step.grown for step in steps) > 30
    for layer, twin in zip(net.sparse, cut.sparse, strict=True):
        np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())


def test_graest_with_either_signs_trains_in_micro_batches_and_keeps_every_connection_count():
    for guide in (graest, graest_four_wise):
        net, steps = trained(micro_batched(method("gse-graest", candidates=GuidedSample(guide)), 4))
        assert net.connections == net.budget
        assert sum(step.grown for step in steps) > 30


def test_an_update_never_holds_more_than_one_micro_batch_and_other_steps_hold_a_batch(monkeypatch):
    """Batches of 16, 16, 16 and 12 samples, an update at every second step: 16 in five is 4, 3, 3, 3 and 3."""
    record, widths = micro_batched(method("gse-grabo", schedule=SCHEDULE), 5), []
    forward = SparseLinear.forward

    def spy(self, X, training=False):
        widths[-1].append(X.shape[1])
        return forward(self, X, training)

    monkeypatch.setattr(SparseLinear, "forward", spy)
    net = minidst.mlp((10, 9, 8, 3), density=0.3, method=record, seed=5)
    widths.append([])
    updates = 0
    for step in minidst.train(net, blobs(), record, CONFIG):
        B = 12 if step.t % 4 == 3 else 16
        if step.t in (2, 4, 6, 8, 10):
            assert step.considered > 0
            assert widths[-1] == [b for b in (4, 3, 3, 3, 3) for _ in range(3)] * 2  # 3 layers, 2 passes
            updates += 1
        else:
            assert (step.considered, widths[-1]) == (0, [B] * 3)
        widths.append([])
    assert updates == 5


def test_a_loss_that_is_not_finite_in_a_micro_batch_stops_before_anything_is_rewired():
    record, data = micro_batched(method("gse-grabo", schedule=SCHEDULE), 4), blobs()
    net = minidst.mlp((10, 9, 8, 3), density=0.3, method=record, seed=5)
    before = [layer.W.keys().tolist() for layer in net.sparse]
    steps = minidst.train(net, data, record, CONFIG)
    assert [next(steps).considered for _ in range(2)] == [0, 0]
    data.x_train[::2] = np.nan
    with pytest.raises(FloatingPointError, match=r"loss is nan at step 2 \(epoch 1\); the data are not"):
        next(steps)
    assert [layer.W.keys().tolist() for layer in net.sparse] == before


@small
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("rigl", {}),
        ("set", {}),
        ("gse-grabo", {"candidates": all_absent}),
        ("gse-grabo", {"score": None}),
        ("gse-grabo", {"regrow_pruned": True, "order": "prune_then_grow"}),
        ("gse-grabo", {"skip_optimizer_step": False}),
        ("gse-grabo", {"candidates": GuidedSample(lambda site, rng: (site.X.sum(axis=1), site.DY.sum(axis=1)))}),
    ],
)
def test_micro_batches_are_refused_where_the_growth_cannot_be_found_from_parts(name, changes):
    record = method(name, **changes)
    with pytest.raises(ValueError, match=rf"'{name}' cannot take its updates in micro-batches, which need a guided"):
        micro_batched(record, 2)


@small
def test_fewer_than_one_micro_batch_is_refused():
    with pytest.raises(ValueError, match="micro-batches 0 must be a whole number, at least 1"):
        micro_batched(method("gse-grabo"), 0)


@small
def test_l2_and_grabo_of_a_batch_in_parts_by_hand():
    """h = (3, 4) in two parts: |h|1 = 7, and ‖h‖₂ = 5, not 3 + 4."""
    for guide, expected in ((grabo, 7), (l2, 5)):
        tally = Tally(guide, (1, 1), 2, rng_of())
        for x in (3.0, -4.0):
            tally.add(np.array([[x]]), np.array([[x]]))
        assert [sums.item() for sums in tally.finished()] == [expected, expected]


def test_the_history_counts_what_was_looked_at():
    record = method("gse-grabo", schedule=SCHEDULE)
    net, twin = (minidst.mlp((10, 9, 8, 3), density=0.3, method=record, seed=5) for _ in range(2))
    steps = list(minidst.train(net, blobs(), record, CONFIG))
    history = minidst.fit(twin, blobs(), record, CONFIG, progress=False)
    assert [row.considered for row in history.epochs] == [
        sum(step.considered for step in steps if step.epoch == epoch) for epoch in range(3)
    ]
    assert all(row.considered >= row.exchanged for row in history.epochs)
