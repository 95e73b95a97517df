"""Candidates and scores: which absent connections are looked at, and which of those are grown."""

from itertools import combinations, pairwise

import naive
import numpy as np
import pytest
from builders import rng, whole_network
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from strategies_dst import bare_context, contexts, fractions, free_of, lists_of, seeds

from minidst.dst import GrowthContext, GuidedSample, Score, gradient, grow, method, random_absent, update_topology
from minidst.dst.papers.gse.distributions import uniform
from minidst.topology import gnm


@given(contexts(), st.data())
def test_without_excluded_is_the_difference_of_the_sets_and_free_is_the_size_of_the_complement(context, data):
    places = context.shape[0] * context.shape[1]
    S = sorted(data.draw(st.sets(st.integers(0, places - 1))))
    assert context.without_excluded(np.array(S, np.int64)).tolist() == sorted(set(S) - set(context.excluded.tolist()))
    assert context.free == places - context.excluded.size


# --- random candidates ------------------------------------------------------------------------------------------------
@given(contexts(), st.integers(0, 20), st.integers(0, 99))
def test_random_candidates_are_k_distinct_free_connections_in_order(context, k, seed):
    S = random_absent(context, k, rng(seed))
    assert S.size == min(k, context.free)  # asked for more than there is, all that is free
    assert S.dtype == np.int64
    assert all(a < b for a, b in pairwise(S.tolist()))
    assert set(S.tolist()) <= set(free_of(context))


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 5])
def test_random_candidates_are_every_subset_equally_often(k):
    """7 free places of a 3×4 layer, C(7, k) = 21 subsets either way; χ² with 20 degrees of freedom, P = 1e-6."""
    context, draw = bare_context(3, 4, [1, 2, 6, 10, 11]), rng(12)
    subsets = dict.fromkeys(combinations([0, 3, 4, 5, 7, 8, 9], k), 0)
    draws = 200 * len(subsets)
    for _ in range(draws):
        subsets[tuple(random_absent(context, k, draw).tolist())] += 1
    counts = np.array(list(subsets.values()))
    expected = draws / counts.size
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-6, counts.size - 1)


def test_all_absent_is_never_written_out():
    assert grow.all_absent(bare_context(3, 4, []), 2, rng()) is None


def test_without_a_score_any_k_of_the_candidates_are_grown_and_all_if_there_are_no_more():
    S = np.array([2, 3, 7, 9])
    assert grow.pick(S, 4, rng()) is S
    assert grow.pick(S, 5, rng()) is S
    seen = {tuple(grow.pick(S, 2, rng(seed)).tolist()) for seed in range(100)}
    assert seen == set(combinations([2, 3, 7, 9], 2))  # a fair draw misses one of six with P < 6·(5/6)^100 < 1e-7


# --- scores -----------------------------------------------------------------------------------------------------------
PLAIN = Score("plain", gradient.values)  # without a search of its own it lists all that is absent


@pytest.mark.parametrize("score", [gradient, grow.textbook_gradient, PLAIN], ids=str)
@given(contexts(), st.integers(0, 30), st.data())
def test_a_score_grows_what_three_loops_find_among_all_absent_connections_and_in_a_subset(score, context, k, data):
    """Connection for connection; whole numbers from −2 to 2, so that ties and zeros abound and every sum is exact."""
    nabla, free = naive.dense_gradient(context.DY, context.X).reshape(-1), free_of(context)
    G = score(context, None, k)
    np.testing.assert_array_equal(G, naive.best(free, nabla, k))
    assert G.dtype == np.int64
    S = sorted(data.draw(st.sets(st.sampled_from(free)))) if free else []
    np.testing.assert_array_equal(score(context, np.array(S, np.int64), k), naive.best(S, nabla, k))


sides = st.integers(100, 400)


@pytest.mark.slow
@given(sides, sides, st.sampled_from([0.0, 0.05, 0.5, 0.99]), st.integers(0, 2000), st.integers(1, 3), seeds)
def test_streaming_growth_over_several_blocks_of_rows_is_textbook_growth(n_out, n_in, density, k, B, seed):
    """A block holds max(4·|excluded|, 65536) places, so these layers have one to three blocks, the last cut short."""
    draw = rng(seed)
    X, DY = (draw.integers(-3, 4, (n, B)).astype(np.float32) for n in (n_in, n_out))
    context = GrowthContext((n_out, n_in), gnm(n_out, n_in, round(density * n_out * n_in), draw), X, DY)
    np.testing.assert_array_equal(gradient(context, None, k), grow.textbook_gradient(context, None, k))


@pytest.mark.slow
@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("k", [1, 3, 500])
def test_streaming_growth_is_right_when_the_buffer_is_cut_back_again_and_again(k, ascending, monkeypatch):
    """∇_ij = i·n_in + j + 1 rises from key to key, so that every place passes the threshold and the buffer of
    2k + 1024 fills some 40 times or more; falling from key to key, nothing passes after the first cut.
    """
    n_out, n_in = 300, 200
    order = 1 if ascending else -1
    X = np.stack([np.ones(n_in), np.arange(n_in)[::order] + 1.0])
    DY = np.stack([n_in * np.arange(n_out)[::order], np.ones(n_out)])
    excluded = np.array([0, 1, 29_999, 59_998])
    context = GrowthContext((n_out, n_in), excluded, np.ascontiguousarray(X.T), np.ascontiguousarray(DY.T))
    cuts, blocks = [], []
    monkeypatch.setattr(grow, "BLOCK", 1 << 14)
    k_largest, matmul = grow.k_largest, np.matmul
    monkeypatch.setattr(grow, "k_largest", lambda scores, k: cuts.append(1) or k_largest(scores, k))
    monkeypatch.setattr(np, "matmul", lambda a, b, out: blocks.append(len(a)) or matmul(a, b, out=out))
    G = gradient(context, None, k)
    free = np.delete(np.arange(60_000), excluded)
    np.testing.assert_array_equal(G, free[-k:] if ascending else free[:k])
    assert blocks == [81, 81, 81, 57]  # 16384 // 200 rows at a time
    assert len(cuts) - 1 >= 40 if ascending else len(cuts) - 1 == 1  # the last cut is the answer


@pytest.mark.slow
def test_streaming_growth_of_equal_gradients_takes_the_smallest_free_keys_across_blocks():
    """All of |∇| = 1, everything excluded but the last rows: no block before them may give anything."""
    X, DY = np.ones((200, 1), np.float32), np.ones((300, 1), np.float32)
    context = GrowthContext((300, 200), np.arange(58_000), X, DY)
    np.testing.assert_array_equal(gradient(context, None, 700), np.arange(58_000, 58_700))
    np.testing.assert_array_equal(gradient(context, None, 5000), np.arange(58_000, 60_000))


def by_remainder(context, keys):
    """A score like no paper's: the remainder of the key, weighted by the layer's place in the network."""
    return (keys * 7 + 3 * context.net.sparse.index(context.layer)) % 5


@given(lists_of(1, 7), st.floats(0, 1), st.sampled_from([grow.all_absent, GuidedSample(uniform, 2)]), fractions, seeds)
def test_the_best_offers_of_all_layers_are_grown_whatever_the_score(sizes, density, candidates, fraction, seed):
    """Among equals those of the earlier layer, and there the smaller key."""
    net, drawn = whole_network(sizes, density, seed), {}

    def spied(context, k, draw):
        S = candidates(context, k, draw)
        drawn[context.layer] = free_of(context) if S is None else S.tolist()
        return S

    score = Score("remainder", by_remainder)
    record = method("rigl", candidates=spied, score=score, scope="global", regrow_pruned=False)
    before = {layer: layer.W.keys() for layer in net.sparse}
    done = update_topology(net, record, fraction, rng(seed))
    offers = [(l, e) for l, layer in enumerate(net.sparse) for e in drawn.get(layer, [])]
    k = sum(int(fraction * keys.size) for layer, keys in before.items() if layer in drawn)
    expected = sorted(sorted(offers, key=lambda offer: (-((offer[1] * 7 + 3 * offer[0]) % 5), offer))[:k])
    grown = [np.setdiff1d(layer.W.keys(), before[layer]).tolist() for layer in net.sparse]
    assert [(l, e) for l, keys in enumerate(grown) for e in keys] == expected
    assert done.grown == len(expected)
