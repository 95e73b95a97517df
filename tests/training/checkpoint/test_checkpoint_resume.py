"""What is loaded goes on with the same bits as what was saved, and as what was never stopped."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runs import begun, bits, often, parts_of, saved_and_loaded, small_run, stepped, toy, written

import minidst
from minidst import METHODS, Config, Network, Run, dst, load_run, method, mlp, save
from minidst.dst import Constant, zeros
from minidst.dst.papers.deepr import Rewiring
from minidst.dst.papers.mest import Elastic
from minidst.dst.papers.srigl import SRigL
from minidst.nn import SGD, Adam, Decay, Dropout, LeakyReLU, MeanSquaredError, ReLU, Warmup
from minidst.training.history import Epoch

CASES = [
    *((name, {}) for name in METHODS),
    *((name, {"optimizer": Adam()}) for name in ("set", "rigl", "srigl", "lottery", "deepr")),
    *((name, {"format": "coo"}) for name in ("rigl", "gse-graest", "dsr")),
    ("static", {"format": "condensed"}),
    ("set", {"validation": 0.2, "patience": 1, "epochs": 9, "lr": 1e-9}),
    ("lottery", {"validation": 0.2, "patience": 1, "lr": 1e-9}),
    ("rigl", {"validation": 0.3, "rate": Warmup(3, Decay("linear")), "optimizer": SGD(nesterov=True)}),
]


@pytest.fixture(scope="module")
def uninterrupted():
    """The bits at the end of a case, and how many steps led to it."""
    ends = {}

    def run_of(case):
        if case not in ends:
            name, settings = CASES[case]
            run = begun(name, **settings)
            ends[case] = sum(1 for _ in run), bits(run)
        return ends[case]

    return run_of


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{name} {' '.join(given)}" for name, given in CASES])
@settings(max_examples=4)
@example(share=0.0)
@given(share=st.floats(0, 1))
def test_a_run_saved_after_any_step_goes_on_as_if_it_had_not_been(case, share, uninterrupted, tmp_path_factory):
    name, given = CASES[case]
    steps, end = uninterrupted(case)
    path = tmp_path_factory.getbasetemp() / "resumed"
    run = stepped(begun(name, **given), round(share * steps))
    before = bits(run)
    loaded = saved_and_loaded(run, path)
    assert bits(run) == before  # saving changes nothing
    assert bits(loaded) == before
    assert loaded.finished == run.finished == (round(share * steps) == steps)
    assert bits(stepped(loaded, 10**6)) == end


@pytest.mark.parametrize("name", ["rigl", "lottery", "srigl"])
def test_a_run_that_is_saved_and_loaded_after_every_step_ends_the_same(name, tmp_path):
    run, other = stepped(begun(name), 10**6), begun(name)
    while not other.finished:
        other = saved_and_loaded(stepped(other, 1), tmp_path / "run")
    assert bits(other) == bits(run)
    history = minidst.fit(begun(name).net, toy(), run.method, run.config)
    assert history.to_dict()["loss"] == run.history.to_dict()["loss"]


def test_the_same_state_makes_the_same_file(tmp_path):
    run = stepped(begun("snfs"), 4)
    save(run, tmp_path / "other")
    save(saved_and_loaded(run, tmp_path / "one"), tmp_path / "loaded")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes() == (tmp_path / "loaded").read_bytes()


RECORDS = [
    method("mest", update=Elastic(below=0, above=1)),
    method("mest", prune=dst.prune.snip, round="ceil"),
    method("srigl", update=SRigL(gamma_sal=0.9, first_fan_in=True)),
    method("deepr", after_step=Rewiring(l1=1e-5, temperature=2.5e-11)),
    method("gse-graest", candidates=dst.GuidedSample(METHODS["gse-l2"].candidates.distribution, 2.0)),
    dst.micro_batched(method("gse-grabo", schedule=Constant(0.2, "epoch")), 3),
    method("rigl", initial_weight=dst.from_init),
    method("rigl", score=METHODS["snfs"].score),
]


@pytest.mark.parametrize("record", [*METHODS.values(), *RECORDS], ids=lambda record: record.name)
def test_every_record_is_itself_again(record, tmp_path):
    assert saved_and_loaded(small_run(record), tmp_path / "run").method == record


def test_a_partial_criterion_keeps_its_arguments(tmp_path):
    record = often(method("mest", prune=partial(dst.prune.mest, lam=0.25)))
    run = stepped(small_run(record), 3)
    loaded = saved_and_loaded(run, tmp_path / "run")
    assert (loaded.method.prune.func, loaded.method.prune.keywords) == (dst.prune.mest, {"lam": 0.25})
    assert bits(stepped(loaded, 9))["history"] == bits(stepped(run, 9))["history"]


def test_dropout_leaky_relu_and_a_generator_of_its_own_go_on_too(tmp_path):
    def made():
        net = mlp((12, 8, 8, 4), density=0.5, seed=3, dtype=np.float64)
        (first, _, second, _, third), other = net.layers, np.random.default_rng(9)
        parts = [first, LeakyReLU(0.2), Dropout(0.3, net.rng), second, ReLU(in_place=True), Dropout(0.1, other), third]
        net = Network(parts, MeanSquaredError(), net.rng)
        return Run(net, toy(), often(METHODS["rigl"]), Config(epochs=4, batch=16))

    run = stepped(made(), 5)
    loaded = saved_and_loaded(run, tmp_path / "run")
    assert loaded.net.layers[2].rng is loaded.net.rng
    assert loaded.net.layers[4].in_place
    assert loaded.net.layers[5].rng is not loaded.net.rng
    end = bits(stepped(made(), 99))
    assert bits(stepped(run, 99)) == bits(stepped(loaded, 99)) == end


def test_a_file_from_before_relu_could_work_in_place_goes_on_with_the_same_bits(tmp_path):
    run = stepped(small_run(), 5)
    header, arrays = parts_of(run, tmp_path / "run")
    assert header["network"]["layers"][1].pop("in_place") is True
    loaded = load_run(written(tmp_path / "old", header, arrays), toy())
    assert not loaded.net.layers[1].in_place
    assert bits(stepped(loaded, 9)) == bits(stepped(run, 9))


def test_notes_and_the_type_of_numpy_s_numbers_are_kept(tmp_path):
    """A float32 rate rounds otherwise than a float64 one."""
    run = small_run(config=Config(epochs=np.int64(2), batch=16, lr=np.float32(0.1)))
    run.net.memory |= {"own.count": np.int32(3), "own.text": "a", "own.grid": np.asfortranarray(np.eye(3)), "own": None}
    run.notes["why"] = ["a test", 1, None]
    loaded = saved_and_loaded(run, tmp_path / "run")
    assert loaded.notes == {"why": ["a test", 1, None]}
    assert [type(v) for v in (loaded.config.epochs, loaded.config.lr)] == [np.int64, np.float32]
    assert bits(loaded) == bits(run)
    assert loaded.net.memory["own.grid"].flags.f_contiguous


def test_the_network_of_a_finished_run_predicts_and_trains_on(tmp_path):
    run = stepped(begun("rigl"), 99)
    net = saved_and_loaded(run, tmp_path / "run").net
    assert net.outputs(toy().x_test).tobytes() == run.net.outputs(toy().x_test).tobytes()
    assert len(minidst.fit(net, toy(), "rigl", Config(epochs=1)).epochs) == 1


def test_a_method_of_your_own_is_found_where_it_was_registered(tmp_path, monkeypatch):
    record = replace(often(METHODS["set"]), name="mine", initial_weight=lambda *given: zeros(*given) + 0.5)
    monkeypatch.setitem(METHODS, "mine", record)
    run = stepped(small_run(record), 3)
    assert bits(stepped(saved_and_loaded(run, tmp_path / "run"), 9)) == bits(stepped(run, 9))
    changed = replace(record, keep_value_on_regrow=True)  # its own functions are still those of the registered one
    assert saved_and_loaded(Run(run.net, toy(), changed), tmp_path / "run").method == changed
    monkeypatch.delitem(METHODS, "mine")
    with pytest.raises(ValueError, match=r"'mine' is not in minidst.METHODS; put its record there"):
        load_run(tmp_path / "run", toy())


FORMAT_1 = Path(__file__).parent / "format1.run"
"""From minidst 0.1.0, before names and modules changed: GSE on digits in micro-batches, with a schedule, optimizer and
rate of its own, saved after step 66."""


@pytest.mark.slow
def test_a_file_of_format_1_is_the_run_that_was_saved_and_goes_on(tmp_path):
    run = load_run(FORMAT_1)
    assert run.method == dst.micro_batched(method("gse-graest", schedule=dst.LinearDecay(0.2, 7)), 3)
    assert run.config == Config(4, lr=1e-3, optimizer=Adam(), rate=Warmup(10), validation=0.1, patience=3)
    assert (run.progress.t, len(run.history.epochs), run.net.connections) == (67, 1, run.net.budget)
    assert isinstance(run.history.epochs[0], Epoch)
    save(run, tmp_path / "run")  # in the format of today
    assert load_run(tmp_path / "run").method == run.method
    before = [layer.W.keys() for layer in run.net.sparse]
    history = stepped(run, 10**6).history
    assert len(history.epochs) == 4
    assert history.epochs[-1].loss < history.epochs[0].loss
    assert any(not np.array_equal(keys, layer.W.keys()) for keys, layer in zip(before, run.net.sparse, strict=True))
