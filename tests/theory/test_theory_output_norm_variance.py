"""Theorem 4, proofs/output_norm_variance.md."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from minidst.theory import output_norm_variance
from minidst.verify import THEOREMS

KINDS = ("bernoulli", "per_layer", "fan_in")
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda size: st.tuples(st.just(size[0]), st.integers(1, size[0]).map(Fraction), st.just(size[1]))
)


def test_output_norm_variance():
    assert THEOREMS["output_norm_variance"].check() == (227, 0)


def test_one_layer_by_hand():
    """n = 2, k = 1, m = 1. Bernoulli: masks 00, 10, 01, 11 at 1/4 each. ‖z‖² = 2·g²·s with s = Σ over active inputs
    that are positive of u_j²; E g⁴ = 3, E s² = 3/8 for one of them, 1 for both (Σ u² = 1).
    E s²: mask 11: (1/4)·1 + (1/2)·(3/8) = 7/16; masks 10 and 01: (1/2)·(3/8) = 3/16; so (7 + 3 + 3)/64 = 13/64.
    R = 2·‖z‖²: E R² = 4·4·3·13/64 = 39/4, less 1: 35/4. One input for certain: 16·3·3/16 − 1 = 8.
    """
    one = Fraction(1)
    assert output_norm_variance("bernoulli", 2, one, 1) == Fraction(35, 4)
    assert output_norm_variance("fan_in", 2, one, 1) == output_norm_variance("per_layer", 2, one, 1) == 8


def sides(n, k):
    """What the four equations of the paper's main text and appendix print on their right, for m = n."""
    C = (n - 1 / k) / (n - 1 / n)
    free, layer, ends = 5 * n - 8, (n**2 + 7 * n - 8) * C - n**2 - 2 * n, n * (n + 2)
    fewer = 3 * (n - k) / (k * ends)
    return {
        "bernoulli": {1: (free + 18 * k / n) / ends, 14: (free + 18 * n / k) / ends},
        "per_layer": {2: (layer + 18 * k / n) / ends, 21: (layer + 18 * k / n) / ends},
        "fan_in": {3: (free + 18 * k / n) / ends - fewer, 25: (free + 18 * n / k) / ends - fewer},
    }


def test_equations_14_and_25_hold_and_1_2_3_and_21_do_not():
    for n in (2, 3):  # the enumeration of the first test has decided these
        for k in map(Fraction, range(1, n + 1)):
            for kind, equations in sides(Fraction(n), k).items():
                variance = output_norm_variance(kind, n, k)
                holding = {number for number, value in equations.items() if value == variance}
                assert holding == (set(equations) if k == n else {14, 25} & set(equations))


def four_cases(kind, n, k, m):
    """The sum over i, j, i′, j′ of the proof, split by whether i = i′ and j = j′."""
    p = k / n
    near, same_row, same_column, far = {
        "bernoulli": (p, p**2, p**2, p**2),
        "per_layer": (p, *3 * (p * (k * m - 1) / (m * n - 1),)),
        "fan_in": (p, p * (k - 1) / (n - 1), p**2, p**2),
    }[kind]
    half, fourth, square = sympy.Rational(1, 2), 3 / (n * (n + 2)), 1 / (n * (n + 2))
    total = m * n * 3 * near * half * fourth
    total += m * n * (n - 1) * 3 * same_row * half**2 * square
    total += m * (m - 1) * n * same_column * half * fourth
    total += m * (m - 1) * n * (n - 1) * far * half**2 * square
    return (2 / k * n / m) ** 2 * total - 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_four_cases_add_up_to_the_closed_form_for_all_sizes(kind):
    k, absent, m = sympy.symbols("k absent m", positive=True, integer=True)
    n = k + absent
    assert sympy.simplify(output_norm_variance(kind, n, k, m) - four_cases(kind, n, k, m)) == 0


def simulated(n, m, fan_in):
    """Var(R) of W·ReLU(x) itself, by sums that are exact for polynomials of degree 5, in whole numbers.

    W_ij: ±√3 with probability 1/6 each, else 0, has a normal number's first five moments. x: all coordinates ±1/√n
    with probability n/(n + 2), else one alone is ±1: the sphere's. Nothing is assumed of ReLU but what it does.
    """
    weights = np.array(list(product((-1, 0, 1), repeat=n * m))).reshape(-1, m, n)
    odds = 4.0 ** (weights == 0).sum((1, 2))
    corners = np.array(list(product((-1, 1), repeat=n)))
    axes = np.concatenate([np.eye(n), -np.eye(n)])
    rows = [row for row in product((0, 1), repeat=n) if sum(row) == fan_in]
    first = second = Fraction(0)
    for mask in product(rows, repeat=m):
        for points, length, share in ((corners, n, Fraction(n, n + 2)), (axes, 1, Fraction(2, n + 2))):
            z = (weights * np.array(mask)) @ np.maximum(points, 0).T
            norms = (z**2).sum(1)
            scale = 3 * Fraction(2 * n, fan_in * m * length)
            part = share / (len(rows) ** m * 6 ** (n * m) * len(points))
            first += part * scale * int((odds @ norms).sum())
            second += part * scale**2 * int((odds @ norms**2).sum())
    return first, second - first**2


@pytest.mark.parametrize(("n", "m", "k"), [(1, 1, 1), (2, 1, 1), (2, 2, 1), (2, 2, 2), (2, 3, 1), (3, 1, 2), (3, 2, 2)])
def test_a_layer_that_is_really_computed_has_this_variance(n, m, k):
    assert simulated(n, m, k) == (1, output_norm_variance("fan_in", n, Fraction(k), m))


@given(sizes)
def test_fan_in_is_at_most_per_layer_is_at_most_bernoulli_except_at_two_inputs(size):
    n, k, m = size
    bernoulli, per_layer, fan_in = (output_norm_variance(kind, n, k, m) for kind in KINDS)
    assert (per_layer == bernoulli) if k == n else (per_layer < bernoulli)
    if k == n or m == 1:
        assert fan_in == per_layer
    else:
        assert (fan_in > per_layer) if n == 2 else (fan_in < per_layer)


def test_per_layer_beats_constant_fan_in_at_two_inputs():
    """n = m = 2, k = 1, two connections. Fan-in (2, 0): R = 2g²s, s = Σ over positive inputs of u_j², E s² = 7/16 as
    above, so E R² = 4·3·7/16 and the variance 17/4. Per layer that is 2 of 6 masks; the other 4 have fan-in (1, 1).
    """
    one = Fraction(1)
    fan_in, per_layer = (output_norm_variance(kind, 2, one) for kind in ("fan_in", "per_layer"))
    assert fan_in == Fraction(35, 8) > per_layer == (4 * Fraction(35, 8) + 2 * Fraction(17, 4)) / 6


def test_integers_and_floats_give_the_float_of_the_fraction():
    for kind in KINDS:
        exact = output_norm_variance(kind, 7, Fraction(3), 5)
        assert output_norm_variance(kind, 7, 3, 5) == pytest.approx(float(exact), rel=1e-15)
