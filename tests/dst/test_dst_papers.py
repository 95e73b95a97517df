"""One example per method, with every matrix written out, for a reader with a pencil."""

from itertools import combinations

import numpy as np
import pytest
from builders import ready, rng, with_gradient
from strategies import Told
from strategies_dst import active, update

from minidst import COO, CSR, METHODS, Network, method
from minidst.dst import Exchange, GrowthContext, GuidedSample, update_topology
from minidst.dst.papers.gse import gse
from minidst.nn import SparseLinear


def test_set_drops_the_smallest_of_each_sign_and_grows_anywhere():
    """ζ = 0.5, two positive and two negative weights: .2 and −.1 go.

        θ = .5 −.1 .2 −.9  0  0  0        dropped: (0,1) and (0,2)        absent then: columns 1, 2, 4, 5, 6

    Two of these five are drawn at random and start at 0: each of the 10 pairs turns up among 300 seeds, with
    P(a pair missing) < 10·0.9^300 < 1e-12, and nothing else does.
    """
    seen = set()
    for seed in range(300):
        layer = with_gradient([[0.5, -0.1, 0.2, -0.9, 0, 0, 0]], np.ones((1, 7)))
        assert update(layer, METHODS["set"], 0.5, rng(seed)) == 2
        np.testing.assert_array_equal(layer.W.to_dense(), [[0.5, 0, 0, -0.9, 0, 0, 0]])
        picture = active(layer)[0]
        assert picture[0] == picture[3] == 1
        seen.add(tuple(np.flatnonzero(picture * [0, 1, 1, 0, 1, 1, 1]).tolist()))
    assert seen == set(combinations([1, 2, 4, 5, 6], 2))


@pytest.mark.parametrize("format", [COO, CSR])
@pytest.mark.parametrize(
    ("regrow_pruned", "after"),
    [(True, [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1]]), (False, [[1, 0, 1, 1, 1, 0], [0, 1, 0, 0, 0, 1]])],
)
def test_rigl_drops_the_smallest_weights_and_grows_the_largest_gradients(regrow_pruned, after, format):
    """k = ⌊0.5·6⌋ = 3: .1 at (0,1), .2 at (1,0) and .6 at (1,2) go. The largest gradients of what is absent then are 5
    at (0,1), 4 at (1,0) and .6 at (1,5): two come straight back, at 0. If they may not, of what was absent before
    .6 at (1,5), .3 at (0,3) and .2 at (0,4) are largest.
    """
    theta = [[0.9, 0.1, 0.8, 0, 0, 0], [0.2, 0.7, 0.6, 0, 0, 0]]
    layer = with_gradient(theta, [[0.01, 5, 0.01, 0.3, 0.2, 0.1], [4, 0.01, 0.01, 0.05, 0.04, 0.6]], format)
    assert update(layer, method("rigl", regrow_pruned=regrow_pruned), 0.5) == 3
    np.testing.assert_array_equal(active(layer), after)
    np.testing.assert_array_equal(layer.W.to_dense(), [[0.9, 0, 0.8, 0, 0, 0], [0, 0.7, 0, 0, 0, 0]])


# Guided exploration, four ways, in one layer with two samples:
#
#         1  1                                        2  0  0   2
#     h = 1 −1      δ = 1  1        ∇ᵀ = δhᵀ written
#         2 −2          1 −1        as W is:          0  2  4  −2
#         0  2
#
# θ has .9 at (0,0), .1 at (0,1) and .7 at (1,1), so there are ⌈1·3⌉ = 3 draws; k = ⌈0.3·3⌉ = 1 is exchanged, and
# .1 at (0,1) is what goes. The uniforms drawn for the outputs are .6 .1 .6, for the inputs .1 .24 .78.
GSE_THETA = [[0.9, 0.1, 0, 0], [0, 0.7, 0, 0]]
GSE_X = np.array([[1.0, 1], [1, -1], [2, -2], [0, 2]])
GSE_DY = np.array([[1.0, 1], [1, -1]])
OUTPUTS, INPUTS = [0.6, 0.1, 0.6], [0.1, 0.24, 0.78]


@pytest.mark.parametrize(
    ("name", "signs", "f", "g", "S", "grown"),
    [
        # f: a quarter each -> inputs 0, 0, 3; outputs 1, 0, 1. Pairs (1,0), (0,0) active, (1,3).
        ("uniform", [], [1, 1, 1, 1], [1, 1], [(1, 0), (1, 3)], (1, 3)),  # |∇| = 0, 2
        # |h|1 = 2 2 4 2 of 10, up to .2 .4 .8 1 -> inputs 0, 1, 2. Pairs (1,0), (0,1) active, (1,2).
        ("grabo", [], [2, 2, 4, 2], [2, 2], [(1, 0), (1, 2)], (1, 2)),  # |∇| = 0, 4
        # ‖h‖2 = √2 √2 √8 2 of 7.66, up to .18 .37 .74 1 -> inputs 0, 1, 3. Pairs (1,0), (0,1) active, (1,3).
        ("l2", [], np.sqrt([2, 2, 8, 4]), np.sqrt([2, 2]), [(1, 0), (1, 3)], (1, 3)),  # |∇| = 0, 2
        # s = (1, −1): |hs| = 0 2 4 2 of 8, up to 0 .25 .75 1 -> inputs 1, 1, 3; |δs| = 0 2 -> output 1 each time.
        ("graest", [[0.7, 0.2]], [0, 2, 4, 2], [0, 2], [(1, 3)], (1, 3)),  # (1,1) is active
    ],
)
def test_gse_grows_the_best_of_its_sample(name, signs, f, g, S, grown):
    layer = SparseLinear(CSR.from_dense(GSE_THETA))
    layer.forward(GSE_X)
    layer.backward(GSE_DY)
    distribution = getattr(gse, name)
    context = GrowthContext((2, 4), layer.W.keys(), GSE_X, GSE_DY)
    for found, expected in zip(distribution(context, Told(*signs)), (f, g), strict=True):
        np.testing.assert_allclose(found / found.sum(), np.array(expected) / np.sum(expected), rtol=1e-15)
    keys = GuidedSample(distribution)(context, 1, Told(*signs, OUTPUTS, INPUTS))
    assert [divmod(key, 4) for key in keys.tolist()] == S
    assert update(layer, METHODS[f"gse-{name}"], 0.3, Told(*signs, OUTPUTS, INPUTS)) == 1
    np.testing.assert_array_equal(layer.W.to_dense(), [[0.9, 0, 0, 0], [0, 0.7, 0, 0]])
    expected = np.array([[1, 0, 0, 0], [0, 1, 0, 0]])
    expected[grown] = 1
    np.testing.assert_array_equal(active(layer), expected)


def test_gse_synflow_looks_where_much_can_flow():
    """Two layers, W⁽¹⁾ = 2 −1 and W⁽²⁾ = 1 −3, of which the second is full.
                           0 .5

    From output 0 of layer 1 flows 1, from output 1 flows 3: of the uniforms .5 .1 .5 the first and last mean output 1.
    Into both inputs flows 1: .1 .1 .9 mean inputs 0, 0 and 1. Of (1,0), (0,0) and (1,1) the first alone is absent, so
    k = min(⌈.3·3⌉, 1) = 1 is grown there, and .5 goes.
    """
    net = Network([with_gradient([[2.0, -1], [0, 0.5]], [[9, 9], [1, 9]]), with_gradient([[1.0, -3]], [[9, 9]])])
    draws = Told([0.5, 0.1, 0.5], [0.1, 0.1, 0.9])
    assert update_topology(net, METHODS["gse-synflow"], 0.3, draws) == Exchange(1, 1, 1)
    np.testing.assert_array_equal(net.sparse[0].W.to_dense(), [[2, -1], [0, 0]])
    np.testing.assert_array_equal(active(net.sparse[0]), [[1, 1], [1, 0]])


def test_the_earlier_gse_lets_layers_trade_connections():
    """The layer of 2×4 above, and one of 2×2 on it with θ = .8 at (0,0) and ∇ = 2 1.
                                                                           3 3

    k = ⌈.3·3⌉ + ⌈.3·1⌉ = 2 are pruned. By their 8 and 4 places the layers get 1.33 and .67 of these, rounded 1 and 1,
    and ten pairs for each. Layer 1 draws (1,2) and (0,3), |∇| = 4 and 2, and layer 2 draws (0,1) and (1,0), 1 and 3.
    The best two of the four are 4 and 3, one in each layer; the two smallest weights, .1 and .7, are both in layer 1.
    """
    first = ready(SparseLinear(CSR.from_dense(GSE_THETA)), GSE_X, GSE_DY)
    second = ready(SparseLinear(CSR.from_dense([[0.8, 0], [0, 0]])), [[1, 1], [1, 0]], [[1, 1], [3, 0]])
    draws = Told([0.6, 0.1] * 5, [0.5, 0.9] * 5, [0.1, 0.9] * 5, [0.9, 0.1] * 5)
    assert update_topology(Network([first, second]), METHODS["gse-2022"], 0.3, draws) == Exchange(2, 2, 4)
    np.testing.assert_array_equal(active(first), [[1, 0, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(active(second), [[1, 0], [1, 0]])
