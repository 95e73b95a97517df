"""The two ends of guided exploration: with |S| = |G| it is SET's growth, with S = W ∖ A it is RigL."""

from copy import deepcopy
from dataclasses import replace

import pytest
from builders import blobs, network, rng
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import by_key, seeds, update, whole_layers

from minidst import Config, method, train
from minidst.dst import Cosine, all_absent, random_absent
from minidst.dst.prune import magnitude

PAIRS = {
    "set": (method("gse-uniform", candidates=random_absent),
            method("set", prune=magnitude, regrow_pruned=False, round="ceil")),
    "rigl": (method("gse-uniform", candidates=all_absent), method("rigl", regrow_pruned=False, round="ceil")),
}  # fmt: skip
CONFIG = Config(epochs=4, batch=8, lr=0.05)


def everything(layer):
    """Connections, weights and optimizer state, bit for bit."""
    state = {name: array.tobytes() for name, array in layer.weight.state.items()}
    return layer.W.keys().tolist(), layer.weight.values.tobytes(), state


@pytest.mark.parametrize("limit", PAIRS)
@given(whole_layers(), st.floats(0, 1), seeds)
def test_at_its_limit_gse_makes_the_same_update_from_the_same_seed(limit, layer, fraction, seed):
    twin, (gse, other) = deepcopy(layer), PAIRS[limit]
    assert update(layer, gse, fraction, rng(seed)) == update(twin, other, fraction, rng(seed))
    assert everything(layer) == everything(twin)


def started(record):
    """A network and its training with an update every 3 steps."""
    record = replace(record, schedule=Cosine(0.4, 3, 0.9), skip_optimizer_step=True)
    net = network((10, 12, 8, 3), 0.3, record, seed=5)
    return net, train(net, blobs(), record, CONFIG)


@pytest.mark.slow
@pytest.mark.parametrize("limit", PAIRS)
def test_at_its_limit_gse_is_the_other_method_at_every_step_of_a_training_and_away_from_it_is_not(limit):
    """Same schedule, same seed: the same connections, weights, momentum and losses."""
    (net, steps), (twin_net, twin_steps) = (started(record) for record in PAIRS[limit])
    start, exchanged = [by_key(layer).keys() for layer in net.sparse], 0
    for step, twin_step in zip(steps, twin_steps, strict=True):
        assert (step.grown, step.pruned, step.loss) == (twin_step.grown, twin_step.pruned, twin_step.loss)
        for layer, twin in zip(net.weighted, twin_net.weighted, strict=True):
            assert everything(layer) == everything(twin)
        exchanged += step.grown
    assert exchanged > 100
    found = [by_key(layer).keys() for layer in net.sparse]
    (other_limit,) = [gse for name, (gse, _) in PAIRS.items() if name != limit]
    for record in (method("gse-uniform"), other_limit):
        other, steps = started(record)
        list(steps)
        assert [by_key(layer).keys() for layer in other.sparse] != found != start
