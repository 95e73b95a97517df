"""Theorem 6, proofs/erk_densities.md; and the layers' counts that `allocate` makes of the densities."""

from fractions import Fraction
from math import prod

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minidst.theory import erk_densities, erk_scale
from minidst.topology import KINDS, allocate
from minidst.verify import THEOREMS
from minidst.verify.erk_densities import capped

MATRIX = st.tuples(st.integers(1, 300), st.integers(1, 300))
KERNEL = st.tuples(st.integers(1, 64), st.integers(1, 64), st.integers(1, 5), st.integers(1, 5))
SHAPES = st.lists(MATRIX | KERNEL, min_size=1, max_size=8)
DENSITIES = st.floats(1e-4, 1) | st.sampled_from([0.01, 0.1, 0.2, 0.5, 0.9, 0.99, 1.0])
MLP = [(300, 784), (100, 300), (10, 100)]


def test_erk_densities():
    assert THEOREMS["erk_densities"].check() == (6075, 0)


@pytest.mark.parametrize("kind", ["er", "erk"])
def test_the_network_of_784_300_100_10_by_hand(kind):
    """r_l·N_l = 1084, 400, 110 and N_l = 235200, 30000, 1000.

    Density .1, B = 26620: ε = 26620/1594 = 16.7 would make the last layer 1.84; without it ε = 25620/1484, and
    densities are ε·1084/235200 and ε·400/30000. Density .5, B = 133100: ε = 133100/1594 = 83.5 would make the last two
    9.2 and 1.11, and 102100/235200 is left for the first. Density .44 caps them one after the other.
    """
    assert erk_scale(MLP, Fraction(1, 10), kind) == Fraction(25620, 1484)
    first, second, last = erk_densities(MLP, Fraction(1, 10), kind)
    assert (first, second, last) == (Fraction(25620 * 1084, 1484 * 235200), Fraction(25620 * 400, 1484 * 30000), 1)
    assert [float(first), float(second)] == pytest.approx([0.079568, 0.230189], abs=5e-7)
    assert erk_densities(MLP, 0.5, kind).tolist() == pytest.approx([0.434099, 1, 1], abs=5e-7)
    assert capped(MLP, Fraction(1, 2), kind, True)[1] == 1
    assert capped(MLP, Fraction(44, 100), kind, True)[1] == 2  # as many rounds as three layers can take


def test_er_leaves_the_kernel_out_of_the_ratio_and_erk_does_not():
    """8 → 8 with kernels 3×3 and 1×1, B = 64 of 640. er: r = 16/64 for both. erk: shares as 8 + 8 + 6 to 8 + 8 + 2."""
    shapes, tenth = [(8, 8, 3, 3), (8, 8, 1, 1)], Fraction(1, 10)
    assert erk_densities(shapes, tenth, "uniform").tolist() == [tenth, tenth]
    assert erk_densities(shapes, tenth, "er").tolist() == [tenth, tenth]
    assert erk_densities(shapes, tenth).tolist() == [Fraction(64 * 22, 40 * 576), Fraction(64 * 18, 40 * 64)]


@settings(max_examples=200)
@given(SHAPES, st.integers(1, 1000).map(lambda a: Fraction(a, 1000)), st.sampled_from(KINDS))
def test_both_loops_end_in_fewer_rounds_than_layers_and_with_the_closed_form(shapes, density, kind):
    for all_at_once in (True, False):
        densities, rounds = capped(shapes, density, kind, all_at_once)
        assert rounds < len(shapes)
        assert densities == erk_densities(shapes, density, kind).tolist()


@settings(max_examples=200)
@given(shapes=SHAPES, density=DENSITIES, kind=st.sampled_from(KINDS))
@example(shapes=[(1, 1)], density=1.0, kind="erk")
@example(shapes=[(10, 10)] * 3, density=0.05, kind="uniform")  # equal shares, and not one of them whole
@example(shapes=[(64, 3, 3, 3), (64, 64, 3, 3), (10, 64)], density=0.9, kind="erk")  # all but one are capped
def test_counts_are_the_largest_remainder_rounding_of_the_exact_shares(shapes, density, kind):
    sizes = [prod(shape) for shape in shapes]
    budget = round(density * sum(sizes))
    densities = erk_densities(shapes, Fraction(budget, sum(sizes)), kind) if budget else [0] * len(shapes)
    exact = [d * size for d, size in zip(densities, sizes, strict=True)]
    try:
        counts = allocate(shapes, density, kind)
    except ValueError:
        assert min(exact) < 1  # with a whole connection for everyone there is nothing to refuse
        return
    assert sum(counts) == budget == sum(exact)
    assert all(type(count) is int for count in counts)
    assert all(1 <= count <= size for count, size in zip(counts, sizes, strict=True))
    assert all(abs(count - share) < 1 for count, share in zip(counts, exact, strict=True))
    assert all(count == size for count, size, share in zip(counts, sizes, exact, strict=True) if share == size)
    assert naive.is_largest_remainder(counts, exact)


def test_scaling_parameters_by_one_minus_the_ratio_as_the_text_has_it_is_another_allocation():
    """RigL, section 3(1): parameters ∝ 1 − r_l would make the largest layer the densest, and the text's next sentence
    wants it the sparsest. Sparsities ∝ 1 − r_l keep that order, but not the densities: .099, .107, .194 for .1.
    """
    sizes = np.array([prod(shape) for shape in MLP])
    absent = 1 - np.array([sum(shape) / prod(shape) for shape in MLP])
    assert (np.diff(absent) < 0).all()
    assert (np.diff(erk_densities(MLP, 0.1)) > 0).all()
    sparsities = absent * 0.9 * sizes.sum() / (absent * sizes).sum()
    assert 1 - sparsities == pytest.approx([0.0988, 0.1067, 0.1942], abs=5e-5)
