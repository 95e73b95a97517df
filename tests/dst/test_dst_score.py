"""A score is a number for every connection; layers that grow together are compared by the record's own."""

import numpy as np
import pytest
from builders import with_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import checked, naive_best, seeds, whole_network, whole_sites

from minidst import Network, dst, method
from minidst.dst import GuidedSample, Score, all_absent, gradient, textbook_gradient
from minidst.dst.method import name_of
from minidst.dst.papers.gse.distributions import uniform
from minidst.dst.papers.snfs import momentum
from minidst.nn import MeanSquaredError

pytestmark = pytest.mark.small
RNG = np.random.default_rng


def test_by_hand_layers_that_grow_together_are_compared_by_momentum_where_that_is_the_score():
    """Half of each layer is dropped, .1 and .2, and two are grown where |M| is largest, 7 and −8, both in layer 2; by
    the gradient it would have been 9 and 6 in layer 1.

        θ₁ = .9 .1 0 0    ∇₁ = 0 0 9 6    M₁ = 0 0 1 2
        θ₂ = .8 .2 0 0    ∇₂ = 0 0 1 1    M₂ = 0 0 7 −8    (a column)
    """
    for score, columns in [(momentum, ([0], [0, 2, 3])), (gradient, ([0, 2, 3], [0]))]:
        first = with_gradient([[0.9, 0.1, 0, 0]], [[0, 0, 9, 6]])
        second = with_gradient([[0.8], [0.2], [0], [0]], [[0], [0], [1], [1]])
        net = Network([first, second], MeanSquaredError())
        net.memory = {
            "snfs.momentum.0": np.array([[0.0, 0, 1, 2]]),
            "snfs.momentum.1": np.array([[0.0], [0], [7], [-8]]),
        }
        record = method("snfs", update=None, scope="global", score=score)
        assert dst.update_topology(net, record, 0.5, RNG(0)).grown == 2
        assert tuple(layer.W.keys().tolist() for layer in net.sparse) == columns


def by_remainder(site, keys):
    """A score like no paper's: the remainder of the key, weighted by the layer's place in the network."""
    return (keys * 7 + 3 * site.net.sparse.index(site.layer)) % 5


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=4),
    st.floats(0, 1),
    st.sampled_from([all_absent, GuidedSample(uniform, 2.0)]),
    st.integers(0, 64).map(lambda a: a / 64),
    seeds,
)
@checked
def test_the_best_offers_of_all_layers_are_grown_whatever_the_score(sizes, density, candidates, fraction, seed):
    """Among equals those of the earlier layer, and there the smaller key."""
    net, drawn = whole_network(sizes, density, seed), {}

    def spied(site, k, rng):
        S = candidates(site, k, rng)
        drawn[site.layer] = site.without_excluded(np.arange(site.shape[0] * site.shape[1])) if S is None else S
        return S

    score = Score("remainder", by_remainder)
    record = method("rigl", candidates=spied, score=score, scope="global", regrow_pruned=False)
    before = {layer: layer.W.keys() for layer in net.sparse}
    done = dst.update_topology(net, record, fraction, RNG(seed))
    ranked = [
        (-((e * 7 + 3 * l) % 5), l, e)
        for l, layer in enumerate(net.sparse)
        for e in (drawn[layer].tolist() if layer in drawn else [])
    ]
    k = sum(int(fraction * keys.size) for layer, keys in before.items() if layer in drawn)
    expected = sorted((l, e) for _, l, e in sorted(ranked)[:k])
    grown = [np.setdiff1d(layer.W.keys(), before[layer]).tolist() for layer in net.sparse]
    assert [(l, e) for l, keys in enumerate(grown) for e in keys] == expected
    assert done.grown == len(expected)


@given(whole_sites(), st.integers(0, 20))
@checked
def test_a_score_without_a_search_of_its_own_lists_all_that_is_absent(site, k):
    free = sorted(set(range(site.shape[0] * site.shape[1])) - set(site.excluded.tolist()))
    plain = Score("plain", gradient.values)
    np.testing.assert_array_equal(plain(site, None, k), naive_best(site, free, k))
    np.testing.assert_array_equal(gradient(site, None, k), plain(site, None, k))


def test_scores_have_the_names_that_tables_print():
    assert [name_of(score) for score in (gradient, textbook_gradient, momentum)] == [
        "gradient", "textbook gradient", "momentum",
    ]  # fmt: skip


@pytest.mark.parametrize("score", ["gradient", lambda site, S, k: S[:k]])
def test_what_is_no_score_is_refused(score, refused):
    """A function that only picks cannot say how one layer's picks compare with another's."""
    with refused("'rigl'", "has score=", "dst.Score", "such as gradient"):
        method("rigl", score=score)
