import pytest

from minidst import METHODS, Method, dst, method
from minidst.dst import Constant, Cosine, GuidedSample, all_absent, from_init, gradient, random_absent, zeros
from minidst.dst.method import name_of
from minidst.dst.papers.gse import gse
from minidst.dst.prune import magnitude, mest, per_sign, snip

pytestmark = pytest.mark.small

PARTS = {"prune": magnitude, "candidates": all_absent, "score": gradient}


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


def test_set_is_the_papers():
    """Mocanu et al. 2018: ζ = 0.3 of either sign, every epoch, uniformly random growth beside the optimizer's steps."""
    record = METHODS["set"]
    assert (record.prune, record.candidates, record.score) == (per_sign, random_absent, None)
    assert record.schedule == Constant(0.3, "epoch", 1.0)
    assert record.round == "floor"
    assert not record.skip_optimizer_step
    assert not record.needs_dense


def test_rigl_is_the_papers():
    """Evci et al. 2020: α = 0.3, ΔT = 100, cosine to three quarters; just-dropped connections may return, at 0."""
    record = METHODS["rigl"]
    assert (record.prune, record.candidates, record.score) == (magnitude, all_absent, gradient)
    assert record.initial_weight is zeros
    assert record.schedule == Cosine(0.3, 100, 0.75)
    assert record.round == "floor"
    assert record.regrow_pruned
    assert not record.keep_value_on_regrow
    assert record.skip_optimizer_step


@pytest.mark.parametrize("kind", ["uniform", "grabo", "graest", "l2"])
def test_gse_is_the_papers(kind):
    """Heddes et al. 2024: γ = 1, α = 0.2, ΔT = 1000, ⌈·⌉, and what is pruned cannot be grown in the same update."""
    record = METHODS[f"gse-{kind}"]
    assert (record.prune, record.score) == (magnitude, gradient)
    assert record.candidates == GuidedSample(getattr(gse, kind), 1.0)
    assert record.schedule == Cosine(0.2, 1000, 0.75)
    assert record.round == "ceil"
    assert not record.regrow_pruned
    assert record.skip_optimizer_step
    assert not record.needs_dense


def test_what_starts_dense_needs_dense_arrays_and_what_never_changes_is_static_or_pruned_before_training():
    before = ["snip", "grasp", "grasp-abs", "synflow"]
    dense = [*before, "gradual", "lottery", "dense"]
    assert [name for name, record in METHODS.items() if record.start == "dense"] == dense
    assert [name for name, record in METHODS.items() if record.start == "small-dense"] == ["small-dense"]
    assert {name for name, record in METHODS.items() if record.needs_dense} == {*dense, "small-dense", "snfs"}
    still = ["static", *before, "lottery", "small-dense", "dense"]
    assert [name for name, record in METHODS.items() if not record.dynamic] == still


def test_a_field_can_be_changed_without_touching_the_registry():
    changed = method("rigl", prune=snip, round="ceil")
    assert (changed.prune, changed.round) == (snip, "ceil")
    assert changed.candidates is METHODS["rigl"].candidates
    assert METHODS["rigl"].prune is magnitude
    assert method("set", initial_weight=from_init, prune=mest).initial_weight is from_init
    assert method("gse-l2", candidates=GuidedSample(gse.l2, 2.5)).candidates.gamma == 2.5
    assert method("rigl", name="mine", prune=snip).name == "mine"


@pytest.mark.parametrize(
    ("name", "near"),
    [("rigel", "rigl"), ("gse-gaest", "gse-graest"), ("sett", "set"), ("RigL", "rigl"), ("SET", "set")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, near, refused):
    with refused(repr(name), f"did you mean {near}", "minidst methods"):
        method(name)


def test_a_name_like_no_other_is_answered_with_some_and_where_all_are(refused):
    with refused("'xyzzy'", "such as static, set, rigl", "`minidst methods` lists all"):
        method("xyzzy")


def test_an_unknown_field_is_refused_by_name(refused):
    with refused("'rigl'", "alpha, delta", "Method"):
        method("rigl", delta=1, alpha=0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prune": None}, ["both prune and grow, or neither"]),
        ({"candidates": None}, ["both prune and grow, or neither"]),
        ({"prune": None, "candidates": None}, ["scores candidates and has none"]),
        ({"start": "dense"}, ["needs_dense=True"]),
        ({"start": "dense", "needs_dense": True}, ["starts dense", "prune=None"]),
        ({"regrow_pruned": False, "keep_value_on_regrow": True}, ["keeps values", "regrow_pruned=False"]),
        ({"round": "up"}, ["'up'", "'floor', 'ceil', 'nearest'"]),
        ({"round": None}, ["None", "'floor', 'ceil', 'nearest'"]),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes, words, refused):
    assert Method("x", "a paper", "a summary", **PARTS).dynamic
    with refused("'x'" if "round" not in changes else "round", *words):
        Method("x", "a paper", "a summary", **{**PARTS, **changes})
    with refused(*words):
        method("rigl", **changes)


def test_growing_everything_absent_without_a_score_is_refused(refused):
    """`all_absent` never lists S, so without a score there is no G."""
    with refused("'rigl'", "needs a score", "random_absent"):
        method("rigl", score=None)


def test_an_unknown_start_is_refused(refused):
    """start="Dense" would otherwise quietly start sparse."""
    with refused("'Dense'", "sparse", "dense"):
        method("dense", start="Dense")


def test_static_may_be_given_no_part_of_growth(refused):
    with refused("'static'", "both prune and grow"):
        method("static", prune=magnitude)
    with refused("'static'", "both prune and grow"):
        method("static", candidates=random_absent)
    with refused("'static'", "scores candidates"):
        method("static", score=gradient)
    assert method("static", prune=magnitude, candidates=random_absent).dynamic


def test_a_record_is_frozen():
    with pytest.raises(AttributeError):
        METHODS["rigl"].round = "ceil"


def test_parts_have_the_names_that_tables_print():
    assert name_of(None) == "—"
    assert name_of(magnitude) == "magnitude"
    assert name_of(per_sign) == "per sign"
    assert name_of(METHODS["gse-graest"].candidates) == "graest sample, γ = 1"
    assert name_of(GuidedSample(gse.grabo, 0.25)) == "grabo sample, γ = 0.25"


def test_a_criterion_given_by_its_name_is_refused(refused):
    with refused("'rigl'", "prune='snip'", "function"):
        method("rigl", prune="snip")
