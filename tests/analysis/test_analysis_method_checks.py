"""`check_method` finds nothing wrong with a registered method and names what a broken one does."""

from dataclasses import replace

import numpy as np
import pytest

from minidst import METHODS, dst, method
from minidst.analysis.method_checks import check_method
from minidst.dst import Exchange

pytestmark = pytest.mark.slow

RIGL = METHODS["rigl"]


@pytest.mark.parametrize("record", [
    *METHODS.values(), method("rigl", keep_value_on_regrow=True),
    method("set", initial_weight=dst.from_init, prune=dst.prune.snip), dst.micro_batched(method("gse-graest"), 3),
    method("rigl", score=dst.textbook_gradient, needs_dense=True),
], ids=lambda record: record.name)  # fmt: skip
def test_nothing_is_wrong_with_a_registered_method_or_a_variant_of_it(record):
    assert check_method(record) == []


def only_drops(net, method, fraction, rng):
    for layer in net.sparse:
        layer.rewire(np.arange(1), np.empty(0, np.int64))
    return Exchange(len(net.sparse))


def after_rigl(change, **says):
    """RigL's update, followed by a change to the weight of every layer."""

    def update(net, method, fraction, rng):
        done = dst.update_topology(net, RIGL, fraction, rng)
        for layer in net.sparse:
            change(layer.weight)
        return done._replace(**says)

    return replace(RIGL, update=update)


CALLS = []


def seeded_by_the_number_of_calls(site, k, rng):
    CALLS.append(0)
    return dst.random_absent(site, k, np.random.default_rng(len(CALLS)))


@pytest.mark.parametrize(("record", "words"), [
    (replace(RIGL, update=only_drops), ["grow as many as you drop"]),
    (after_rigl(lambda weight: weight.state["velocity"].fill(0)), ["changed a survivor"]),
    (after_rigl(lambda weight: np.multiply(weight.values, np.float32(0.99), out=weight.values)),
        ["changed a survivor"]),
    (after_rigl(lambda weight: np.putmask(weight.state["velocity"], weight.values == 0, 1)),
        ["gave a grown connection more"]),
    (after_rigl(lambda weight: np.putmask(weight.values, weight.values == 0, 0.1)), ["gave a grown connection more"]),
    (after_rigl(lambda weight: None, grown=0), ["says it grew 0 connections"]),
    (method("set", candidates=lambda site, k, rng: dst.random_absent(site, k, np.random.default_rng())),
        ["two runs of one seed differ"]),
    (method("set", candidates=seeded_by_the_number_of_calls), ["two runs of one seed differ"]),
    (method("set", candidates=lambda site, k, rng: np.arange(k)), ["would exist twice"]),
    (method("set", candidates=lambda site, k, rng: np.arange(k) + site.shape[0] * site.shape[1]), ["is born outside"]),
    (method("rigl", score=dst.textbook_gradient), ["2000×2000", "needs_dense=True"]),
    (method("rigl", prune=lambda theta: theta), ["TypeError"]),
    (method("rigl", after_step=lambda net, lr, rng: net.sparse[0].weight.state.update(x=np.zeros(1)) or Exchange()),
        ["one entry for each connection"]),
    (method("rigl", after_step=lambda net, lr, rng: net.sparse[0].bias.values.fill(np.inf) or Exchange()),
        ["not finite"]),
])  # fmt: skip
def test_what_a_broken_method_does_is_named(record, words):
    said = "\n".join(check_method(record))
    for word in words:
        assert word in said
