import math
from collections import Counter
from functools import partial
from itertools import combinations, product

import naive
import numpy as np
import pytest
import scipy.stats
from builders import peak_bytes, refused, rng
from hypothesis import given
from hypothesis import strategies as st
from strategies import MANY

from minidst.topology import allocate, bernoulli, constant_fan_in, distinct, gnm
from minidst.topology.graphs import absent

FALSE_ALARM = 1e-6  # chance that a χ² test below rejects a generator that is right; with a fixed seed, decided once


def check_keys(keys, total, n):
    """`total` distinct int64 keys below n, in increasing order."""
    assert keys.dtype == np.int64
    assert keys.size == total
    assert (np.diff(keys) > 0).all()
    assert total == 0 or (keys[0] >= 0 and keys[-1] < n)


# --- counts, order, range, type


@MANY
@given(n_out=st.integers(1, 12), n_in=st.integers(1, 12), data=st.data(), seed=st.integers(0, 2**16))
def test_rows_get_exactly_the_connections_asked_for_distinct_and_sorted(n_out, n_in, data, seed):
    rng = np.random.default_rng(seed)
    M, k = data.draw(st.integers(0, n_out * n_in)), data.draw(st.integers(0, n_in))
    each = data.draw(st.lists(st.integers(0, n_in), max_size=8))
    for keys, counts, n in [
        (gnm(n_out, n_in, M, rng), [M], n_out * n_in),
        (constant_fan_in(n_out, n_in, k, rng), [k] * n_out, n_in),
        (distinct(each, n_in, rng), each, n_in),
    ]:
        check_keys(keys, sum(counts), len(counts) * n)
        assert np.bincount(keys // n, minlength=len(counts)).tolist() == counts


@given(n_out=st.integers(1, 12), n_in=st.integers(1, 12), p=st.floats(0, 1), seed=st.integers(0, 2**16))
def test_bernoulli_draws_a_graph_of_a_binomial_number_of_connections(n_out, n_in, p, seed):
    keys = bernoulli(n_out, n_in, p, np.random.default_rng(seed))
    check_keys(keys, keys.size, n_out * n_in)
    if p in (0, 1):
        assert keys.size == p * n_out * n_in


def test_keys_do_not_wrap_in_a_layer_with_more_than_2_31_places():
    rng = np.random.default_rng(0)
    n = 2**31 - 1
    check_keys(gnm(n, n, 1000, rng), 1000, n * n)
    keys = constant_fan_in(2000, n, 3, rng)
    check_keys(keys, 6000, 2000 * n)
    assert keys.max() > 2**41  # 2000·2³¹ is 2⁴²: the last rows are reached


def test_the_same_seed_gives_the_same_graph_and_another_seed_another():
    def draw(seed):
        return gnm(50, 60, 300, np.random.default_rng(seed)).tolist()

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_a_full_row_draws_what_it_leaves_out_which_is_nothing():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert gnm(4, 5, 20, rng).tolist() == list(range(20))
    assert constant_fan_in(4, 5, 5, rng).tolist() == list(range(20))
    assert rng.bit_generator.state == before


# --- every graph equally likely, on both sides of "more than half full draws what it leaves out"


def row_by_row(*rows):
    """Every graph with one of the sets of keys given for each row."""
    return [sum(parts, ()) for parts in product(*rows)]


def fan_in(n_in, k):
    return row_by_row(combinations(range(n_in), k), combinations(range(n_in, 2 * n_in), k))


# of six connections 3 is half; 4 is the first that is drawn by what is left out
EQUALLY_LIKELY = [
    *[(list(combinations(range(6), M)), partial(gnm, 2, 3, M), M, 60) for M in (1, 2, 3, 4, 5)],
    *[(fan_in(n_in, k), partial(constant_fan_in, 2, n_in, k), k, 60)
        for n_in, k in [(4, 1), (4, 2), (4, 3), (3, 1), (3, 2), (5, 3)]],
    # rows drawn independently in one call: one as it is, one by what it leaves out, one empty and one full
    (row_by_row(combinations(range(4), 1), combinations(range(4, 8), 3), [()], [tuple(range(12, 16))]),
        partial(distinct, [1, 3, 0, 4], 4), 5, 100),
    # every connection a fair coin
    ([graph for M in range(7) for graph in combinations(range(6), M)], partial(bernoulli, 2, 3, 0.5), 6, 50),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("outcomes", "draw", "seed", "per_outcome"), EQUALLY_LIKELY)
def test_all_graphs_are_equally_likely(outcomes, draw, seed, per_outcome):
    """χ² of `per_outcome` draws for each outcome, none of which may be missing."""
    rng = np.random.default_rng(seed)
    seen = Counter(tuple(draw(rng).tolist()) for _ in range(per_outcome * len(outcomes)))
    assert set(seen) <= set(outcomes)
    chi2 = sum((seen[o] - per_outcome) ** 2 / per_outcome for o in outcomes)
    assert chi2 <= scipy.stats.chi2.isf(FALSE_ALARM, len(outcomes) - 1)


@pytest.mark.slow
def test_bernoullis_count_is_binomial():
    rng = np.random.default_rng(7)
    n, p, draws = 8, 0.3, 4000
    seen = np.bincount([bernoulli(2, 4, p, rng).size for _ in range(draws)], minlength=n + 1)
    expected = draws * np.array([math.comb(n, M) * p**M * (1 - p) ** (n - M) for M in range(n + 1)])
    seen, expected = [np.array([*a[:6], a[6:].sum()]) for a in (seen, expected)]  # every cell above 40
    assert ((seen - expected) ** 2 / expected).sum() <= scipy.stats.chi2.isf(FALSE_ALARM, 6)


# --- memory


@pytest.mark.parametrize(("draw", "M"), [
    (lambda rng: gnm(10**6, 10**6, 20_000, rng), 20_000), (lambda rng: bernoulli(10**6, 10**6, 2e-8, rng), 20_000),
    (lambda rng: constant_fan_in(5_000, 10**6, 4, rng), 20_000),
    (lambda rng: gnm(100, 300, 20_000, rng), 20_000),  # more than half full
    (lambda rng: absent(np.arange(0, 40_000, 2), np.arange(0, 10**12, 5 * 10**7)), 20_000),
], ids=["gnm", "bernoulli", "constant_fan_in", "crowded gnm", "absent"])  # fmt: skip
def test_memory_is_proportional_to_the_connections(draw, M):
    # 10¹² places take a terabit even as single bits; ten int64 a connection is what a few sorted copies need
    rng = np.random.default_rng(0)
    draw(rng)
    assert peak_bytes(lambda: draw(rng))[1] < 10 * 8 * M


# --- absent: ranks among what is not taken


@MANY
@given(n=st.integers(1, 40), data=st.data())
def test_absent_is_the_inverse_of_ranking(n, data):
    taken = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), np.int64)
    free = naive.absent(n, taken.tolist())
    assert absent(np.arange(len(free)), taken).tolist() == free
    ranks = data.draw(st.lists(st.integers(0, max(len(free) - 1, 0)), max_size=10 if free else 0))
    assert absent(np.array(sorted(ranks), np.int64), taken).tolist() == [free[r] for r in sorted(ranks)]


def test_absent_counts_past_2_31():
    taken = np.array([0, 5, 2**40, 2**62 - 1])
    free = [1, 6, 2**40 - 1, 2**40 + 1, 2**62 - 2]
    assert absent(np.array([0, 4, 2**40 - 3, 2**40 - 2, 2**62 - 5]), taken).tolist() == free


MLP = [(300, 784), (100, 300), (10, 100)]


@pytest.mark.parametrize(("call", "words"), [
    *[(partial(allocate, MLP, d), [d, "(0, 1]"]) for d in (0, -0.1, 1.0001, 2, float("nan"), float("inf"))],
    (partial(allocate, MLP, 0.1, "ERK"), ["'ERK'", "uniform, er, erk"]),
    (partial(distinct, [6, 2], 5, rng()), [6, "5 places", "0 to 5"]),
    (partial(distinct, [0, 7], 5, rng()), [7, "5 places", "0 to 5"]),
    *[(partial(distinct, counts, 5, rng()), [counts, "whole numbers", "0 to 5"]) for counts in ([1.5], [[1, 2]], True)],
    (partial(distinct, [-1, 2], 5, rng()), [-1, "5 places", "0 to 5"]), (partial(gnm, 2, 3, 7, rng()), [7, 6]),
    (partial(constant_fan_in, 2, 3, 4, rng()), [4, 3]), (partial(bernoulli, 2, 3, 1.1, rng()), []),
])  # fmt: skip
def test_a_budget_or_a_graph_that_is_impossible(call, words):
    with refused(*words):
        call()
