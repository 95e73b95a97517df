import re
from math import prod

import pytest
from builders import refused
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import MANY

from minidst.topology import KINDS, allocate

MATRIX = st.tuples(st.integers(1, 300), st.integers(1, 300))
KERNEL = st.tuples(st.integers(1, 64), st.integers(1, 64), st.integers(1, 5), st.integers(1, 5))
SHAPES = st.lists(MATRIX | KERNEL, min_size=1, max_size=8)
MLP = [(300, 784), (100, 300), (10, 100)]


def test_capping_once_is_not_enough_if_the_rest_then_passes_density_1():
    # .44: ε = 117128/1594 = 73.5 caps the last layer alone (the middle one has .98); capping it makes that 1.04,
    # for ε = 116128/1484 = 78.3; clipping once would miss the budget by the difference
    assert allocate(MLP, 0.44) == [117128 - 30000 - 1000, 30000, 1000]


def test_uniform_gives_every_layer_the_same_density():
    assert allocate([(10, 10), (20, 10), (5, 4, 2, 5)], 0.1, "uniform") == [10, 20, 20]


def test_er_ignores_the_kernel_and_erk_does_not():
    shapes = [(8, 8, 3, 3), (8, 8, 1, 1)]
    # er: r = 16/64 for both, so ε·(144 + 16) = 64. erk: weights 8 + 8 + 6 = 22 and 18, so ε·(22 + 18) = 64
    assert allocate(shapes, 0.1, "er") == [58, 6]
    assert allocate(shapes, 0.1, "erk") == [35, 29]


def test_density_1_is_the_dense_network_in_every_kind():
    for kind in KINDS:
        assert allocate([*MLP, (7, 3, 2, 5)], 1, kind) == [235200, 30000, 1000, 210]


def test_the_order_of_the_layers_does_not_matter():
    forth = allocate([*MLP, (64, 64, 3, 3)], 0.37)
    assert allocate([(64, 64, 3, 3), *MLP[::-1]], 0.37) == forth[::-1]


def test_a_very_large_budget_is_spent_to_the_last_connection():
    shapes = [(2**31 - 1, 2**20), (2**20 + 7, 2**21 - 9), (3, 2**31 - 1)]
    for kind in KINDS:
        assert sum(allocate(shapes, 0.3, kind)) == round(0.3 * sum(map(prod, shapes)))


@MANY
@given(shapes=SHAPES, density=st.floats(1e-7, 0.5), kind=st.sampled_from(KINDS))
@example(shapes=[(100, 10), (10, 1)], density=1e-3, kind="uniform")
@example(shapes=[(100, 100), (1, 3)], density=1e-5, kind="erk")
@example(shapes=[(1, 625)] * 2, density=1e-5, kind="uniform")  # .0012·1250 = 1.5, but .0012 as a float falls short
@example(shapes=[(7, 1)] * 60, density=1e-5, kind="uniform")  # one in 7: .14 would be too little, .15 is enough
def test_a_density_that_is_too_low_is_refused_with_one_that_works(shapes, density, kind):
    try:
        allocate(shapes, density, kind)
    except ValueError as refusal:
        message = str(refusal)
        layer, named = re.search(r"leaves layer (\d+) \((\S+)\) with 0 connections", message).groups()
        assert named == "×".join(map(str, shapes[int(layer)]))
        advised = float(re.search(r"raise density to ≥ (\S+)", message)[1])
        assert density < advised <= 1
        assert min(allocate(shapes, advised, kind)) >= 1
        if 'allocation="uniform"' in message:
            assert kind != "uniform"
            assert min(allocate(shapes, density, "uniform")) >= 1


@pytest.mark.parametrize(("shapes", "kind", "least"), [
    ([(10, 2)], "er", 0.026),  # round(.026·20) = 1 connection is enough for one layer
    ([(100, 10), (10, 1)], "uniform", 0.051),  # round(.051·1010) = 52: shares 51.5 and .515, the rest to the latter
])  # fmt: skip
def test_the_density_advised_is_the_smallest_to_two_digits(shapes, kind, least):
    assert min(allocate(shapes, least, kind)) == 1
    with refused(f"raise density to ≥ {least}"):
        allocate(shapes, 1e-4, kind)


def test_uniform_is_advised_where_it_helps_and_only_there():
    # 3 connections: ER shares them 60 : 501 by the layers' sides, uniform 900 : 500 by their sizes
    shapes = [(30, 30), (1, 500)]
    with refused("layer 0 (30×30)", 'or use allocation="uniform"'):
        allocate(shapes, 3 / 1400, "er")
    assert allocate(shapes, 3 / 1400, "uniform") == [2, 1]
    for kind in KINDS:
        with pytest.raises(ValueError, match=r"raise density to ≥ [\d.e-]+$"):
            allocate(shapes, 1 / 1400, kind)
