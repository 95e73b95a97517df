"""What `dst` refuses: a call, and the words that its message must contain. Other rows: tests/test_refusals.py."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from builders import refused, rng
from strategies_dst import GROWING, bare_context

from minidst import COO, CSR, METHODS, Method, Network, dst, method, mlp
from minidst.dst import GuidedSample, all_absent, gradient, random_absent, update_topology
from minidst.dst.papers.deepr import Rewiring
from minidst.dst.papers.dsr import Threshold
from minidst.dst.papers.grasp import PreserveFlow
from minidst.dst.papers.gse.distributions import uniform
from minidst.dst.papers.gse.synflow import synflow
from minidst.dst.papers.mest import Elastic
from minidst.dst.papers.snfs import DenseMomentum
from minidst.dst.papers.srigl import SRigL
from minidst.dst.papers.synflow import IterativeFlow
from minidst.dst.prune import magnitude
from minidst.nn import SparseLinear

nan, inf = float("nan"), float("inf")
rigl, static, dense = partial(method, "rigl"), partial(method, "static"), partial(method, "dense")
grow_first = partial(method, order="grow_then_prune")
mine = partial(Method, "x", "a paper", "a summary", prune=magnitude, candidates=all_absent, score=gradient)


def in_parts(name="gse-grabo", parts=2, **changes):
    return dst.micro_batched(method(name, **changes), parts)


def srigl_of(format):
    """SRigL's update of a layer whose fan-ins are free."""
    layer = SparseLinear(format.from_dense([[0.9, 0.8, 0, 0], [0, 0.7, 0.1, 0]]))
    return update_topology(Network([layer]), METHODS["srigl"], 0.5, rng())


def bare_synflow():
    """SynFlow as a guide, of a context without its network."""
    return synflow(bare_context(2, 2, []), rng())


ROWS = [
    # names
    *((partial(method, name), [repr(name), f"did you mean {near}", "minidst methods"])
      for name, near in [("rigel", "rigl"), ("gse-gaest", "gse-graest"), ("sett", "set"), ("RigL", "rigl"),
                         ("SET", "set"), ("snip-randon", "snip-random")]),
    (partial(method, "xyzzy"), ["'xyzzy'", "such as static, set, rigl", "`minidst methods` lists all"]),
    (partial(rigl, delta=1, alpha=0.5), ["'rigl'", "alpha, delta", "Method"]),
    # records that contradict themselves
    *((partial(mine, **changes), ["'x'", *words]) for changes, words in [
        *(({field: None}, ["both prune and grow, or neither"]) for field in ("prune", "candidates")),
        ({"prune": None, "candidates": None}, ["scores candidates and has none"]),
        ({"score": None}, ["needs a score", "random_absent"]),  # `all_absent` never lists S
        ({"start": "dense"}, ["needs_dense=True"]),
        ({"start": "dense", "needs_dense": True}, ["starts dense", "prune=None"]),
        ({"regrow_pruned": False, "keep_value_on_regrow": True}, ["keeps values", "regrow_pruned=False"]),
        ({"round": "up"}, ["round='up'", "'floor', 'ceil', 'nearest'"]),
        ({"round": None}, ["round=None", "'floor', 'ceil', 'nearest'"]),
    ]),
    (partial(rigl, score="gradient"), ["'rigl'", "has score=", "dst.Score", "such as gradient"]),
    (partial(rigl, candidates="random"), ["'rigl'", "candidates='random'", "function"]),
    (partial(rigl, flops=3), ["'rigl'", "flops=3", "formula"]),
    (partial(method, "set", scope="global"), ["'set'", "needs a score to compare layers by", "scope='layer'"]),
    (partial(static, update_step=abs), ["'static'", "has an update_step and no update"]),
    (partial(dense, start="Dense"), ["'Dense'", "sparse", "dense"]),
    (partial(static, candidates=random_absent), ["'static'", "both prune and grow"]),
    (partial(static, score=gradient), ["'static'", "scores candidates"]),
    (partial(grow_first, "gse-l2", regrow_pruned=True), ["cannot be regrown", "regrow_pruned=False", "prune_then"]),
    (partial(grow_first, "static", regrow_pruned=False), ["'static'", "nothing to put in order", "'prune_then_grow'"]),
    (partial(grow_first, "dsr"), ["'dsr'", "an order of its own"]),
    (partial(grow_first, "srigl", regrow_pruned=False), ["'srigl'", "an order of its own"]),
    # formats
    (partial(mlp, (10, 12, 3), density=0.3, method="deepr", format="condensed"), ["fan-in"]),
    *((partial(mlp, (4, 3), density=0.5, method="srigl", format=format), ["keeps a constant fan-in"])
      for format in ("coo", "csr")),
    *((partial(srigl_of, format), [f"{format.__name__} layer; use Condensed"]) for format in (COO, CSR)),
    # micro-batches, where the growth cannot be found from parts
    *((partial(in_parts, name, **changes), [f"'{name}' cannot take its updates in micro-batches", "need a guided"])
      for name, changes in [
          ("rigl", {}), ("set", {}), ("gse-grabo", {"candidates": all_absent}), ("gse-grabo", {"score": None}),
          ("gse-grabo", {"regrow_pruned": True, "order": "prune_then_grow"}),
          ("gse-grabo", {"skip_optimizer_step": False}),
          ("gse-grabo", {"candidates": GuidedSample(lambda context, rng: (context.X[:, 0], context.DY[:, 0]))}),
      ]),
    (partial(in_parts, parts=0), ["micro-batches 0 must be a whole number, at least 1"]),
    (bare_synflow, ["synflow needs the whole network", "update(net"]),
    # numbers out of range
    *((partial(dst.Schedule, **{field: value}), [f"{field} {value}", *words]) for field, value, words in [
        ("alpha", 1.1, ["(0, 1]"]),
        ("every", -5, ["at least 1"]), ("every", nan, ["whole number"]),
        ("until", 0.0, ["(0, 1]"]), ("until", nan, ["(0, 1]"]),
        ("first", -3, ["at least 1", "at step 0"]), ("first", 1.5, ["whole number"]), ("first", None, ["whole number"]),
    ]),
    *((partial(GuidedSample, uniform, gamma, per), [f"gamma {gamma} must lie in (0, ∞)"])
      for gamma, per in [(0, "pruned"), *product((-1.0, nan, inf), ("active", "pruned"))]),
    (partial(GuidedSample, uniform, 0.99, "pruned"), ["gamma 0.99 per pruned connection", "at least 1"]),
    *((partial(PreserveFlow, temperature=T), [f"temperature {T} must be positive"]) for T in (0, -1.0, nan)),
    *((partial(IterativeFlow, rounds), [f"rounds {rounds} must be at least 1"]) for rounds in (0, -1)),
    *((partial(Rewiring, *numbers), ["negative"]) for numbers in [(-1, 0), (0, -1), (nan, 0), (0, nan)]),
    *((partial(Threshold, *numbers), ["start"]) for numbers in [(0, 0.1), (-1, 0.1), (1, 0), (1, 1), (nan, 0.1)]),
    *((partial(Elastic, *numbers), ["below"]) for numbers in [(-0.1, 0), (1.1, 0), (0, -1), (nan, 0), (0, nan)]),
    *((partial(DenseMomentum, beta), [f"beta {beta}"]) for beta in (-0.1, 1, nan)),
    *((partial(SRigL, gamma), [f"gamma_sal {gamma} must lie in [0, 1]"]) for gamma in (-0.1, 1.01, 30, nan)),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), ROWS)
def test_what_makes_no_sense_is_refused_with_its_reason(call, words):
    with refused(*words):
        call()


def test_the_parts_that_the_contradicting_records_are_made_of_are_sound():
    assert mine().dynamic


@pytest.mark.parametrize("name", GROWING)
@pytest.mark.parametrize("passes", ["none", "forward alone", "a prediction of 2", "of 6", "of 9"])
def test_an_update_without_the_batch_of_a_forward_and_a_backward_pass_is_refused(name, passes):
    """Beside X of a prediction DY of the batch of 6 has no place: with 2 samples growth would read past the end of X,
    with 6 it would multiply one batch's activations with another's gradients.
    """
    net = mlp((5, 4), density=0.5, method=name, allocation="uniform", dtype=np.float64)
    net.memory["dsr.threshold"] = 9.0  # at its first threshold DSR has nothing to exchange here
    if passes == "forward alone":
        net.forward(np.ones((5, 2)))
    elif passes != "none":
        net.forward(np.ones((5, 6)), training=True)
        net.backward(np.ones((4, 6)))
        net.predict(np.ones((int(passes.split()[-1]), 5)))
    with refused("forward and backward"):
        update_topology(net, METHODS[name], 0.5, rng())
