"""Theorem 10, proofs/train_flops.md."""

from fractions import Fraction
from math import prod

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from minidst import METHODS
from minidst.analysis.flops import training_flops
from minidst.dst import Schedule
from minidst.nn.optim import constant
from minidst.theory import amortising_interval, forward_flops, resnet50, rigl_overhead, train_flops
from minidst.verify import THEOREMS
from minidst.verify.train_flops import RELEASED, SMALL_DENSE, TABLE, disagreements, share

RECORDS = {"static": "static", "set": "set", "snip": "snip", "snfs": "snfs", "rigl": "rigl", "gse-grabo": "gse"}
densities = st.integers(1, 999).map(lambda a: Fraction(a, 1000))


def test_train_flops():
    assert THEOREMS["train_flops"].check() == (54, 0)


def test_by_hand():
    """f_S = 10, f_D = 100, ΔT = 9: (270 + 20 + 100)/10 = 39 for RigL, 3·30 % more than 30; |S| = 20: 30 + 40/10."""
    assert train_flops("rigl", 10, 100, 9) == 39
    assert rigl_overhead(Fraction(1, 10), 9) == Fraction(9, 30) == Fraction(39, 30) - 1
    assert train_flops("gse", 10, every=9, considered=20) == 34
    assert train_flops("snfs", 10, 100) == 120
    assert [train_flops(method, 10, 100) for method in ("static", "set", "snip", "dense")] == [30, 30, 30, 300]
    assert amortising_interval(Fraction(1, 10), Fraction(3, 10)) == 9


@pytest.mark.parametrize("record", [record for record in RECORDS if record in METHODS] + ["gse-2022", "dense"])
@settings(max_examples=30)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**4), st.integers(0, 10**9))
def test_the_records_formulas_are_the_papers(record, f_S, f_D, every, considered):
    f_D = f_S if record == "dense" else f_D  # a dense network's own forward pass is f_D
    method = {**RECORDS, "gse-2022": "gse"}.get(record, record)
    expected = train_flops(method, Fraction(f_S), Fraction(f_D), every, considered)
    assert training_flops(METHODS[record], f_S, f_D, every, considered) == pytest.approx(float(expected))


def test_rigl_is_a_static_network_and_a_share_of_the_missing_gradients_and_gse_that_looks_at_them_all():
    f, F, T = sympy.symbols("f F T", positive=True)
    rigl = train_flops("rigl", f, F, T)
    assert sympy.simplify(rigl - (3 * f + (F - f) / (T + 1))) == 0
    assert sympy.simplify(rigl - train_flops("gse", f, every=T, considered=(F - f) / 2)) == 0
    assert sympy.simplify(rigl / train_flops("static", f) - 1 - rigl_overhead(f / F, T)) == 0
    assert sympy.simplify(rigl_overhead(f / F, amortising_interval(f / F, T)) - T) == 0


@given(densities, st.integers(1, 10_000))
def test_the_papers_inequality_says_that_a_dense_gradient_costs_less_than_one_sparse_pass_on_average(d, every):
    """ΔT > 1/(1 − s) ⇔ f_D/ΔT < f_S. RigL then costs less than (1 + (1 − d)/(3(1 + d)))·3f_S, so less than 4f_S."""
    holds = every > 1 / d
    assert holds == (Fraction(1, every) < d)
    if holds:
        assert rigl_overhead(d, every) < (1 - d) / (3 * (1 + d)) < Fraction(1, 3)
    assert rigl_overhead(d, every) > (1 / d - 1) / (3 * (every + 2))


def test_at_a_fixed_interval_the_cost_is_not_proportional_to_density_and_any_multiple_of_the_interval_will_do():
    costs = [train_flops("rigl", Fraction(1, n), Fraction(1), 100) * n for n in (10, 100, 10**4, 10**6)]
    assert [float(cost) for cost in costs] == pytest.approx([3.0891, 3.9802, 102.0, 9903.98], rel=1e-4)
    for c in (Fraction(1, 10), 1, 7):  # at ΔT = c/d the overhead stays below 1/(3c)
        assert all(rigl_overhead(Fraction(1, n), c * n) < 1 / (3 * Fraction(c)) for n in (10, 100, 10**4, 10**6))


def test_an_update_in_every_interval_costs_a_little_more_than_the_formulas_one_in_interval_plus_1():
    """Section 3 updates every ΔT steps, appendix A averages over ΔT ordinary ones and an update. At ΔT = 9, counted."""
    schedule, steps = Schedule(0.3, 9, 1.0, constant), range(1, 91)
    cost = sum(20 + 100 if schedule.fraction(t, 90, 1) else 30 for t in steps)
    assert Fraction(cost, 90) == train_flops("rigl", Fraction(10), 100, 9 - 1) == 40 > train_flops("rigl", 10, 100, 9)


def test_resnet50_has_the_layers_that_it_is_known_for():
    layers = resnet50()
    assert len(layers) == 54
    assert sum(prod(shape) for shape, _ in layers) == 25_502_912  # 25,557,032 with batch normalisation and bias
    assert forward_flops(layers, [1] * 54) == 8_178_368_512
    assert layers[:2] == [((64, 3, 7, 7), 112**2), ((64, 64, 1, 1), 56**2)]
    assert layers[-2:] == [((2048, 512, 1, 1), 49), ((1000, 2048), 1)]
    assert resnet50(0.5, 115)[:2] == [((32, 3, 7, 7), 115**2), ((32, 32, 1, 1), 56**2)]
    assert forward_flops([((2, 3), 5)], [Fraction(1, 2)], 1) == 5 * (6 + 2)


def test_only_the_way_that_the_authors_code_counts_meets_every_number():
    """Outputs of the first convolution 112² or 115², ReLU counted or not: how many of 52 numbers are not met."""
    missed = [len(list(disagreements(TABLE + RELEASED, side, relu))) for side in (112, 115) for relu in (0, 1)]
    assert missed == [22, 18, 22, 0]


def test_the_uniform_rows_at_nine_tenths_are_not_those_of_section_3():
    """It keeps the first layer dense: 0.13, and 0.66 for five times the steps, which is what the released code says."""
    stated = tuple(row._replace(kind="first dense") for row in TABLE if row.kind == "uniform")
    missed = list(disagreements(stated))
    assert len(missed) == 12
    assert any("×5: 0.6570, printed 0.52" in line for line in missed)
    assert list(disagreements(RELEASED)) == []


def test_small_dense_at_eight_tenths_is_not_met():
    """Not at the notebook's width, nor at equal weights (.425, .43); a width fitted to the table has 21.5 % of them."""
    assert len(list(disagreements(SMALL_DENSE))) == 4
    assert [round(share(f"narrow {width}", 0.8), 2) for width in (0.425, 0.43, 0.445, 0.465)] == [0.19, 0.19, 0.2, 0.22]
    assert [round(5 * share(f"narrow {width}", 0.8), 2) for width in (0.445, 0.465)] == [1.01, 1.11]


def test_the_table_does_not_show_which_of_the_two_periods_was_meant():
    for row in TABLE:
        if row.method == "rigl":
            f_S = share(row.kind, row.sparsity)
            assert round(row.length * train_flops("rigl", f_S, 1, 99) / 3, 2) == row.train
