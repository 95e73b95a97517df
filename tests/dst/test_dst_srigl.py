"""SRigL: one fan-in for all neurons after every update; those that matter least are ablated for good."""

import naive
import numpy as np
import pytest
from builders import ready, rng, run_batch, with_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import active, by_key, dtypes, fractions, lists_of, optimizers, seeds

from minidst import METHODS, Condensed, Config, Network, fit, load, method, mlp
from minidst.dst import Cosine, Exchange, from_init, update_topology
from minidst.dst.papers.srigl import SRigL
from minidst.kernels.select import largest_in_rows
from minidst.nn import SparseLinear

SRIGL = METHODS["srigl"]


def hidden(theta, nabla, last=False):
    """A network of a Condensed layer with that gradient, and another after it: only hidden neurons are ablated."""
    n = len(theta)
    after = [] if last else [with_gradient(np.eye(n), np.zeros((n, n)), Condensed)]
    return Network([with_gradient(theta, nabla, Condensed), *after])


# By hand. K = 3: salient are .9 .8 .7 and the gradients 4 3 2; .1 .2 .3 go.
THETA = [[0.9, 0.8, 0, 0], [0, 0.7, 0.1, 0], [0.2, 0, 0, 0.3]]
NABLA = [[0.1, 0.1, -4, 1], [3, 0.1, 5, -2], [0.1, 0.5, 0.6, 0.1]]
ABLATED = [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]
KEPT = [[0.9, 0.8, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("record", "options", "after", "weights"),
    [
        # neuron 2 has no salient connection, so k′ = ⌊6/2⌋ = 3: neuron 0 grows 4, neuron 1 grows 3 and the 5 it lost
        (SRIGL, {}, ABLATED, KEPT),
        # and that one keeps its weight if the record says so
        (method("srigl", keep_value_on_regrow=True), {}, ABLATED, [KEPT[0], [0, 0.7, 0.1, 0], KEPT[2]]),
        # or gives way to the next gradient: neuron 1 grows 3 and 2
        (method("srigl", regrow_pruned=False), {}, [[1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]], KEPT),
        # k′ = 2: neuron 0 has lost nothing; neuron 1 regrows 5; neuron 2 has lost both and grows .6 and .5
        (METHODS["srigl-no-ablation"], {}, [[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]], KEPT),
        # so it is in the output layer, every neuron of which stays
        (SRIGL, {"last": True}, [[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]], KEPT),
    ],
)
def test_an_update_by_hand(record, options, after, weights):
    net = hidden(THETA, NABLA, **options)
    update_topology(net, record, 0.5, rng())
    layer = net.weighted[0]
    np.testing.assert_array_equal(active(layer), after)
    np.testing.assert_array_equal(layer.W.to_dense(), weights)
    assert layer.W.fan_in == sum(after[0])
    assert layer.W.active.tolist() == [i for i, row in enumerate(after) if any(row)]


def test_a_lowered_budget_leaves_every_neuron_its_largest_weights():
    """Budget 3 in place of 6 and nothing dropped: k′ = 1, and the larger of two weights stays."""
    net = hidden(THETA, NABLA)
    net.memory["srigl.budget.0"] = 3
    assert update_topology(net, SRIGL, 0.0, rng()).pruned == 3
    np.testing.assert_array_equal(net.weighted[0].W.to_dense(), [[0.9, 0, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 0.3]])


@st.composite
def condensed_layers(draw, most=7):
    """A layer with whole weights, gradients and momentum, so that ties abound; some neurons ablated already."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    k = draw(st.integers(1, n_in))
    generator = rng(draw(seeds))
    rows = np.sort(generator.permutation(n_out)[: draw(st.integers(1, n_out))]).astype(np.int32)
    indices = np.array([np.sort(generator.permutation(n_in)[:k]) for _ in rows], np.int32)
    values = generator.choice([-3.0, -2, -1, 1, 2, 3], indices.shape)
    layer = SparseLinear(Condensed((n_out, n_in), indices, values, rows))
    B = draw(st.integers(1, 3))
    ready(layer, generator.integers(-2, 3, (n_in, B)), generator.integers(-2, 3, (n_out, B)))
    layer.weight.state["velocity"] = generator.integers(1, 9, indices.size).astype(float)
    spare = draw(st.integers(0, rows.size - 1))  # the budget is not always a multiple of the neurons
    return layer, layer.connections + (spare if k < n_in else 0)


@given(condensed_layers(), fractions, st.sampled_from([0.0, 0.3, 0.5, 0.95, 1.0]), st.booleans(), st.booleans())
def test_an_update_is_what_loops_and_sorts_say(drawn, fraction, gamma, ablates, may_return):
    """Survivors keep weight and momentum, what is grown starts at 0, also if it was just dropped; full layers stay."""
    layer, budget = drawn
    n_in = layer.shape[1]
    free = layer.W.active.size * n_in - layer.connections
    values, velocity = by_key(layer), by_key(layer, layer.weight.state["velocity"])
    theta, nabla = {divmod(e, n_in): w for e, w in values.items()}, layer.DY @ layer.X.T
    record = method("srigl", regrow_pruned=may_return)
    done = SRigL(gamma).exchange(layer, record, fraction, rng(), budget, ablates)

    after, velocity_after = by_key(layer), by_key(layer, layer.weight.state["velocity"])
    assert {divmod(e, n_in) for e in after} == naive.srigl(theta, nabla, budget, fraction, gamma, ablates, may_return)
    dropped = sorted(values, key=lambda e: (abs(values[e]), e))[: int(fraction * len(values)) if free else 0]
    old = after.keys() & (values.keys() - set(dropped))
    assert all(after[e] == values[e] and velocity_after[e] == velocity[e] for e in old)  # no NaN, no −0
    assert all(after[e] == velocity_after[e] == 0 for e in after.keys() - old)
    assert done == Exchange(len(values) - len(old), len(after) - len(old), free)


@pytest.mark.parametrize("name", ["srigl", "srigl-no-ablation"])
@given(
    lists_of(2, 9), st.floats(0.25, 1), st.lists(st.floats(0.01, 1), min_size=1, max_size=4), dtypes, optimizers,
    st.sampled_from([0.0, 0.3, 1.0]), seeds,
)  # fmt: skip
def test_training_keeps_the_fan_in_constant_the_budget_and_the_ablated(
    name, sizes, density, updates, dtype, optimizer, gamma, seed
):
    net = mlp(sizes, density=density, method=name, allocation="uniform", seed=seed, dtype=dtype)
    record = method(name, update=SRigL(gamma, ablation=METHODS[name].update.ablation))
    x, y = net.rng.standard_normal((6, sizes[0])), net.rng.integers(sizes[-1], size=6)
    budgets = [layer.connections for layer in net.weighted]
    for fraction in updates:
        run_batch(net, x, y)
        optimizer.step(list(net.parameters()), 0.1)
        before = [set(layer.W.active.tolist()) for layer in net.weighted]
        update_topology(net, record, fraction, net.rng)
        for layer, budget, active_before in zip(net.weighted, budgets, before, strict=True):
            W = layer.W
            assert isinstance(W, Condensed)
            assert (np.diff(W.indices, axis=1) > 0).all()
            assert W.fan_in == budget // W.active.size
            assert W.nnz <= budget < W.nnz + W.active.size
            assert set(W.active.tolist()) <= active_before
            if name == "srigl-no-ablation" or layer is net.weighted[-1]:
                assert W.active.size == layer.shape[0]
            for aligned in (layer.weight.grad, *layer.weight.state.values()):
                assert aligned.shape == (W.nnz,)
            assert np.shares_memory(layer.weight.values, W.values)


@pytest.mark.parametrize(
    ("theta", "nabla", "fraction", "after"),
    [
        # three neurons with one of two inputs each, all gradients with neuron 2: alone it would need 3 inputs of 2;
        # of the other two, equally salient, the earlier stays; k′ = ⌊3/2⌋ = 1
        ([[1.0, 0], [2, 0], [3, 0]], [[0, 0.1], [0, 0.1], [0, 9]], 2 / 3, [[0, 1], [0, 0], [1, 0]]),
        # everything is dropped and each neuron has one absent connection: one salient, γ_sal = 1 asks for k = 4;
        # the fewest neurons to hold a budget of 8 with 5 inputs are ⌊8/6⌋ + 1 = 2, and k′ = 4
        ([[1.0, 1, 1, 1, 0]] * 2, np.ones((2, 5)), 1.0, [[1, 1, 1, 1, 0]] * 2),
    ],
)
def test_as_many_neurons_stay_as_the_budget_needs(theta, nabla, fraction, after):
    net = hidden(theta, nabla)
    update_topology(net, method("srigl", update=SRigL(1.0)), fraction, rng())
    np.testing.assert_array_equal(active(net.weighted[0]), after)


@pytest.mark.parametrize(("first_fan_in", "staying"), [(False, [0]), (True, [0, 1])])
def test_the_threshold_is_a_share_of_the_present_fan_in_or_of_the_first(first_fan_in, staying):
    """Two of four neurons are left, with k = 2 where all four had 1. θ = .9 .8 and .7 .1, K = 1: .1 goes, the largest
    absent gradient is with neuron 0. Neuron 1 has one salient connection, enough of 1 and too few of 2."""
    theta, nabla = [[0.9, 0.8, 0, 0, 0], [0.7, 0.1, 0, 0, 0], [0] * 5, [0] * 5], [[0, 0, 9, 0, 0], *[[0] * 5] * 3]
    layer = with_gradient(theta, nabla, Condensed)
    SRigL(1.0, first_fan_in=first_fan_in).exchange(layer, SRIGL, 0.25, rng(), 4, True)
    np.testing.assert_array_equal(layer.W.active, staying)


def test_first_weights_are_the_records():
    net = hidden(THETA, NABLA)
    update_topology(net, method("srigl", initial_weight=from_init), 0.5, rng())
    grown = net.weighted[0].W.to_dense()[[0, 1, 1], [2, 0, 2]]
    np.testing.assert_array_equal(grown, rng().standard_normal(3) * np.sqrt(2 / 3))


def test_a_budget_that_rounds_to_no_input_gives_each_neuron_one():
    """64·200·0.001 = 13 connections for 200 neurons: a fan-in of 0 is no layer, so it is 1 and the count 200."""
    net = mlp((64, 200, 10), density=0.001, method="srigl")
    assert [layer.W.fan_in for layer in net.weighted] == [1, 1]
    update_topology(run_batch(net, np.ones((4, 64)), np.zeros(4, int)), SRIGL, 0.5, rng())
    assert net.weighted[0].connections <= 200


@given(st.integers(1, 5), st.integers(1, 8), st.data())
def test_largest_in_rows_is_a_stable_sort_of_every_row(r, c, data):
    scores = rng(data.draw(seeds)).choice([-np.inf, -1.0, 0, 1, 2], (r, c))
    counts = np.array(data.draw(st.lists(st.integers(0, c), min_size=r, max_size=r)))
    found = np.empty((r, c), bool)
    largest_in_rows(scores, counts, found)
    for row, chosen, count in zip(scores, found, counts, strict=True):
        assert np.flatnonzero(chosen).tolist() == naive.k_largest(row.tolist(), count)


@pytest.mark.slow
def test_with_1_percent_of_the_connections_it_is_far_above_a_static_network():
    data = load("digits")
    record = method("srigl", schedule=Cosine(alpha=0.3, every=20, until=0.75))
    scores = {}
    for trained in (METHODS["static"], record):
        nets = [mlp((64, 256, 256, 10), density=0.01, method=trained, seed=seed) for seed in range(2)]
        histories = [fit(net, data, trained, Config(epochs=15), progress=False) for net in nets]
        scores[trained.name] = np.mean([history.score for history in histories])
    assert scores["srigl"] > scores["static"] + 0.05
    assert all(layer.W.active.size < 256 for layer in nets[0].weighted[:-1])
