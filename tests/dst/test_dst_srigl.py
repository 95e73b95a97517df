"""SRigL: one fan-in for all neurons after every update; those that matter least are ablated for good."""

import tracemalloc

import numpy as np
import pytest
from builders import ready, with_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import active, by_key, checked, seeds

from minidst import COO, CSR, METHODS, Condensed, Config, Network, fit, load, method, mlp
from minidst.dst import Cosine, Exchange, from_init, update_topology
from minidst.dst.papers.srigl import SRigL
from minidst.kernels.select import largest_in_rows
from minidst.nn import SGD, Adam, SparseLinear

small = pytest.mark.small
fractions = st.integers(0, 64).map(lambda a: a / 64)


def rng():
    return np.random.default_rng(0)


def condensed(theta, nabla):
    """A Condensed layer whose gradient over all connections is `nabla`."""
    return with_gradient(theta, nabla, Condensed)


def hidden(layer):
    """The layer in a network in which it is not the last: only there may neurons be ablated."""
    n = layer.shape[0]
    last = condensed(np.eye(n), np.zeros((n, n)))
    return Network([layer, last])


THETA = [[0.9, 0.8, 0, 0], [0, 0.7, 0.1, 0], [0.2, 0, 0, 0.3]]
NABLA = [[0.1, 0.1, -4, 1], [3, 0.1, 5, -2], [0.1, 0.5, 0.6, 0.1]]


@small
def test_by_hand_a_neuron_without_salient_connections_is_ablated_and_the_others_share_its_budget():
    """K = 3: salient are .9 .8 .7 and the gradients 4 3 2. Neuron 2 has none, so k′ = ⌊6/2⌋ = 3. .1 .2 .3 go; neuron 0
    grows 4, neuron 1 grows 5 (which it has just lost: it restarts at 0) and 3.
    """
    layer = condensed(THETA, NABLA)
    net = hidden(layer)
    assert SRigL().exchange(layer, METHODS["srigl"], 0.5, rng(), 6, True) == Exchange(3, 3, 6)
    np.testing.assert_array_equal(active(layer), [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(layer.W.to_dense(), [[0.9, 0.8, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(layer.W.active, [0, 1])
    assert net.weighted[0].W.fan_in == 3


@small
def test_by_hand_without_ablation_every_neuron_is_filled_up_to_its_old_fan_in():
    """k′ = 2: neuron 0 has lost nothing; neuron 1 regrows 5; neuron 2 has lost both and grows .6 and .5."""
    net = hidden(condensed(THETA, NABLA))
    update_topology(net, method("srigl-no-ablation"), 0.5, rng())
    np.testing.assert_array_equal(active(net.weighted[0]), [[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]])
    np.testing.assert_array_equal(net.weighted[0].W.to_dense(), [[0.9, 0.8, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 0]])


@small
def test_by_hand_a_connection_that_is_dropped_and_grown_keeps_its_weight_if_the_record_says_so():
    net = hidden(condensed(THETA, NABLA))
    update_topology(net, method("srigl", keep_value_on_regrow=True), 0.5, rng())
    np.testing.assert_array_equal(net.weighted[0].W.to_dense(), [[0.9, 0.8, 0, 0], [0, 0.7, 0.1, 0], [0, 0, 0, 0]])


@small
def test_by_hand_without_regrowth_the_dropped_connection_gives_way_to_the_next_gradient():
    """Neuron 1 grows 3 and 2 in place of 5."""
    net = hidden(condensed(THETA, NABLA))
    update_topology(net, method("srigl", regrow_pruned=False), 0.5, rng())
    np.testing.assert_array_equal(active(net.weighted[0]), [[1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]])


@small
def test_by_hand_a_lowered_budget_leaves_every_neuron_its_largest_weights():
    """Budget 3 in place of 6 and nothing dropped: k′ = 1, and the larger of two weights stays."""
    net = hidden(condensed(THETA, NABLA))
    net.memory["srigl.budget.0"] = 3
    assert update_topology(net, METHODS["srigl"], 0.0, rng()).pruned == 3
    np.testing.assert_array_equal(net.weighted[0].W.to_dense(), [[0.9, 0, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 0.3]])


def naive_srigl(theta, nabla, budget, fraction, gamma, ablates, may_return):
    """{(i, j)} active afterwards, as three loops and many sorts say. theta: {(i, j): θ}; nabla: (n_out, n_in)."""
    n_in = nabla.shape[1]
    neurons = sorted({i for i, _ in theta})
    k = len(theta) // len(neurons)
    absent = [(i, j) for i in neurons for j in range(n_in) if (i, j) not in theta]
    if not absent:
        return set(theta)
    K = int(fraction * len(theta))
    dropped = set(sorted(theta, key=lambda e: (abs(theta[e]), e))[:K])
    if ablates:
        salient = (set(theta) - dropped) | set(sorted(absent, key=lambda e: (-abs(nabla[e]), e))[:K])
        count = {i: sum(e[0] == i for e in salient) for i in neurons}
        by_rank = sorted(neurons, key=lambda i: (-count[i], i))
        staying = [i for i in by_rank if count[i] >= max(1, int(gamma * k))]
        while not staying or budget // len(staying) > n_in:
            staying.append(by_rank[len(staying)])
        neurons = staying
    fan_in = budget // len(neurons)
    after = set()
    for i in neurons:
        kept = sorted((e for e in theta if e[0] == i and e not in dropped), key=lambda e: (-abs(theta[e]), e))[:fan_in]
        others = [(i, j) for j in range(n_in) if (i, j) not in kept]
        rank = {e: 1 if e in theta and not may_return else -abs(nabla[e]) for e in others}
        grown = sorted(others, key=lambda e: (rank[e], e))[: fan_in - len(kept)]
        after |= {*kept, *grown}
    return after


@st.composite
def condensed_layers(draw, most=7):
    """A layer with whole weights, gradients and momentum, so that ties abound; some neurons ablated already."""
    n_out, n_in = draw(st.integers(1, most)), draw(st.integers(1, most))
    k = draw(st.integers(1, n_in))
    generator = np.random.default_rng(draw(seeds))
    rows = np.sort(generator.permutation(n_out)[: draw(st.integers(1, n_out))]).astype(np.int32)
    indices = np.array([np.sort(generator.permutation(n_in)[:k]) for _ in rows], np.int32)
    values = generator.choice([-3.0, -2, -1, 1, 2, 3], indices.shape)
    layer = SparseLinear(Condensed((n_out, n_in), indices, values, rows))
    B = draw(st.integers(1, 3))
    ready(layer, generator.integers(-2, 3, (n_in, B)), generator.integers(-2, 3, (n_out, B)))
    layer.weight.state["velocity"] = generator.integers(1, 9, indices.size).astype(float)
    spare = draw(st.integers(0, rows.size - 1))  # the budget is not always a multiple of the neurons
    return layer, layer.connections + (spare if k < n_in else 0)


@small
@given(condensed_layers(), fractions, st.sampled_from([0.0, 0.3, 0.5, 0.95, 1.0]), st.booleans(), st.booleans())
@checked
def test_an_update_is_what_loops_and_sorts_say(drawn, fraction, gamma, ablates, may_return):
    layer, budget = drawn
    theta = {divmod(e, layer.shape[1]): w for e, w in by_key(layer, layer.weight.values).items()}
    nabla = layer.DY @ layer.X.T
    SRigL(gamma).exchange(layer, method("srigl", regrow_pruned=may_return), fraction, rng(), budget, ablates)
    expected = naive_srigl(theta, nabla, budget, fraction, gamma, ablates, may_return)
    found = {divmod(e, layer.shape[1]) for e in layer.W.keys().tolist()}
    assert found == expected


@small
@given(condensed_layers(), fractions, st.sampled_from([0.3, 1.0]), st.booleans())
@checked
def test_survivors_keep_weight_and_momentum_and_newborns_start_at_nothing(drawn, fraction, gamma, ablates):
    layer, budget = drawn
    full = layer.W.fan_in == layer.shape[1]
    values, velocity = by_key(layer, layer.weight.values), by_key(layer, layer.weight.state["velocity"])
    K = int(fraction * len(values))
    lowest = set(sorted(values, key=lambda e: (abs(values[e]), e))[: 0 if full else K])
    done = SRigL(gamma).exchange(layer, METHODS["srigl"], fraction, rng(), budget, ablates)
    after, velocity_after = by_key(layer, layer.weight.values), by_key(layer, layer.weight.state["velocity"])
    old = after.keys() & (values.keys() - lowest)
    assert all(after[e] == values[e] and velocity_after[e] == velocity[e] for e in old)  # no NaN, no −0
    assert all(after[e] == velocity_after[e] == 0 for e in after.keys() - old)
    assert (done.pruned, done.grown) == (len(values) - len(old), len(after) - len(old))


@small
@pytest.mark.parametrize("name", ["srigl", "srigl-no-ablation"])
@given(
    st.lists(st.integers(2, 9), min_size=2, max_size=4),
    st.floats(0.25, 1),
    st.lists(st.floats(0.01, 1), min_size=1, max_size=4),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([SGD(), Adam()]),
    st.sampled_from([0.0, 0.3, 1.0]),
    seeds,
)
@checked
def test_training_keeps_the_fan_in_constant_the_budget_and_the_ablated(
    name, sizes, density, updates, dtype, optimizer, gamma, seed
):
    net = mlp(sizes, density=density, method=name, allocation="uniform", seed=seed, dtype=dtype)
    record = method(name, update=SRigL(gamma, ablation=METHODS[name].update.ablation))
    x, y = net.rng.standard_normal((6, sizes[0])).astype(dtype), net.rng.integers(sizes[-1], size=6)
    budgets = [layer.connections for layer in net.weighted]
    for fraction in updates:
        _, DZ = net.loss(net.forward(np.ascontiguousarray(x.T), training=True), y)
        net.backward(DZ)
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


@small
def test_the_output_layer_keeps_every_neuron_that_a_hidden_layer_would_lose():
    layer = condensed(THETA, NABLA)
    update_topology(Network([layer]), METHODS["srigl"], 0.5, rng())
    np.testing.assert_array_equal(layer.W.active, [0, 1, 2])


@small
def test_so_many_neurons_stay_that_the_others_inputs_suffice_for_the_budget():
    """Three neurons with one of two inputs each, all gradients with neuron 2: alone it would need 3 inputs of 2.
    Of the other two, equally salient, the earlier stays; k′ = ⌊3/2⌋ = 1."""
    nabla = np.array([[0, 0.1], [0, 0.1], [0, 9]])
    net = hidden(condensed([[1.0, 0], [2, 0], [3, 0]], nabla))
    update_topology(net, method("srigl", update=SRigL(1.0)), 2 / 3, rng())
    np.testing.assert_array_equal(net.weighted[0].W.active, [0, 2])
    np.testing.assert_array_equal(active(net.weighted[0]), [[0, 1], [0, 0], [1, 0]])


@small
def test_at_least_one_neuron_stays_though_none_has_enough_salient_connections():
    """Everything is dropped and each neuron has one absent connection: one salient, and γ_sal = 1 asks for k = 4.
    The fewest neurons to hold a budget of 8 with 5 inputs are ⌊8/6⌋ + 1 = 2, and k′ = 4."""
    net = hidden(condensed([[1.0, 1, 1, 1, 0]] * 2, np.ones((2, 5))))
    update_topology(net, method("srigl", update=SRigL(1.0)), 1.0, rng())
    np.testing.assert_array_equal(net.weighted[0].W.active, [0, 1])


@small
def test_one_neuron_may_take_the_whole_budget_of_a_layer():
    net = hidden(condensed(np.eye(3, 4), [[1, 2, 3, 4]] + [[0] * 4] * 2))
    update_topology(net, METHODS["srigl"], 1.0, rng())
    np.testing.assert_array_equal(active(net.weighted[0]), [[0, 1, 1, 1], [0] * 4, [0] * 4])


@small
def test_an_ablated_neuron_never_returns_however_large_its_gradient():
    net = hidden(condensed(THETA, NABLA))
    layer = net.weighted[0]
    update_topology(net, METHODS["srigl"], 0.5, rng())
    for _ in range(3):
        layer.DY[2] = 1000.0
        layer.weight.grad = layer.W.grad(layer.DY, layer.X)
        update_topology(net, METHODS["srigl"], 0.5, rng())
        np.testing.assert_array_equal(layer.W.active, [0, 1])
        assert layer.connections == net.memory["srigl.budget.0"] == 6


@small
def test_a_larger_gamma_ablates_neurons_that_a_smaller_one_spares():
    """k = 2, K = 2: .1 and .2 go, both gradients are with neuron 0: it has three salient ones, neuron 1 has one."""
    theta, nabla = [[0.9, 0.2, 0, 0], [0.1, 0.8, 0, 0]], [[0, 0, 5, 6], [0, 0, 1, 1]]
    for gamma, staying in [(0.0, [0, 1]), (0.3, [0, 1]), (0.95, [0, 1]), (1.0, [0])]:
        net = hidden(condensed(theta, nabla))
        update_topology(net, method("srigl", update=SRigL(gamma_sal=gamma)), 0.5, rng())
        np.testing.assert_array_equal(net.weighted[0].W.active, staying)


@small
@pytest.mark.parametrize(("first_fan_in", "staying"), [(False, [0]), (True, [0, 1])])
def test_the_threshold_is_a_share_of_the_present_fan_in_or_of_the_first(first_fan_in, staying):
    """Two of four neurons are left, with k = 2 where all four had 1. θ = .9 .8 and .7 .1, K = 1: .1 goes, the largest
    absent gradient is with neuron 0. Neuron 1 has one salient connection, enough of 1 and too few of 2."""
    theta, nabla = [[0.9, 0.8, 0, 0, 0], [0.7, 0.1, 0, 0, 0], [0] * 5, [0] * 5], [[0, 0, 9, 0, 0], *[[0] * 5] * 3]
    layer = condensed(theta, nabla)
    SRigL(1.0, first_fan_in=first_fan_in).exchange(layer, METHODS["srigl"], 0.25, rng(), 4, True)
    np.testing.assert_array_equal(layer.W.active, staying)


@small
def test_a_layer_with_nothing_absent_is_left_alone():
    theta = np.arange(1.0, 7).reshape(2, 3)
    layer = condensed(theta, np.ones((2, 3)))
    assert SRigL().exchange(layer, METHODS["srigl"], 1.0, rng(), 6, True) == Exchange()
    np.testing.assert_array_equal(layer.W.to_dense(), theta)


@small
def test_newborn_weights_are_the_records():
    net = hidden(condensed(THETA, NABLA))
    update_topology(net, method("srigl", initial_weight=from_init), 0.5, rng())
    layer = net.weighted[0]
    newborn = layer.W.to_dense()[[0, 1, 1], [2, 0, 2]]
    np.testing.assert_array_equal(newborn, rng().standard_normal(3) * np.sqrt(2 / 3))


@small
@pytest.mark.parametrize("gamma", [-0.1, 1.01, 30, float("nan")])
def test_gamma_outside_0_to_1_is_refused(gamma):
    with pytest.raises(ValueError, match=rf"^gamma_sal {gamma} must lie in \[0, 1\]") as caught:
        SRigL(gamma)
    assert "\n" not in str(caught.value)


@small
@pytest.mark.parametrize("format", [COO, CSR])
def test_a_layer_with_free_fan_ins_is_refused(format):
    layer = SparseLinear(format.from_dense(THETA))
    with pytest.raises(ValueError, match=f"{format.__name__} layer; use Condensed"):
        update_topology(Network([layer]), METHODS["srigl"], 0.5, rng())
    with pytest.raises(ValueError, match="keeps a constant fan-in"):
        mlp((4, 3), density=0.5, method="srigl", format=format.__name__.lower())


@small
def test_a_budget_that_rounds_to_no_input_gives_each_neuron_one():
    """64·200·0.001 = 13 connections for 200 neurons: a fan-in of 0 is no layer, so it is 1 and the count 200."""
    net = mlp((64, 200, 10), density=0.001, method="srigl")
    assert [layer.W.fan_in for layer in net.weighted] == [1, 1]
    net.forward(np.ones((64, 4), np.float32))
    net.backward(np.ones((10, 4), np.float32))
    update_topology(net, METHODS["srigl"], 0.5, rng())
    assert net.weighted[0].connections <= 200


@small
@given(st.integers(1, 5), st.integers(1, 8), st.data())
@checked
def test_largest_in_rows_is_a_stable_sort_of_every_row(r, c, data):
    scores = np.random.default_rng(data.draw(seeds)).choice([-np.inf, -1.0, 0, 1, 2], (r, c))
    counts = np.array(data.draw(st.lists(st.integers(0, c), min_size=r, max_size=r)))
    found = np.empty((r, c), bool)
    largest_in_rows(scores, counts, found)
    for row, chosen, count in zip(scores, found, counts, strict=True):
        assert np.flatnonzero(chosen).tolist() == sorted(np.argsort(-row, kind="stable")[:count].tolist())


def test_an_update_never_needs_a_dense_layer():
    """4000×4000, k = 3: 64 MB as a dense float32 gradient; 12 000 connections, blocks of 16 384 numbers."""
    nets = [mlp((n, n, n), density=3 / n, method="srigl", allocation="uniform") for n in (30, 4000)]
    for net in nets:
        for layer in net.weighted:
            ready(layer, *(rng().standard_normal((n, 2)) for n in reversed(layer.shape)))
    update_topology(nets[0], METHODS["srigl"], 0.3, rng())  # compiles
    tracemalloc.start()
    update_topology(nets[1], METHODS["srigl"], 0.3, rng())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
    assert nets[1].weighted[0].W.active.size < 4000


def test_with_1_percent_of_the_connections_it_is_far_above_a_static_network():
    data = load("digits")
    record = method("srigl", schedule=Cosine(alpha=0.3, every=20, until=0.75))
    scores = {}
    for name, trained in [("static", METHODS["static"]), ("srigl", record)]:
        nets = [mlp((64, 256, 256, 10), density=0.01, method=trained, seed=seed) for seed in range(2)]
        scores[name] = np.mean([fit(net, data, trained, Config(epochs=15), progress=False).score for net in nets])
    assert scores["srigl"] > scores["static"] + 0.05
    assert all(layer.W.active.size < 256 for layer in nets[0].weighted[:-1])
