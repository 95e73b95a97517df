"""A method of one's own is told what it breaks; the registered ones break nothing."""

from dataclasses import replace

import numpy as np
import pytest

from minidst import METHODS, dst, method
from minidst.analysis.method_checks import check_method
from minidst.dst import Exchange

RIGL = METHODS["rigl"]


@pytest.mark.parametrize("name", METHODS)
def test_a_registered_method_keeps_its_promises(name):
    assert check_method(METHODS[name]) == []


@pytest.mark.parametrize(
    "record",
    [
        method("rigl", keep_value_on_regrow=True),
        method("set", initial_weight=dst.from_init, prune=dst.prune.snip),
        dst.micro_batched(method("gse-graest"), 3),
    ],
)
def test_nor_do_these_readings_of_them(record):
    assert check_method(record) == []


def only_drops(net, method, fraction, rng):
    for layer in net.sparse:
        layer.rewire(np.arange(1), np.empty(0, np.int64))
    return Exchange(len(net.sparse))


def after_rigl(change, **says):
    """RigL's update, and then something that is not to be done to the weight of a layer."""

    def update(net, method, fraction, rng):
        done = dst.update_topology(net, RIGL, fraction, rng)
        for layer in net.sparse:
            change(layer.weight)
        return done._replace(**says)

    return replace(RIGL, update=update)


def forgets_momentum(weight):
    weight.state["velocity"][:] = 0


def gives_momentum(weight):
    weight.state["velocity"][weight.values == 0] = 1


def gives_weight(weight):
    weight.values[weight.values == 0] = 0.1


def shrinks_all(weight):
    weight.values *= np.float32(0.99)


def from_anywhere(site, k, rng):
    return dst.random_absent(site, k, np.random.default_rng())


def taken_too(site, k, rng):
    return np.arange(k)


CALLS = []


def from_run_to_run(site, k, rng):
    CALLS.append(0)
    return dst.random_absent(site, k, np.random.default_rng(len(CALLS)))


def unheard_of(site, k, rng):
    return np.arange(k) + site.shape[0] * site.shape[1]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(RIGL, update=only_drops), ["grow as many as you drop"]),
        (after_rigl(forgets_momentum), ["changed what a survivor has"]),
        (after_rigl(shrinks_all), ["changed what a survivor has"]),
        (after_rigl(gives_momentum), ["gave a newborn more"]),
        (after_rigl(gives_weight), ["gave a newborn more"]),
        (after_rigl(lambda weight: None, grown=0), ["says it grew 0 connections"]),
        (method("set", candidates=from_anywhere), ["two runs of one seed differ"]),
        (method("set", candidates=from_run_to_run), ["two runs of one seed differ"]),
        (method("set", candidates=taken_too), ["would exist twice"]),
        (method("set", candidates=unheard_of), ["is born outside"]),
        (method("rigl", score=dst.textbook_gradient), ["2000×2000", "needs_dense=True"]),
        (method("rigl", prune=lambda theta: theta), ["TypeError"]),
        (method("rigl", after_step=lambda net, lr, rng: net.sparse[0].weight.state.update(x=np.zeros(1)) or Exchange()),
         ["one entry for each connection"]),
        (method("rigl", after_step=lambda net, lr, rng: net.sparse[0].bias.values.fill(np.inf) or Exchange()),
         ["not finite"]),
    ],
)  # fmt: skip
def test_a_broken_promise_is_named(record, words):
    said = "\n".join(check_method(record))
    for word in words:
        assert word in said


def test_what_says_that_it_needs_dense_arrays_may_hold_them():
    assert check_method(method("rigl", score=dst.textbook_gradient, needs_dense=True)) == []
