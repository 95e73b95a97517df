"""Theorem 5, proofs/init_gain.md."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, product
from math import log

import numpy as np
import pytest

from minidst.nn import he_normal
from minidst.theory import init_gain, outputs_without_input
from minidst.verify import THEOREMS


def test_init_gain():
    assert THEOREMS["init_gain"].check() == (1216, 0)


def test_one_layer_by_hand():
    """Four inputs, fan-ins 2, 1, 0. Own fan-in: 1, 1, 0, on average 2/3. Dense: 2/4, 1/4, 0; 3 of 12 connections."""
    fan_in = np.array([Fraction(2), Fraction(1), Fraction(0)])
    assert init_gain(fan_in, fan_in) == Fraction(2, 3)
    assert init_gain(fan_in, 4) == Fraction(3, 12)
    assert init_gain(np.array([2, 1, 0]), 4) == 0.25
    assert init_gain(np.array([0, 0]), 0) == 0


def through(values, n_out, fan_in):
    """The law of ReLU(Wx), {vector: count}: each row of W takes any `fan_in` inputs with any signs ±1."""
    after = Counter()
    for x, count in values.items():
        rows = Counter(
            max(0, sum(s * x[j] for s, j in zip(signs, row, strict=True)))
            for row in combinations(range(len(x)), fan_in)
            for signs in product((-1, 1), repeat=fan_in)
        )
        for outputs in product(rows, repeat=n_out):
            after[outputs] += count * int(np.prod([rows[y] for y in outputs], dtype=object))
    return after


def mean_square(values):
    squares = sum(count * sum(y * y for y in x) for x, count in values.items())
    return Fraction(squares, values.total() * len(next(iter(values))))


@pytest.mark.parametrize(("n", "fan_in", "layers"), [(3, 2, 2), (2, 1, 4), (2, 2, 3)])
def test_every_layer_multiplies_the_signal_by_the_gain(n, fan_in, layers):
    """Weights ±1 have variance 2/κ for κ = 2: the own fan-in at k = 2, the dense one at n = 2, k = 1, density ½."""
    values = Counter({tuple(range(1, n + 1)): 1})
    start, gain = mean_square(values), init_gain(np.full(n, Fraction(fan_in)), 2)
    assert gain == (Fraction(1, 2) if fan_in == 1 else 1)
    for layer in range(1, layers + 1):
        values = through(values, n, fan_in)
        assert mean_square(values) == start * gain**layer


def test_on_one_given_graph_an_output_sees_its_own_inputs_only():
    """x = (1, 0): ReLU(±√2·x_j)² is 2·x_j²/2 on average, 1 for an output at input 0 and 0 for one at input 1; the mean
    square of x is ½. Only over graphs that could connect either does the output keep ½.
    """
    kept = [Fraction(sum(max(0, s * x) ** 2 * 2 for s in (-1, 1)), 2) for x in (1, 0)]
    assert kept == [1, 0]
    assert sum(kept) / 2 == Fraction(1, 2) * init_gain(np.array([Fraction(1)]), 1)


def test_a_sparse_random_graph_leaves_outputs_silent():
    assert outputs_without_input(2, 2, 2) == 1 / 6  # of the six pairs one misses a given output
    assert outputs_without_input(3, 1, 1) == 0
    assert outputs_without_input(64, 256, 300) == pytest.approx((1 - 300 / 16384) ** 64, rel=0.02)  # about 31 %


def test_he_normal_keeps_the_mean_square():
    """N outputs of fan-in 1 … 8 with Σ x_j² = k_i: ReLU(z)² = 2g²[g > 0], mean 1. By Markov, for every t < 1/4,

        P(Σ ≥ N(1 + ε)) ≤ (E exp(2t·g²[g > 0]))ᴺ exp(−tN(1 + ε)) = ((½ + ½(1 − 4t)^−½) exp(−t(1 + ε)))ᴺ,

    and the same with −t, −ε for Σ ≤ N(1 − ε). At ε = 0.03 both are below 5e-7: together 1e-6.
    """
    N, epsilon, t = 200_000, 0.03, 0.006
    for tilt, end in ((t, 1 + epsilon), (-t, 1 - epsilon)):
        assert N * (log(0.5 + 0.5 * (1 - 4 * tilt) ** -0.5) - tilt * end) < log(5e-7)
    fan_in = np.arange(N) % 8 + 1
    rows = np.repeat(np.arange(N), fan_in)
    weights = he_normal(rows, np.random.default_rng(5), np.float64)  # x = (1, …, 1)
    z = np.bincount(rows, weights)
    assert abs((np.maximum(z, 0) ** 2).mean() - init_gain(fan_in, fan_in)) < epsilon
