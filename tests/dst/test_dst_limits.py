"""The two ends of guided exploration: with |S| = |G| it is SET's growth, with S = W ∖ A it is RigL."""

from dataclasses import replace

import numpy as np
import pytest
from builders import ready
from hypothesis import given
from hypothesis import strategies as st
from strategies_dst import checked, seeds, update, whole_layers

from minidst import CSR, Config, Dataset, fit, method, mlp, train
from minidst.dst import Cosine, all_absent, random_absent
from minidst.dst.prune import magnitude
from minidst.nn import SparseLinear

small = pytest.mark.small

GSE_AS_SET = method("gse-uniform", candidates=random_absent)
SET = method("set", prune=magnitude, regrow_pruned=False, round="ceil")
GSE_AS_RIGL = method("gse-uniform", candidates=all_absent)
RIGL = method("rigl", regrow_pruned=False, round="ceil")
PAIRS = {"set": (GSE_AS_SET, SET), "rigl": (GSE_AS_RIGL, RIGL)}


def twin_of(layer):
    """A second layer with the same connections, weights, activations and state."""
    keys = layer.W.keys()
    rows, cols = (part.astype(np.int32) for part in np.divmod(keys, layer.shape[1]))
    W = CSR.from_connections(layer.shape, rows, cols, layer.weight.values.copy())
    twin = ready(SparseLinear(W), layer.X, layer.DY)
    twin.weight.state = {name: array.copy() for name, array in layer.weight.state.items()}
    return twin


def everything(layer):
    return (
        layer.W.keys().tolist(),
        layer.weight.values.tobytes(),
        {n: a.tolist() for n, a in layer.weight.state.items()},
    )


@small
@pytest.mark.parametrize("limit", PAIRS)
@given(whole_layers(), st.floats(0, 1), seeds)
@checked
def test_at_its_limit_gse_makes_the_same_update_from_the_same_seed(limit, layer, fraction, seed):
    twin = twin_of(layer)
    exchanged = [
        update(which, record, fraction, np.random.default_rng(seed))
        for which, record in zip((layer, twin), PAIRS[limit], strict=True)
    ]
    assert exchanged[0] == exchanged[1]
    assert everything(layer) == everything(twin)


def blobs():
    """Three classes of 10 features, as digits are of 64, in 90 samples."""
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    x = rng.standard_normal((90, 10)) + 2 * rng.standard_normal((3, 10))[y]
    return Dataset(x[:60], y[:60], x[60:], y[60:], 3, "blobs")


CONFIG = Config(epochs=4, batch=8, lr=0.05)
COMMON = {"schedule": Cosine(0.4, 3, 0.9), "skip_optimizer_step": True}


def trained(record):
    """The network after a short training with an update every 3 steps, and its history."""
    net = mlp((10, 12, 8, 3), density=0.3, method=record, seed=5)
    return net, fit(net, blobs(), record, CONFIG, progress=False)


@pytest.mark.parametrize("limit", PAIRS)
def test_at_its_limit_gse_is_the_other_method_over_a_whole_training(limit):
    """Same schedule, same seed: the same connections, weights and losses, bit for bit."""
    (gse, gse_history), (other, other_history) = (trained(replace(record, **COMMON)) for record in PAIRS[limit])
    for layer, twin in zip(gse.weighted, other.weighted, strict=True):
        assert everything(layer) == everything(twin)
    assert [row.loss for row in gse_history.epochs] == [row.loss for row in other_history.epochs]
    assert [row.exchanged for row in gse_history.epochs] == [row.exchanged for row in other_history.epochs]
    assert sum(row.exchanged for row in gse_history.epochs) > 100


@pytest.mark.parametrize("limit", PAIRS)
def test_at_its_limit_gse_has_the_same_connections_after_every_single_step(limit):
    records = [replace(record, **COMMON) for record in PAIRS[limit]]
    nets = [mlp((10, 12, 8, 3), density=0.3, method=record, seed=6) for record in records]
    runs = [train(net, blobs(), record, CONFIG) for net, record in zip(nets, records, strict=True)]
    start = [layer.W.keys().tolist() for layer in nets[0].weighted]
    for first, second in zip(*runs, strict=True):
        assert (first.grown, first.loss) == (second.grown, second.loss)
        for layer, twin in zip(nets[0].weighted, nets[1].weighted, strict=True):
            assert layer.W.keys().tolist() == twin.W.keys().tolist()
    assert [layer.W.keys().tolist() for layer in nets[0].weighted] != start


def test_away_from_its_limits_gse_is_neither():
    """So that the two tests above cannot pass because nothing depends on the candidates."""
    runs = [trained(replace(record, **COMMON))[0] for record in (method("gse-uniform"), GSE_AS_RIGL, GSE_AS_SET)]
    keys = [[layer.W.keys().tolist() for layer in net.weighted] for net in runs]
    assert keys[0] != keys[1]
    assert keys[0] != keys[2]
    assert keys[1] != keys[2]
