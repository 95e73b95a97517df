"""Guided stochastic exploration: what its distributions know of the gradient, and what it draws from them."""

from itertools import product
from math import ceil, sqrt

import numpy as np
import pytest
from builders import with_gradient
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from strategies import Told
from strategies_dst import checked, seeds, whole_sites

from minidst import Config, Dataset, mlp, train
from minidst.dst import Constant, GrowthContext, GuidedSample, grow, method, micro_batched
from minidst.dst import exchange as update_topology  # of one layer
from minidst.dst.papers.gse import gse
from minidst.dst.papers.gse.distributions import grabo, graest, l2, uniform
from minidst.dst.papers.gse.gse import _endpoints
from minidst.nn import CrossEntropy

small = pytest.mark.small
NOTHING = np.empty(0, np.int64)
RNG = np.random.default_rng(0)  # for distributions that draw nothing


@st.composite
def batches(draw, most_B=8, dtypes=(np.float32, np.float64)):
    """(h, δ): whole numbers from −4 to 4, one column per sample."""
    B, dtype = draw(st.integers(1, most_B)), draw(st.sampled_from(dtypes))
    rng = np.random.default_rng(draw(seeds))
    n_in, n_out = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return rng.integers(-4, 5, (n_in, B)).astype(dtype), rng.integers(-4, 5, (n_out, B)).astype(dtype)


def on(guide, X, DY, rng):
    return guide(GrowthContext((len(DY), len(X)), NOTHING, X, DY), rng)


def fixed(f, g):
    """A distribution that is given, and needs no activations."""
    return lambda site, rng: (np.array(f, float), np.array(g, float))


def bare_site(n_out, n_in, taken):
    return GrowthContext((n_out, n_in), np.asarray(taken, np.int64), np.ones((n_in, 1)), np.ones((n_out, 1)))


# --- bounds -----------------------------------------------------------------------------------------------------------


@small
@given(batches())
@checked
def test_grabo_bounds_the_gradient_and_l2_bounds_it_more_tightly(batch):
    """|∇| ≤ ‖h_a‖₂‖δ_b‖₂ ≤ |h_a|₁|δ_b|₁, in whole numbers: the middle one squared."""
    X, DY = batch
    f, g = on(grabo, X, DY, RNG)
    h, delta = X.astype(int).tolist(), DY.astype(int).tolist()
    for a, b in product(range(len(h)), range(len(delta))):
        nabla = sum(x * y for x, y in zip(h[a], delta[b], strict=True))
        squares = sum(x * x for x in h[a]) * sum(y * y for y in delta[b])
        assert nabla**2 <= squares <= int(f[a] * g[b]) ** 2


@small
@given(batches())
@checked
def test_the_distributions_are_the_norms_of_the_rows(batch):
    X, DY = batch
    for H, f, euclidean in zip(batch, on(grabo, X, DY, RNG), on(l2, X, DY, RNG), strict=True):
        assert f.tolist() == [sum(abs(int(x)) for x in row) for row in H]
        squares = [sum(int(x) ** 2 for x in row) for row in H]
        np.testing.assert_allclose(euclidean, np.sqrt(squares), rtol=1e-7 if H.dtype == np.float32 else 1e-15)
        assert f.dtype == euclidean.dtype == np.float64
    f, g = on(uniform, X, DY, RNG)
    assert len(set(f)) == len(set(g)) == 1
    assert (f.size, g.size) == (len(X), len(DY))


@small
@given(
    st.integers(1, 4).flatmap(
        lambda B: st.tuples(
            *[st.lists(st.lists(st.floats(-1e3, 1e3), min_size=B, max_size=B), min_size=1, max_size=4)] * 2
        )
    )
)
@checked
def test_the_order_of_the_bounds_holds_for_any_numbers_up_to_rounding(batch):
    X, DY = np.array(batch[0]), np.array(batch[1])
    nabla = np.abs(X @ DY.T)
    tight, loose = (np.outer(*on(bound, X, DY, RNG)) for bound in (l2, grabo))
    slack = 1e-9 + 1e-12 * loose  # squares of numbers below 1e-154 vanish in float64
    assert (nabla <= tight + slack).all()
    assert (tight <= loose + slack).all()


@small
@given(batches(most_B=1))
@checked
def test_with_one_sample_every_guide_is_the_gradient_itself(batch):
    X, DY = batch
    nabla = np.abs(X @ DY.T)
    for guide in (grabo, l2, graest):
        f, g = on(guide, X, DY, np.random.default_rng(1))
        np.testing.assert_array_equal(np.outer(f, g), nabla)
        np.testing.assert_array_equal(f, np.abs(X[:, 0]))
        np.testing.assert_array_equal(g, np.abs(DY[:, 0]))


@small
def test_the_bounds_by_hand():
    """h = (3, 4) and δ = (4, −3) over two samples: ∇ = 0, ‖h‖₂‖δ‖₂ = 25, |h|₁|δ|₁ = 49."""
    X, DY = np.array([[3.0, 4.0]]), np.array([[4.0, -3.0]])
    assert (X @ DY.T).item() == 0
    assert np.outer(*on(l2, X, DY, RNG)).item() == 25
    assert np.outer(*on(grabo, X, DY, RNG)).item() == 49


@small
def test_l2_sees_a_gradient_whose_square_is_too_small_for_float32():
    """δ = (1e-30, 0): every gradient lies at output 0; (1e-30)² is 0 in float32, and output 1 is as likely as 0."""
    X, DY = np.ones((2, 3), np.float32), np.array([[1e-30] * 3, [0.0] * 3], np.float32)
    g = on(l2, X, DY, RNG)[1]
    assert g[1] == 0
    np.testing.assert_allclose(g[0], sqrt(3) * 1e-30, rtol=1e-6, atol=0)


# --- the sketch -------------------------------------------------------------------------------------------------------


def all_signs(B):
    """Every s ∈ {−1, 1}^B, with the uniforms that make `graest` draw it."""
    for s in product((-1, 1), repeat=B):
        yield s, Told([0.25 if sign < 0 else 0.75 for sign in s])


@small
@given(batches(most_B=6))
@checked
def test_the_sketch_is_that_of_its_signs_which_h_and_delta_share(batch):
    """|hs| and |δs| for every s; what its mean and variance are then is theorem 2 (tests/theory)."""
    X, DY = batch
    for s, told in all_signs(X.shape[1]):
        f, g = on(graest, X, DY, told)
        np.testing.assert_array_equal(f, np.abs(X @ np.array(s)))
        np.testing.assert_array_equal(g, np.abs(DY @ np.array(s)))
        assert told.lists == []  # one draw of B signs for both


@small
def test_the_sketch_by_hand():
    """h = (3, 4), δ = (4, −3). s = (1, 1): |hs| = 7, |δs| = 1; s = (1, −1): 1 and 7. (hs)(δs) = 7, −7: mean 0 = hδᵀ."""
    X, DY = np.array([[3.0, 4.0]]), np.array([[4.0, -3.0]])
    assert [n.item() for n in on(graest, X, DY, Told([0.9, 0.9]))] == [7, 1]
    assert [n.item() for n in on(graest, X, DY, Told([0.9, 0.1]))] == [1, 7]


def test_every_sign_vector_is_equally_likely():
    """|±1 ± 2 ± 4| is 1, 3, 5 or 7, each for two of the eight sign vectors; χ², 3 degrees of freedom, P = 1e-6."""
    X, rng = np.array([[1.0, 2.0, 4.0]]), np.random.default_rng(9)
    drawn = np.array([on(graest, X, X, rng)[0].item() for _ in range(20_000)])
    counts = np.array([(drawn == value).sum() for value in (1, 3, 5, 7)])
    assert counts.sum() == 20_000
    assert ((counts - 5000) ** 2 / 5000).sum() < chi2.isf(1e-6, 3)


# --- drawing endpoints ------------------------------------------------------------------------------------------------


@small
@given(st.lists(st.integers(0, 5), min_size=1, max_size=7).filter(any))
@checked
def test_the_unit_interval_is_divided_in_proportion_to_the_weights_exactly(weights):
    """The midpoints of Σw equal pieces of [0, 1) fall on every unit exactly as often as its weight says."""
    total = sum(weights)
    drawn = _endpoints(np.array(weights, float), total, Told((np.arange(total) + 0.5) / total))
    assert np.bincount(drawn, minlength=len(weights)).tolist() == weights


@small
@given(st.lists(st.sampled_from([0, 1, 2, 4]), min_size=1, max_size=5).filter(any))
@checked
def test_no_draw_ever_falls_on_a_unit_of_weight_zero_or_outside(weights):
    """Also at the very borders: 0, every cumulative share, and the largest number below 1."""
    w = np.array(weights, float)
    borders = np.cumsum(w)[:-1] / w.sum()
    u = np.concatenate([[0.0], borders[borders < 1], [np.nextafter(1, 0)]])
    drawn = _endpoints(w, u.size, Told(u))
    assert (drawn < w.size).all()
    assert (w[drawn] > 0).all()


@small
@given(st.integers(1, 60), st.integers(0, 3), st.sampled_from([5e-324, 1e-320, 1e-300, 0.1, 1e300]))
@checked
def test_a_draw_that_rounds_up_to_the_total_still_falls_on_the_last_live_unit(live, dead, weight):
    """u·Σw < Σw for every u that a generator gives, unless Σw is subnormal: there (1 − 2⁻⁵³)·Σw = Σw."""
    w = np.concatenate([np.full(live, weight), np.zeros(dead)])
    assert _endpoints(w, 1, Told([np.nextafter(1, 0)])).item() == live - 1


@small
def test_where_every_weight_is_zero_the_draw_is_uniform():
    drawn = _endpoints(np.zeros(4), 8, Told((np.arange(8) + 0.5) / 8))
    np.testing.assert_array_equal(drawn, [0, 0, 1, 1, 2, 2, 3, 3])


def test_endpoints_come_as_often_as_their_weights():
    """χ² over 5 live units, P = 1e-6; the dead one never comes."""
    weights = np.array([1.0, 2.0, 3.0, 4.0, 0.0, 6.0])
    counts = np.bincount(_endpoints(weights, 160_000, np.random.default_rng(2)), minlength=6)
    assert counts[4] == 0
    live, expected = np.delete(counts, 4), 10_000 * np.delete(weights, 4)
    assert ((live - expected) ** 2 / expected).sum() < chi2.isf(1e-6, 4)


# --- the sample -------------------------------------------------------------------------------------------------------


def midpoints(weights):
    """The uniforms that stand for every unit as often as its weight."""
    total = sum(weights)
    return [(i + 0.5) / total for i in range(total)]


@small
def test_one_draw_is_the_pair_a_b_with_probability_f_a_times_g_b_exactly():
    """All 8·4 pairs of uniforms: connection (b, a) comes f_a·g_b of 32 times, and what is taken never."""
    f, g, taken = [1, 4, 3], [3, 1], 4  # key 4 is output 1, input 1
    times = dict.fromkeys(range(6), 0)
    sample = GuidedSample(fixed(f, g), gamma=1)
    for v, u in product(midpoints(g), midpoints(f)):
        S = sample(bare_site(2, 3, [taken]), 1, Told([v], [u]))
        assert S.size <= 1
        for key in S.tolist():
            times[key] += 1
    assert times == {b * 3 + a: 0 if b * 3 + a == taken else f[a] * g[b] for b in range(2) for a in range(3)}


def test_single_pairs_come_as_often_as_f_times_g():
    """χ² over 3·4 pairs with a real generator, the taken one seen as an empty S; 11 degrees of freedom, P = 1e-6."""
    rng = np.random.default_rng(31)
    X, DY = np.array([[1.0, -1], [2, 1], [0, 4]]), np.array([[1.0, 1], [0, -1], [3, 0], [2, 2]])
    f, g = np.array([2, 3, 4]) / 9, np.array([2, 1, 3, 4]) / 10
    site, counts = GrowthContext((4, 3), np.array([7]), X, DY), np.zeros(12)
    for _ in range(9000):
        S = GuidedSample(grabo)(site, 1, rng)
        counts[S[0] if S.size else 7] += 1
    expected = 9000 * np.outer(g, f).reshape(-1)
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-6, 11)


@small
@pytest.mark.parametrize("distribution", [uniform, grabo, graest, l2])
@given(whole_sites(), st.floats(0.1, 5), seeds)
@checked
def test_a_sample_is_distinct_sorted_free_and_no_larger_than_its_draws(distribution, site, gamma, seed):
    S = GuidedSample(distribution, gamma)(site, 1, np.random.default_rng(seed))
    assert (np.diff(S) > 0).all()
    assert not set(S.tolist()) & set(site.excluded.tolist())
    assert set(S.tolist()) <= set(range(site.shape[0] * site.shape[1]))
    assert S.size <= ceil(gamma * site.excluded.size)


@small
@pytest.mark.parametrize(("gamma", "active", "draws"), [(1, 3, 3), (0.5, 3, 2), (2.5, 3, 8), (0.01, 3, 1)])
def test_there_are_gamma_times_the_active_connections_draws_rounded_up(gamma, active, draws):
    """`Told` accepts no other number."""
    u = np.linspace(0, 0.99, draws)
    S = GuidedSample(uniform, gamma)(bare_site(9, 9, np.arange(active)), 1, Told(u, u))
    assert S.size <= draws


@small
@pytest.mark.parametrize("piece", [1, 3, 7])
def test_a_sample_and_its_gradient_are_the_same_in_whatever_pieces_they_are_found(piece, monkeypatch):
    """The uniforms of all outputs come before those of all inputs, as if each were drawn at once."""
    rng = np.random.default_rng(6)
    X, DY = rng.integers(-4, 5, (9, 4)).astype(float), rng.integers(-4, 5, (8, 4)).astype(float)
    site, sample = GrowthContext((8, 9), np.array([0, 5, 40, 71]), X, DY), GuidedSample(l2, 6.5)
    whole = sample(site, 1, np.random.default_rng(7))
    monkeypatch.setattr(gse, "PIECE", piece)
    monkeypatch.setattr(grow, "PIECE", piece)
    np.testing.assert_array_equal(sample(site, 1, np.random.default_rng(7)), whole)
    np.testing.assert_array_equal(grow.gradient_at(X, DY, whole), (DY @ X.T).reshape(-1)[whole])


@small
def test_a_large_gamma_samples_everything_that_can_carry_a_gradient():
    """f and g vanish on dead units; all else comes up, 12 000 draws for places of p ≥ 1/20: P(miss) < 1e-200."""
    X, DY = np.array([[1.0, 1], [0, 0], [2, 1], [0, 1]]), np.array([[1.0, 0], [0, 0], [1, -1]])
    site = GrowthContext((3, 4), np.array([0]), X, DY)
    S = GuidedSample(grabo, 12_000)(site, 1, np.random.default_rng(0))
    np.testing.assert_array_equal(S, [2, 3, 8, 10, 11])  # rows 0 and 2, columns 0, 2 and 3, without (0, 0)


@small
@pytest.mark.parametrize("distribution", [grabo, graest, l2])
def test_a_dead_layer_is_explored_uniformly(distribution):
    """h = 0, δ = 0: the same draws as with `uniform`, from the same uniforms."""
    told = [[0.1, 0.4, 0.8], [0.2, 0.6, 0.9]]
    site = GrowthContext((3, 4), np.array([0, 1, 5]), np.zeros((4, 2)), np.zeros((3, 2)))
    signs = [[0.1, 0.9]] if distribution is graest else []
    S = GuidedSample(distribution)(site, 1, Told(*signs, *told))
    np.testing.assert_array_equal(S, GuidedSample(uniform)(site, 1, Told(*told)))
    np.testing.assert_array_equal(S, [6, 11])  # outputs 0, 1, 2 and inputs 0, 2, 3: (0, 0) is active


@small
@pytest.mark.parametrize("gamma", [0, -1.0, float("nan"), float("inf")])
def test_gamma_must_be_a_positive_number(gamma, refused):
    with refused("gamma", gamma):
        GuidedSample(uniform, gamma)


@small
def test_the_number_of_draws_follows_all_active_connections_even_where_pruned_ones_may_return():
    """⌈γ|A|⌉ with the A of before the update, as the docstring says, not of what is left after the drop."""
    layer = with_gradient([[1, 2, 3, 4, 0, 0]], np.ones((1, 6)))
    counted = []

    class Counting:
        def random(self, n):
            counted.append(n)
            return np.full(n, 0.5)

    update_topology(layer, method("gse-uniform", order="prune_then_grow", regrow_pruned=True), 0.5, Counting())
    assert counted == [4, 4]


@pytest.mark.parametrize("name", ["gse-uniform", "gse-grabo", "gse-graest", "gse-l2", "gse-2022", "rigl"])
@pytest.mark.parametrize("micro_batches", [1, 3])
def test_a_loss_whose_gradient_lies_column_by_column_changes_nothing(name, micro_batches):
    class ByColumns(CrossEntropy):
        def __call__(self, Z, y):
            loss, DZ = super().__call__(Z, y)
            return loss, np.asfortranarray(DZ)

    record, topologies = method(name, schedule=Constant(0.3, 2)), []
    if micro_batches > 1 and name != "rigl":
        record = micro_batched(record, micro_batches)
    for loss in (CrossEntropy(), ByColumns()):
        net = mlp((9, 8, 4), density=0.4, method=record, loss=loss)
        draw = np.random.default_rng(3)
        x, y = draw.standard_normal((400, 9), np.float32), np.arange(400) % 4
        for _ in train(net, Dataset(x, y, x, y, 4, "noise"), record, Config(epochs=2, batch=100)):
            pass
        topologies.append([layer.W.keys().tolist() for layer in net.sparse])
    assert topologies[0] == topologies[1]
