from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from strategies_dst import checked, naive_best, naive_gradient, whole_sites

from minidst.dst import GrowthContext, all_absent, gradient, grow, random_absent, textbook_gradient
from minidst.topology import gnm

small = pytest.mark.small
NOTHING = np.empty(0, np.int64)


def site_of(n_out, n_in, excluded=NOTHING, B=1):
    return GrowthContext((n_out, n_in), np.asarray(excluded, np.int64), np.ones((n_in, B)), np.ones((n_out, B)))


@small
def test_a_site_knows_how_many_connections_are_free_and_which_of_a_list():
    site = site_of(2, 3, [0, 4])
    assert site.free == 4
    np.testing.assert_array_equal(site.without_excluded(np.array([0, 1, 3, 4])), [1, 3])
    np.testing.assert_array_equal(site.without_excluded(NOTHING), [])
    np.testing.assert_array_equal(site_of(2, 3).without_excluded(np.array([0, 5])), [0, 5])


@small
@given(whole_sites(), st.data())
@checked
def test_without_excluded_is_the_difference_of_the_sets(site, data):
    places = site.shape[0] * site.shape[1]
    S = sorted(data.draw(st.sets(st.integers(0, places - 1))))
    np.testing.assert_array_equal(
        site.without_excluded(np.array(S, np.int64)), sorted(set(S) - set(site.excluded.tolist()))
    )
    assert site.free == places - site.excluded.size


# --- random candidates ------------------------------------------------------------------------------------------------


@small
def test_random_candidates_can_be_every_free_connection_and_are_never_a_taken_one():
    """All 2⁶ taken sets of a 2×3 layer: asked for more than there is, all that is free comes back."""
    for size in range(7):
        for taken in combinations(range(6), size):
            S = random_absent(site_of(2, 3, taken), 9, np.random.default_rng(0))
            np.testing.assert_array_equal(S, sorted(set(range(6)) - set(taken)))


@small
@given(whole_sites(), st.integers(0, 20), st.integers(0, 99))
@checked
def test_random_candidates_are_k_distinct_free_connections_in_order(site, k, seed):
    S = random_absent(site, k, np.random.default_rng(seed))
    assert S.size == min(k, site.free)
    assert S.dtype == np.int64
    assert all(a < b for a, b in pairwise(S.tolist()))
    assert not set(S.tolist()) & set(site.excluded.tolist())
    assert all(0 <= e < site.shape[0] * site.shape[1] for e in S.tolist())


@pytest.mark.parametrize("k", [2, 5])
def test_random_candidates_are_every_subset_equally_often(k):
    """7 free places of a 3×4 layer, C(7, k) = 21 subsets either way; χ² with 20 degrees of freedom, P = 1e-6."""
    site, rng = site_of(3, 4, [1, 2, 6, 10, 11]), np.random.default_rng(12)
    subsets = dict.fromkeys(combinations([0, 3, 4, 5, 7, 8, 9], k), 0)
    draws = 200 * len(subsets)
    for _ in range(draws):
        subsets[tuple(random_absent(site, k, rng).tolist())] += 1
    counts = np.array(list(subsets.values()))
    expected = draws / counts.size
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-6, counts.size - 1)


@small
def test_all_absent_is_never_written_out():
    assert all_absent(site_of(3, 4), 2, np.random.default_rng(0)) is None


@small
def test_without_a_score_any_k_of_the_candidates_are_grown_and_all_if_there_are_no_more():
    S = np.array([2, 3, 7, 9])
    assert grow.pick(S, 4, np.random.default_rng(0)) is S
    assert grow.pick(S, 5, np.random.default_rng(0)) is S
    seen = {tuple(grow.pick(S, 2, np.random.default_rng(seed)).tolist()) for seed in range(100)}
    assert seen == set(combinations([2, 3, 7, 9], 2))  # a fair draw misses one of six with P < 6·(5/6)^100 < 1e-7


# --- the gradient as a score ------------------------------------------------------------------------------------------


@small
def test_the_best_candidates_by_hand():
    """h = (1, 2, 3), δ = (1, −2): |∇| = [[1, 2, 3], [2, 4, 6]]; of two equal ones the smaller key wins."""
    site = GrowthContext((2, 3), np.array([5]), np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [-2.0]]))
    np.testing.assert_array_equal(gradient(site, None, 2), [2, 4])  # 3 at (0,2), 4 at (1,1); 6 at (1,2) is taken
    np.testing.assert_array_equal(gradient(site, None, 3), [1, 2, 4])  # 2 at (0,1) before 2 at (1,0)
    np.testing.assert_array_equal(gradient(site, np.array([0, 1, 3]), 2), [1, 3])
    np.testing.assert_array_equal(gradient(site, np.array([0, 1, 3]), 1), [1])


@small
@given(whole_sites(), st.integers(0, 30))
@checked
def test_streaming_growth_is_textbook_growth_is_three_loops(site, k):
    """Connection for connection; whole numbers from −2 to 2, so that ties abound and every sum is exact."""
    free = sorted(set(range(site.shape[0] * site.shape[1])) - set(site.excluded.tolist()))
    G = gradient(site, None, k)
    np.testing.assert_array_equal(G, naive_best(site, free, k))
    np.testing.assert_array_equal(textbook_gradient(site, None, k), G)
    assert G.dtype == np.int64


@small
@given(whole_sites(), st.integers(0, 30), st.data())
@checked
def test_growth_within_a_subset_is_three_loops_over_it(site, k, data):
    free = sorted(set(range(site.shape[0] * site.shape[1])) - set(site.excluded.tolist()))
    S = sorted(data.draw(st.sets(st.sampled_from(free)))) if free else []
    np.testing.assert_array_equal(gradient(site, np.array(S, np.int64), k), naive_best(site, S, k))


@small
def test_all_absent_connections_as_a_list_or_as_none_give_the_same_growth():
    rng = np.random.default_rng(3)
    X, DY = rng.integers(-2, 3, (7, 3)).astype(float), rng.integers(-2, 3, (5, 3)).astype(float)
    site = GrowthContext((5, 7), gnm(5, 7, 12, rng), X, DY)
    listed = site.without_excluded(np.arange(35))
    for k in range(24):
        np.testing.assert_array_equal(gradient(site, listed, k), gradient(site, None, k))


@given(
    st.integers(100, 400),
    st.integers(100, 400),
    st.sampled_from([0.0, 0.05, 0.5, 0.99]),
    st.integers(0, 2000),
    st.integers(1, 3),
    st.integers(0, 99),
)
@checked
def test_streaming_growth_over_several_blocks_of_rows_is_textbook_growth(n_out, n_in, density, k, B, seed):
    """A block holds max(|taken|, 16384) places, so these layers have one to ten blocks, the last one cut short."""
    rng = np.random.default_rng(seed)
    X, DY = (rng.integers(-3, 4, (n, B)).astype(np.float32) for n in (n_in, n_out))
    site = GrowthContext((n_out, n_in), gnm(n_out, n_in, round(density * n_out * n_in), rng), X, DY)
    np.testing.assert_array_equal(gradient(site, None, k), textbook_gradient(site, None, k))


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
    taken = np.array([0, 1, 29_999, 59_998])
    site = GrowthContext((n_out, n_in), taken, np.ascontiguousarray(X.T), np.ascontiguousarray(DY.T))
    cuts, blocks = [], []
    monkeypatch.setattr(grow, "BLOCK", 1 << 14)
    k_largest, matmul = grow.k_largest, np.matmul
    monkeypatch.setattr(grow, "k_largest", lambda scores, k: cuts.append(1) or k_largest(scores, k))
    monkeypatch.setattr(np, "matmul", lambda a, b, out: blocks.append(len(a)) or matmul(a, b, out=out))
    G = gradient(site, None, k)
    free = np.delete(np.arange(60_000), taken)
    np.testing.assert_array_equal(G, free[-k:] if ascending else free[:k])
    assert blocks == [81, 81, 81, 57]  # 16384 // 200 rows at a time
    assert len(cuts) - 1 >= 40 if ascending else len(cuts) - 1 == 1  # the last cut is the answer


def test_streaming_growth_of_equal_gradients_takes_the_smallest_free_keys_across_blocks():
    """All of |∇| = 1, everything taken but the last rows: no block before them may give anything."""
    n_out, n_in = 300, 200
    site = GrowthContext(
        (n_out, n_in), np.arange(58_000), np.ones((n_in, 1), np.float32), np.ones((n_out, 1), np.float32)
    )
    np.testing.assert_array_equal(gradient(site, None, 700), np.arange(58_000, 58_700))
    np.testing.assert_array_equal(gradient(site, None, 5000), np.arange(58_000, 60_000))


@small
def test_where_every_gradient_is_zero_the_smallest_free_keys_are_grown():
    """A gradient of 0 is a score like any other; only what is taken can never win."""
    site = GrowthContext((2, 3), np.array([1]), np.zeros((3, 2)), np.zeros((2, 2)))
    for nabla in (gradient, textbook_gradient):
        np.testing.assert_array_equal(nabla(site, None, 3), [0, 2, 3])
        np.testing.assert_array_equal(nabla(site, None, 9), [0, 2, 3, 4, 5])


@small
def test_only_the_size_of_a_gradient_counts():
    site = GrowthContext((1, 3), NOTHING, np.array([[1.0], [-5.0], [3.0]]), np.array([[1.0]]))
    np.testing.assert_array_equal(gradient(site, None, 1), [1])
    np.testing.assert_array_equal(gradient(site, np.array([0, 1, 2]), 1), [1])
    assert naive_gradient(site) == [1, -5, 3]


@small
def test_on_a_subset_the_gradient_is_evaluated_there_and_nowhere_else(monkeypatch):
    """One call of the kernel, with exactly the connections of S, and no dense product at all."""
    rng = np.random.default_rng(0)
    site = GrowthContext((6, 9), NOTHING, rng.standard_normal((9, 4)), rng.standard_normal((6, 4)))
    S = np.array([3, 17, 18, 40, 53])
    evaluated = []
    sddmm = grow.coo.sddmm

    def spy(rows, cols, DY, X, out):
        evaluated.append(rows.astype(np.int64) * 9 + cols)
        assert out.shape == S.shape
        sddmm(rows, cols, DY, X, out)

    monkeypatch.setattr(grow.coo, "sddmm", spy)
    monkeypatch.setattr(np, "matmul", None)
    assert gradient(site, S, 2).size == 2
    assert len(evaluated) == 1
    np.testing.assert_array_equal(evaluated[0], S)


@small
def test_the_textbook_gradient_keeps_to_its_subset():
    """h = (1, 5, 3), δ = (1): of S = {0} only connection 0 can be grown, though 1 has the largest gradient."""
    site = GrowthContext((1, 3), NOTHING, np.array([[1.0], [5.0], [3.0]]), np.array([[1.0]]))
    assert textbook_gradient(site, np.array([0]), 1).tolist() == [0]
