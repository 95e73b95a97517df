"""One update of one layer: whatever the method, connections are conserved and survivors keep every bit."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from builders import ready, with_gradient
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chi2
from strategies_dst import (
    FORMATS,
    GROWING,
    LAYERWISE,
    active,
    by_key,
    checked,
    naive_gradient,
    naive_update,
    seeds,
    update,
    whole_layers,
)

from minidst import CSR, METHODS, Network, dst, method, mlp
from minidst.dst import Exchange, GrowthContext, GuidedSample, all_absent, from_init, random_absent, zeros
from minidst.dst.papers.gse.gse import uniform
from minidst.dst.prune import CRITERIA, how_many, magnitude, mest
from minidst.nn import SGD, Adam, MeanSquaredError, SparseLinear
from minidst.topology import gnm

small = pytest.mark.small


def rng():
    return np.random.default_rng(0)


def assert_consistent(layer):
    """Matrix, gradient and optimizer state are aligned, connections in order and inside."""
    keys = layer.W.keys()
    n_out, n_in = layer.shape
    assert (np.diff(keys) > 0).all()
    assert keys.size == 0 or (keys[0] >= 0 and keys[-1] < n_out * n_in)
    for aligned in (layer.weight.values, layer.weight.grad, *layer.weight.state.values()):
        assert aligned.shape == keys.shape
        assert aligned.dtype == layer.W.dtype
    assert np.shares_memory(layer.weight.values, layer.W.values) or keys.size == 0


def step(net, x, y, optimizer=None):
    """A forward and a backward pass, and a step of the optimizer if there is one."""
    _, DZ = net.loss(net.forward(np.ascontiguousarray(x.T), training=True), y)
    net.backward(DZ)
    if optimizer:
        optimizer.step(list(net.parameters()), 0.1)


@small
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", LAYERWISE)
@given(
    st.lists(st.integers(2, 9), min_size=2, max_size=4),
    st.floats(0.5, 1),
    st.floats(0.01, 1),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([SGD(), Adam()]),
    seeds,
)
@checked
def test_every_method_conserves_connections_and_the_bits_of_survivors_in_real_networks(
    name, format, sizes, density, fraction, dtype, optimizer, seed
):
    net = mlp(sizes, density=density, method=name, allocation="uniform", format=format, seed=seed, dtype=dtype)
    x = net.rng.standard_normal((6, sizes[0])).astype(dtype)
    y = net.rng.integers(sizes[-1], size=6)
    step(net, x, y, optimizer)
    step(net, x, y)
    record = METHODS[name]
    for layer in net.weighted:
        values, states = by_key(layer, layer.weight.values), dict(layer.weight.state)
        moments = {state: by_key(layer, array) for state, array in states.items()}
        bias = layer.bias.values.copy()
        nnz, free = layer.connections, layer.shape[0] * layer.shape[1] - layer.connections
        k = how_many(record.prune, layer.weight.values, fraction, record.round)
        ranked = np.argsort(record.prune(layer.weight.values, layer.weight.grad, rng()), kind="stable")
        lowest = set(layer.W.keys()[ranked[:k]].tolist())

        exchanged = update(layer, record, fraction, net.rng)

        assert_consistent(layer)
        assert type(layer.W) is FORMATS[format]
        assert layer.connections == nnz
        assert layer.bias.values.tobytes() == bias.tobytes()
        after = by_key(layer, layer.weight.values)
        moments_after = {state: by_key(layer, array) for state, array in layer.weight.state.items()}
        assert moments_after.keys() == moments.keys()
        reborn = {e for e in after.keys() & values.keys() if after[e] != values[e]}
        born = after.keys() - values.keys() | reborn
        for e in born:
            assert after[e] == 0
            assert all(moment[e] == 0 for moment in moments_after.values())
        for e in after.keys() - born:
            assert after[e] == values[e]  # no NaN, no −0: equal is bit for bit
            assert all(moments_after[state][e] == moments[state][e] for state in moments)
        assert exchanged == len(born) <= k
        assert (values.keys() - after.keys()) | reborn <= lowest
        if not record.regrow_pruned:
            assert not reborn
        if free == 0:
            assert exchanged == 0
        elif name in ("set", "rigl"):
            assert exchanged == k  # there is always enough to grow where the pruned may return
    step(net, x, y, optimizer)  # and training goes on


@small
@given(whole_layers(), st.integers(0, 64).map(lambda a: a / 64), st.booleans(), st.sampled_from(["floor", "ceil"]))
@checked
def test_rigl_is_what_three_loops_and_two_sorts_say(layer, fraction, regrow_pruned, rounding):
    """Connection for connection, on whole weights and gradients where ties abound."""
    nnz, places = layer.connections, layer.shape[0] * layer.shape[1]
    theta = by_key(layer, layer.weight.values)
    site = GrowthContext(layer.shape, layer.W.keys(), layer.X, layer.DY)
    k = how_many(magnitude, layer.weight.values, fraction, rounding)
    exchanged = update(layer, method("rigl", regrow_pruned=regrow_pruned, round=rounding), fraction, rng())
    if nnz == places:
        expected, grown = sorted(theta), []
    else:
        expected, grown = naive_update(theta, naive_gradient(site), k, regrow_pruned=regrow_pruned)
    assert layer.W.keys().tolist() == expected
    assert exchanged == len(grown)
    assert all(by_key(layer, layer.weight.values)[e] == 0 for e in grown)


@small
@pytest.mark.parametrize("name", ["gse-uniform", "gse-grabo", "gse-graest", "gse-l2"])
@given(layer=whole_layers(), fraction=st.integers(0, 64).map(lambda a: a / 64), regrow_pruned=st.booleans(), seed=seeds)
@checked
def test_gse_is_rigl_within_its_sample(name, layer, fraction, regrow_pruned, seed):
    """S is drawn a second time from the same seed; k = min(⌈α|A|⌉, |S|), and three loops do the rest."""
    record = method(name, regrow_pruned=regrow_pruned, order="prune_then_grow" if regrow_pruned else "grow_then_prune")
    theta, W = by_key(layer, layer.weight.values), layer.W
    assume(W.nnz < W.shape[0] * W.shape[1])
    k = how_many(magnitude, layer.weight.values, fraction, "ceil")
    P = sorted(theta, key=lambda e: (abs(theta[e]), e))[:k]
    taken = [e for e in theta if not regrow_pruned or e not in P]
    site = GrowthContext(W.shape, np.array(taken, np.int64), layer.X, layer.DY)
    drawn = []

    class Spy(GuidedSample):
        def __call__(self, *arguments):
            drawn.append(super().__call__(*arguments))
            return drawn[0]

    spy = Spy(record.candidates.distribution)
    exchanged = update(layer, replace(record, candidates=spy), fraction, rng_of(seed))
    (S,) = drawn
    assert not set(S.tolist()) & set(taken)
    assert exchanged == min(k, S.size)
    expected, grown = naive_update(theta, naive_gradient(site), k, regrow_pruned=regrow_pruned, S=S.tolist())
    assert layer.W.keys().tolist() == expected
    assert exchanged == len(grown)


def rng_of(seed):
    return np.random.default_rng(seed)


@small
@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
@given(whole_layers(least_free=1), st.floats(0, 1), seeds)
@checked
def test_whatever_the_criterion_the_lowest_scores_go(criterion, layer, fraction, seed):
    scores = criterion(layer.weight.values, layer.weight.grad, rng_of(seed))
    k = how_many(criterion, layer.weight.values, fraction, "floor")
    keys = layer.W.keys()
    lowest = set(keys[np.argsort(scores, kind="stable")[:k]].tolist())
    exchanged = update(layer, method("set", prune=criterion, regrow_pruned=False), fraction, rng_of(seed))
    gone = set(keys.tolist()) - set(layer.W.keys().tolist())
    assert len(gone) == exchanged == min(k, layer.shape[0] * layer.shape[1] - keys.size)
    assert gone == set(sorted(lowest, key=lambda e: (scores[np.searchsorted(keys, e)], e))[:exchanged])


@small
def test_a_dropped_connection_that_returns_starts_anew_or_keeps_its_value_and_momentum():
    """RigL's hand-worked case: (0,1) and (1,0) go and come straight back, (1,5) takes the place of (1,2)."""
    W = [[0.9, 0.1, 0.8, 0, 0, 0], [0.2, 0.7, 0.6, 0, 0, 0]]
    nabla = [[0.01, 5, 0.01, 0.3, 0.2, 0.1], [4, 0.01, 0.01, 0.05, 0.04, 0.6]]
    for keep, values, velocity in [
        (False, [0.9, 0, 0.8, 0, 0.7, 0], [1, 0, 3, 0, 5, 0]),
        (True, [0.9, 0.1, 0.8, 0.2, 0.7, 0], [1, 2, 3, 4, 5, 0]),
    ]:
        layer = with_gradient(W, nabla)
        layer.weight.state["velocity"] = np.arange(1.0, 7)
        assert update(layer, method("rigl", keep_value_on_regrow=keep), 0.5, rng()) == 3
        np.testing.assert_array_equal(layer.W.keys(), [0, 1, 2, 6, 7, 11])
        np.testing.assert_array_equal(layer.weight.values, values)
        np.testing.assert_array_equal(layer.weight.state["velocity"], velocity)


@small
@given(whole_layers(), st.integers(0, 64).map(lambda a: a / 64))
@checked
def test_keeping_values_changes_no_connection_and_no_count(layer, fraction):
    """The same topology as without; what differs is only what the returning ones carry."""
    twin = ready(SparseLinear(CSR.from_dense(layer.W.to_dense())), layer.X, layer.DY)
    before = by_key(layer, layer.weight.values)
    kept = update(layer, method("rigl", keep_value_on_regrow=True), fraction, rng())
    assert kept == update(twin, method("rigl"), fraction, rng())
    np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())
    for e, value in by_key(layer, layer.weight.values).items():
        assert value == before.get(e, 0)


@small
@pytest.mark.parametrize(
    ("name", "candidates"), [("rigl", all_absent), ("set", random_absent), ("gse-uniform", GuidedSample(uniform, 99))]
)
def test_where_too_few_can_be_grown_fewer_are_exchanged_and_the_best_of_the_pruned_stay(name, candidates):
    """θ = 3 1 4 2, one place free, all four to be pruned, none may return: only 1, the smallest, makes room."""
    layer = with_gradient([[3, 1, 4, 2, 0]], np.ones((1, 5)))
    layer.weight.state["velocity"] = np.array([30.0, 10, 40, 20])
    record = method(name, candidates=candidates, prune=magnitude, regrow_pruned=False)
    assert update(layer, record, 1.0, rng()) == 1
    np.testing.assert_array_equal(layer.W.to_dense(), [[3, 0, 4, 2, 0]])
    np.testing.assert_array_equal(active(layer), [[1, 0, 1, 1, 1]])
    np.testing.assert_array_equal(layer.weight.state["velocity"], [30, 40, 20, 0])


@small
@given(st.integers(2, 6), st.integers(2, 6), st.integers(1, 3), st.integers(0, 64).map(lambda a: a / 64), seeds)
@checked
def test_a_nearly_full_layer_exchanges_what_it_can(n_out, n_in, free, fraction, seed):
    """min(k, free) without regrowth: exactly that many of the lowest go."""
    draw = rng_of(seed)
    rows, cols = np.divmod(gnm(n_out, n_in, n_out * n_in - free, draw), n_in)
    theta = draw.permutation(rows.size) + 1.0  # all different
    W = CSR.from_connections((n_out, n_in), rows.astype(np.int32), cols.astype(np.int32), theta)
    layer = ready(SparseLinear(W), draw.standard_normal((n_in, 3)), draw.standard_normal((n_out, 3)))
    exchanged = update(layer, method("rigl", regrow_pruned=False), fraction, draw)
    assert exchanged == min(int(fraction * rows.size), free)
    assert sorted(layer.weight.values.tolist()) == [0.0] * exchanged + sorted(theta)[exchanged:]


@small
def test_a_score_may_find_nothing_and_then_nothing_is_pruned():
    """An empty S: every draw of the sample falls on the only active connection."""
    layer = with_gradient([[1, 0], [0, 0]], [[0, 0], [0, 0]])
    layer.X, layer.DY = np.array([[1.0], [0]]), np.array([[1.0], [0]])  # f, g vanish but at (0, 0)
    W = layer.W
    assert update(layer, method("gse-grabo"), 1.0, rng()) == 0
    np.testing.assert_array_equal(layer.W.keys(), W.keys())
    np.testing.assert_array_equal(layer.weight.values, [1])


@small
@pytest.mark.parametrize("name", METHODS)
def test_a_full_layer_is_left_alone(name):
    layer = with_gradient([[1.0, 2], [3, 4]], np.ones((2, 2)))
    W, weight = layer.W, layer.weight
    assert update(layer, METHODS[name], 1.0, rng()) == 0
    assert layer.W is W
    assert layer.weight is weight


@small
@pytest.mark.parametrize("order", ["prune_then_grow", "grow_then_prune"])
def test_where_layers_trade_connections_a_full_one_can_shrink(order):
    """k = 2 + 1. The lowest are .1 .2 .3, all in the first layer; the four absent places are all in the second."""
    net = Network(
        [with_gradient([[0.1, 0.2], [0.3, 4]], np.ones((2, 2))),
         with_gradient([[5, 6], [0, 0], [0, 0]], [[1, 1], [2, 3], [4, 5]])],
        MeanSquaredError(),
    )  # fmt: skip
    record = method("rigl", scope="global", order=order, regrow_pruned=False)
    assert dst.update_topology(net, record, 0.5, rng()) == Exchange(3, 3, 4)
    first, second = net.sparse
    np.testing.assert_array_equal(first.W.to_dense(), [[0, 0], [0, 4]])
    assert second.W.keys().tolist() == [0, 1, 3, 4, 5]


@small
def test_a_fraction_too_small_for_one_connection_exchanges_none():
    layer = with_gradient([[1.0, 2, 0]], np.ones((1, 3)))
    assert update(layer, METHODS["rigl"], 0.4, rng()) == 0
    np.testing.assert_array_equal(layer.W.to_dense(), [[1, 2, 0]])


@small
@pytest.mark.parametrize("name", GROWING)
def test_a_layer_without_a_batch_is_refused(name, refused):
    net = mlp((3, 1), density=2 / 3, method=name, dtype=np.float64)
    with refused("forward and backward"):
        dst.update_topology(net, METHODS[name], 0.5, rng())
    net.forward(np.ones((3, 2)))
    with refused("forward and backward"):
        dst.update_topology(net, METHODS[name], 0.5, rng())


@small
@pytest.mark.parametrize("samples", [2, 6, 9])
@pytest.mark.parametrize("name", GROWING)
def test_an_update_after_a_prediction_is_refused(name, samples, refused):
    """Beside X of the prediction DY of the batch of 6 has no place: with 2 samples growth would read past the end of X,
    with 6 it would multiply one batch's activations with another's gradients.
    """
    net = mlp((5, 4), density=0.5, method=name, allocation="uniform", dtype=np.float64)
    step(net, np.ones((6, 5)), np.zeros(6, int))
    net.predict(np.ones((samples, 5)))
    net.memory["dsr.threshold"] = 9.0  # at its first threshold DSR has nothing to exchange here
    with refused("forward and backward"):
        dst.update_topology(net, METHODS[name], 0.5, rng())


@small
@pytest.mark.parametrize("criterion", [CRITERIA["mest"], CRITERIA["snip"], CRITERIA["sensitivity"]])
def test_not_even_a_gradient_that_is_not_a_number_changes_the_number_of_connections(criterion):
    """A gradient can overflow one step before the loss does; scores that are NaN compare with nothing."""
    layer = with_gradient([[1.0, 2, 3, 0, 0, 0]], np.ones((1, 6)))
    layer.weight.grad[:] = np.nan
    try:
        update(layer, method("rigl", prune=criterion), 0.7, rng())
    except (ValueError, FloatingPointError):
        return  # to refuse it would be as good
    assert layer.connections == 3


def test_newborns_from_init_have_the_variance_of_their_neurons_new_fan_in():
    """Σ θ²·k_i/2 over newborns is χ², k_i counted after the update; false alarm 1e-6. Their momentum is 0."""
    draw = rng_of(5)
    n_out, n_in = 150, 120
    rows = np.sort(draw.integers(0, n_out, 3000))  # fan-ins from about 8 to 35
    keys = np.unique(rows * n_in + draw.integers(0, n_in, rows.size))
    rows, cols = np.divmod(keys, n_in)
    W = CSR.from_connections(
        (n_out, n_in), rows.astype(np.int32), cols.astype(np.int32), draw.standard_normal(keys.size)
    )
    layer = ready(SparseLinear(W), draw.standard_normal((n_in, 2)), draw.standard_normal((n_out, 2)))
    layer.weight.state["velocity"] = np.ones(keys.size)
    before = set(keys.tolist())
    exchanged = update(layer, method("set", prune=magnitude, regrow_pruned=False, initial_weight=from_init), 0.8, draw)
    rows_after = layer.W.connections()[0]
    born = np.array([e not in before for e in layer.W.keys().tolist()])
    assert born.sum() == exchanged == int(0.8 * keys.size)
    k = np.bincount(rows_after, minlength=n_out)[rows_after]
    statistic = (layer.weight.values**2 * k / 2)[born].sum()
    assert chi2.ppf(5e-7, exchanged) < statistic < chi2.isf(5e-7, exchanged)
    np.testing.assert_array_equal(layer.weight.state["velocity"], ~born)


@small
def test_a_newborn_is_drawn_for_the_fan_in_its_neuron_has_after_the_update():
    """1 and 2 leave the second neuron and two are born at the first, whose fan-in rises from 1 to 3: N(0, 2/3)."""
    layer = with_gradient([[9, 0, 0, 0], [1, 2, 8, 0]], [[0, 5, 5, 0], [0, 0, 0, 0]])
    assert update(layer, method("rigl", initial_weight=from_init), 0.5, rng()) == 2
    born = rng().standard_normal(2) * np.sqrt(2 / 3)
    np.testing.assert_allclose(layer.W.to_dense(), [[9, *born, 0], [0, 0, 8, 0]], rtol=1e-15)


@small
def test_newborn_weights_by_hand():
    """Two newborns in row 0, which then has 2 inputs, one in row 1, which has 3: N(0, 1), N(0, 1), N(0, 2/3)."""
    born_rows, fan_in = np.array([0, 0, 1]), np.array([2, 3])
    z = rng().standard_normal(3)
    np.testing.assert_allclose(from_init(born_rows, fan_in, rng(), np.float64), z * np.sqrt([1, 1, 2 / 3]), rtol=1e-15)
    for dtype in (np.float32, np.float64):
        assert from_init(born_rows, fan_in, rng(), dtype).dtype == zeros(born_rows, fan_in, rng(), dtype).dtype == dtype
    np.testing.assert_array_equal(zeros(born_rows, fan_in, rng(), np.float64), [0, 0, 0])


@small
@pytest.mark.parametrize("name", LAYERWISE)
def test_the_same_generator_gives_the_same_update(name):
    results = []
    for _ in range(2):
        draw = rng_of(8)
        layer = ready(
            SparseLinear(CSR.from_dense(np.where(draw.random((6, 7)) < 0.4, draw.standard_normal((6, 7)), 0))),
            draw.standard_normal((7, 3)),
            draw.standard_normal((6, 3)),
        )
        update(layer, METHODS[name], 0.5, draw)
        results.append((layer.W.keys().tolist(), layer.weight.values.tobytes()))
    assert results[0] == results[1]


@small
@given(whole_layers(formats=("csr",)), st.floats(0, 1), st.sampled_from(LAYERWISE), seeds)
@checked
def test_coo_and_csr_are_rewired_alike(layer, fraction, name, seed):
    twin = ready(SparseLinear(layer.W.to(FORMATS["coo"])), layer.X, layer.DY)
    assert update(layer, METHODS[name], fraction, rng_of(seed)) == update(twin, METHODS[name], fraction, rng_of(seed))
    np.testing.assert_array_equal(layer.W.keys(), twin.W.keys())
    np.testing.assert_array_equal(layer.weight.values, twin.weight.values)


@small
def test_guided_exploration_evaluates_the_gradient_on_its_sample_alone(monkeypatch):
    """10 000 places, 40 connections, γ = 1: at most 40 gradients beside those of the active ones."""
    draw = rng_of(2)
    rows, cols = np.divmod(gnm(100, 100, 40, draw), 100)
    W = CSR.from_connections((100, 100), rows.astype(np.int32), cols.astype(np.int32), draw.standard_normal(40))
    layer = ready(SparseLinear(W), draw.standard_normal((100, 4)), draw.standard_normal((100, 4)))
    sizes = []
    sddmm = dst.grow.coo.sddmm

    def spy(rows, cols, DY, X, out):
        sizes.append(rows.size)
        sddmm(rows, cols, DY, X, out)

    monkeypatch.setattr(dst.grow.coo, "sddmm", spy)
    monkeypatch.setattr(np, "matmul", None)
    assert update(layer, METHODS["gse-graest"], 0.2, draw) == 8
    assert len(sizes) == 1
    assert 8 <= sizes[0] <= 40


@pytest.mark.parametrize("name", LAYERWISE)
def test_no_update_holds_an_array_of_the_dense_size(name):
    """4000 × 4000 in float32 would be 64 MB; with 20 000 connections an update stays under a twentieth of that."""
    draw, n = rng_of(3), 4000
    rows, cols = np.divmod(gnm(n, n, 20_000, draw), n)
    theta = draw.standard_normal(20_000).astype(np.float32)
    W = CSR.from_connections((n, n), rows.astype(np.int32), cols.astype(np.int32), theta)
    X, DY = (draw.standard_normal((n, 2)).astype(np.float32) for _ in range(2))
    layer = ready(SparseLinear(W), X, DY)
    update(layer, METHODS[name], 0.001, draw)  # compile first
    layer = ready(layer, X, DY)
    tracemalloc.start()
    try:
        assert update(layer, METHODS[name], 0.3, draw) > 1000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_200_000


@small
def test_mest_weighs_gradients_against_weights():
    """|θ| + |∇| = 3 + 0, 1 + 5, 2 + 2: the largest weight without gradient goes first."""
    layer = with_gradient([[3.0, 1, 2, 0]], [[0, 5, 2, 1]])
    assert update(layer, method("rigl", prune=mest, regrow_pruned=False), 0.4, rng()) == 1
    np.testing.assert_array_equal(active(layer), [[0, 1, 1, 1]])
