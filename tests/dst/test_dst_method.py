"""The records: what they are, and what two fields that contradict each other are told (test_dst_refused.py)."""

import inspect
import re

import pytest

from minidst import METHODS, dst, method
from minidst.analysis.flops import training_flops
from minidst.dst import (
    Constant,
    Cosine,
    GuidedSample,
    all_absent,
    from_init,
    gradient,
    micro_batched,
    random_absent,
    zeros,
)
from minidst.dst.method import name_of
from minidst.dst.papers.gradual import Rising, cubic
from minidst.dst.papers.gse.distributions import grabo, graest, graest_four_wise, l2, uniform
from minidst.dst.papers.snfs import momentum
from minidst.dst.prune import magnitude, mest, per_sign, snip


def test_the_methods_are_exactly_these():
    assert list(METHODS) == [
        "static", "set", "rigl", "gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2", "gse-2022",
        "srigl", "srigl-no-ablation", "snfs", "dsr", "deepr", "mest", "snip", "grasp", "grasp-abs", "synflow",
        "gradual", "lottery", "small-dense", "dense",
    ]  # fmt: skip
    assert dst.METHODS is METHODS


@pytest.mark.parametrize("name", METHODS)
def test_a_record_knows_its_name_its_paper_and_what_it_does(name):
    record = METHODS[name]
    assert record.name == name
    assert record.paper
    assert record.summary
    assert "\n" not in record.summary
    assert record == method(name)


VALUES = {"f_S": 7.0, "f_D": 11.0, "ΔT": 5.0, "S": 3.0}


@pytest.mark.parametrize(
    "record", [*METHODS.values(), *(micro_batched(METHODS[name], 4) for name in METHODS if name.startswith("gse"))]
)
def test_the_docstring_of_a_formula_is_the_formula(record):
    text = record.flops.__doc__.split(",")[0].replace("|S|", "S")  # after a comma it explains
    python = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", text)
    known = {symbol: VALUES[symbol] for symbol in inspect.signature(record.flops).parameters}
    assert record.flops(**known) == pytest.approx(eval(python, dict(known)))
    assert training_flops(record, 7.0, 11.0, every=5, considered=3) == record.flops(**known)


# Heddes et al. 2024: γ = 1, α = 0.2, ΔT = 1000, ⌈·⌉, and what is pruned cannot be grown in the same update
GSE = {
    "prune": magnitude, "score": gradient, "schedule": Cosine(0.2, 1000, 0.75), "round": "ceil", "scope": "layer",
    "regrow_pruned": False, "skip_optimizer_step": True, "needs_dense": False, "order": "grow_then_prune",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        # Mocanu et al. 2018: ζ = 0.3 of either sign, every epoch, random growth beside the optimizer's steps
        ("set", {"prune": per_sign, "candidates": random_absent, "score": None, "round": "floor",
                 "schedule": Constant(0.3, "epoch", 1.0), "skip_optimizer_step": False, "needs_dense": False}),
        # Evci et al. 2020: α = 0.3, ΔT = 100, cosine to three quarters; what was just dropped may return, at 0
        ("rigl", {"prune": magnitude, "candidates": all_absent, "score": gradient, "initial_weight": zeros,
                  "schedule": Cosine(0.3, 100, 0.75), "round": "floor", "regrow_pruned": True,
                  "keep_value_on_regrow": False, "skip_optimizer_step": True}),
        *((f"gse-{name_of(kind)}", GSE | {"candidates": GuidedSample(kind, 1.0)})
          for kind in (uniform, grabo, graest, l2)),
        # the earlier paper: |S| is counted from |P|, so P is known first
        ("gse-2022", GSE | {"candidates": GuidedSample(grabo, 10, "pruned"), "scope": "global",
                            "schedule": Cosine(0.2, 1000, 0.6), "order": "prune_then_grow"}),
        # Zhu and Gupta 2018: to the final sparsity along a cubic, every 100 steps, by magnitude in the whole network
        ("gradual", {"prune": magnitude, "schedule": Rising(1.0, 100, 0.75, cubic), "scope": "global"}),
    ],
)  # fmt: skip
def test_a_record_is_its_papers(name, fields):
    assert {field: getattr(METHODS[name], field) for field in fields} == fields


def names(condition):
    return [name for name, record in METHODS.items() if condition(record)]


def test_which_methods_start_dense_need_dense_arrays_never_change_or_grow_first():
    before_training = ["snip", "grasp", "grasp-abs", "synflow"]
    dense = [*before_training, "gradual", "lottery", "dense"]
    assert names(lambda record: record.start == "dense") == dense
    assert names(lambda record: record.start == "small-dense") == ["small-dense"]
    assert set(names(lambda record: record.needs_dense)) == {*dense, "small-dense", "snfs"}
    assert names(lambda record: not record.dynamic) == ["static", *before_training, "lottery", "small-dense", "dense"]
    assert names(lambda record: record.order == "grow_then_prune") == [
        "gse-uniform", "gse-synflow", "gse-grabo", "gse-graest", "gse-l2",
    ]  # fmt: skip


def test_a_field_can_be_changed_without_touching_the_registry():
    changed = method("rigl", prune=snip, round="ceil")
    assert (changed.prune, changed.round) == (snip, "ceil")
    assert changed.candidates is METHODS["rigl"].candidates
    assert METHODS["rigl"].prune is magnitude
    assert method("set", initial_weight=from_init, prune=mest).initial_weight is from_init
    assert method("gse-l2", candidates=GuidedSample(l2, 2.5)).candidates.gamma == 2.5
    assert method("rigl", name="mine", prune=snip).name == "mine"
    assert method("static", prune=magnitude, candidates=random_absent).dynamic


def test_a_record_is_frozen():
    with pytest.raises(AttributeError):
        METHODS["rigl"].round = "ceil"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (None, "—"), (magnitude, "magnitude"), (per_sign, "per sign"), (gradient, "gradient"),
        (dst.textbook_gradient, "textbook gradient"), (momentum, "momentum"),
        (METHODS["gse-graest"].candidates, "graest sample, γ = 1"),
        (METHODS["gse-2022"].candidates, "grabo sample, 10 per pruned"),
        (GuidedSample(grabo, 0.25), "grabo sample, γ = 0.25"),
        (GuidedSample(graest_four_wise, 0.5), "graest four-wise sample, γ = 0.5"),
    ],
)  # fmt: skip
def test_parts_have_the_names_that_tables_print(part, name):
    assert name_of(part) == name
