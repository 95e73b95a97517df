"""Files that are damaged, hostile, too new or of another run are refused in one line, and cost no memory."""

import copy
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
from builders import refused
from files import npy, npy_of, parts_of, signed, written, zipped
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_arrays
from runs import begun, stepped, toy
from strategies import damaged

from minidst import Run, load_run, save

pytestmark = pytest.mark.small


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """(header, arrays) of a run in the middle of its second epoch, with memory and everything."""
    run = begun("deepr", validation=0.2)
    run.net.memory["own"] = np.arange(3)
    return parts_of(stepped(run, 5), tmp_path_factory.mktemp("parts") / "run")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    file = tmp_path_factory.mktemp("content") / "run"
    save(stepped(begun("rigl", width=4), 4), file)
    return file.read_bytes()


def test_a_file_cut_off_anywhere_is_refused(content, path):
    for length in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with refused(path, "not a readable file of a run", "an earlier copy"):
            load_run(path, toy())


def test_a_file_with_one_bit_flipped_anywhere_is_refused(content, path):
    for at in range(0, len(content), 23):
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :])
        with refused(path, "checksum"):
            load_run(path, toy())


@pytest.mark.parametrize("there", [b"", b"PK", b"a,b\n1,2\n" * 40, pickle.dumps([1]), bytes(70), signed(bytes(99))])
def test_a_file_of_something_else_is_refused(there, path):
    path.write_bytes(there)
    with refused(path, "not a readable file of a run"):
        load_run(path, toy())


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path):
    with refused("nothing", "No such file"):
        load_run(tmp_path / "nothing", toy())
    with refused(tmp_path, "directory"):
        load_run(tmp_path, toy())
    with refused("path=7"):
        load_run(7)


def test_an_npz_of_somebody_else_is_refused(path):
    with open(path, "wb") as file:
        np.savez(file, x=np.eye(2), y=np.arange(2))
    with refused("checksum"):
        load_run(path, toy())


def test_a_newer_format_is_refused_by_name(parts, path):
    header = parts[0] | {"format": 3, "minidst": "9.8.7", "network": "whatever it will be"}
    with refused("format 3", "minidst 9.8.7", "up to 2", "install"):
        load_run(written(path, header, {}), toy())


def other(**changes):
    """Of the toy data, copied."""
    parts = {name: copy.deepcopy(getattr(toy(), name)) for name in toy().__dataclass_fields__} | changes
    return type(toy())(**parts)


@pytest.mark.parametrize(
    "data",
    [
        other(name="toy2"),
        other(x_train=toy().x_train + np.eye(45, 12, dtype=np.float32) * 1e-6),
        other(x_train=toy().x_train[:-1], y_train=toy().y_train[:-1]),
        other(y_test=toy().y_test[::-1]),
        other(x_test=toy().x_test[:-1], y_test=toy().y_test[:-1]),
        other(classes=5),
        toy(features=13),
    ],
)
def test_other_data_are_refused(data, parts, path):
    with refused(path, "was trained on toy", "SHA-256", "hand the same data"):
        load_run(written(path, *parts), data)


def test_data_that_no_name_gives_have_to_be_handed_in(parts, path):
    with refused(path, "'toy'", "load_run(path, data)"):
        load_run(written(path, *parts))


def put(*keys_and_value):
    """A change of a header: the value under these keys."""
    *keys, last, value = keys_and_value

    def change(header, arrays):
        for key in keys:
            header = header[key]
        header[last] = value

    return change


def into(name, value):
    """A change of the arrays: another value, or one made from the old one."""

    def change(header, arrays):
        arrays[name] = value(arrays[name]) if callable(value) else value

    return change


def entry(at, value):
    """A change of one entry of an array."""

    def changed(array):
        array = array.copy()
        array.reshape(-1)[at] = value
        return array

    return changed


METHOD, LAYER = ("method", "fields"), ("network", "layers", 0)
CHANGES = {
    "format text": put("format", "1"),
    "format negative": put("format", -1),
    "format true": put("format", True),
    "data none": put("data", None),
    "data a list": put("data", []),
    "method none": put("method", None),
    "method a text": put("method", "rigl"),
    "method a config": put("method", {"record": "config.Config", "fields": {}}),
    "method of an unknown record": put("method", "record", "os.system"),
    "method with an unknown field": put(*METHOD, "evil", 1),
    "prune of another module": put(*METHOD, "prune", {"name": "os.system"}),
    "prune by import": put(*METHOD, "prune", {"name": "dst.prune.np.save"}),
    "prune private": put(*METHOD, "prune", {"name": "dst.prune._ratio"}),
    "prune a class": put(*METHOD, "prune", {"name": "dst.schedule.Schedule"}),
    "prune a number": put(*METHOD, "prune", 5),
    "prune an unknown tag": put(*METHOD, "prune", {"eval": "1"}),
    "prune of a method that is not there": put(*METHOD, "prune", {"of": "nobody", "field": "prune"}),
    "schedule out of range": put(*METHOD, "schedule", "fields", "alpha", 7),
    "start unknown": put(*METHOD, "start", "hot"),
    "micro-batches": put(*METHOD, "micro_batches", -3),
    "an update step that is a number": put(*METHOD, "update_step", 3),
    "config a method": put("config", {"name": "dst.prune.snip"}),
    "epochs negative": put("config", "fields", "epochs", -1),
    "epochs a fraction": put("config", "fields", "epochs", 1.5),
    "epochs of no dtype": put("config", "fields", "epochs", {"dtype": "object", "value": 3}),
    "epochs too large for their dtype": put("config", "fields", "epochs", {"dtype": "int8", "value": 300}),
    "batch none": put("config", "fields", "batch", None),
    "batch 0": put("config", "fields", "batch", 0),
    "validation 2": put("config", "fields", "validation", 2),
    "lr a text": put("config", "fields", "lr", "fast"),
    "momentum 7": put("config", "fields", "optimizer", "fields", "momentum", 7),
    "notes a list": put("notes", [1]),
    "progress none": put("progress", None),
    "plan empty": put("progress", "plan", []),
    "plan negative": put("progress", "plan", [-1]),
    "t negative": put("progress", "t", -1),
    "t past the end": put("progress", "t", 10**9),
    "t of another place": put("progress", "t", 4),
    "t a fraction": put("progress", "t", 5.0),
    "most a text": put("progress", "most", "x"),
    "seconds a list": put("progress", "seconds", []),
    "history none": put("history", None),
    "history of too few epochs": put("history", "epoch", []),
    "history of texts": put("history", "loss", ["x"]),
    "history of a list": put("history", "method", [1]),
    "history with earlier ones": lambda header, arrays: header["history"].update(earlier=[dict(header["history"])]),
    "history that is nested": lambda header, arrays: header["history"].update(
        earlier=[dict(header["history"], earlier=[dict(header["history"])])]
    ),
    "network none": put("network", None),
    "no layers": put("network", "layers", []),
    "a layer unknown": put(*LAYER, "kind", "Evil"),
    "in place a number": put("network", "layers", 1, "in_place", 3),
    "a layer twice": lambda header, arrays: header["network"]["layers"].append(header["network"]["layers"][0]),
    "format unknown": put(*LAYER, "format", "zip"),
    "format a list": put(*LAYER, "format", []),
    "another format": put(*LAYER, "format", "coo"),
    "shape huge": put(*LAYER, "shape", [2**40, 2**40]),
    "shape at the limit": put(*LAYER, "shape", [2**31 - 1, 12]),
    "shape wider than the data": put(*LAYER, "shape", [16, 2**31 - 1]),
    "shape negative": put(*LAYER, "shape", [-1, 12]),
    "shape a fraction": put(*LAYER, "shape", [16.5, 12]),
    "shape of three": put(*LAYER, "shape", [16, 12, 1]),
    "steps negative": put(*LAYER, "weight", "steps", -1),
    "state unknown": put(*LAYER, "weight", "state", ["velocity", "other"]),
    "state forgotten": put(*LAYER, "weight", "state", []),
    "loss a text": put("network", "loss", "cross-entropy"),
    "loss out of range": put("network", "loss", "fields", "label_smoothing", 3),
    "loss for values": put("network", "loss", {"record": "nn.losses.MeanSquaredError", "fields": {"evil": 1}}),
    "budget negative": put("network", "budget", -1),
    "memory a list": put("network", "memory", [1]),
    "memory of no array": put("network", "memory", {"own": {"array": "elsewhere"}}),
    "memory forgotten": put("network", "memory", {}),
    "no generator": put("network", "generators", []),
    "another generator": put("network", "generators", 0, "bit_generator", "MT19937"),
    "a generator's state too large": put("network", "generators", 0, "state", "state", 2**128),
    "a generator's state a text": put("network", "generators", 0, "state", "inc", "1"),
    "a generator without state": put("network", "generators", 0, {}),
    "index too large": into("layer0.indices", entry(0, 12)),
    "index negative": into("layer0.indices", entry(0, -1)),
    "indices equal": into("layer0.indices", entry(slice(0, 2), 1)),
    "indices of floats": into("layer0.indices", lambda a: a.astype(np.float32)),
    "indices too few": into("layer0.indices", lambda a: a[:-1]),
    "indptr falling": into("layer0.indptr", entry(1, 9999)),
    "indptr negative": into("layer0.indptr", entry(0, -1)),
    "indptr wrapped": into("layer0.indptr", lambda a: a.astype(np.uint64) + np.uint64(2**63)),
    "indptr short": into("layer0.indptr", lambda a: a[:-1]),
    "values infinite": into("layer0.values", entry(0, np.inf)),
    "values nan": into("layer2.values", entry(0, np.nan)),
    "values whole": into("layer0.values", lambda a: a.astype(np.int64)),
    "values half": into("layer0.values", lambda a: a.astype(np.float16)),
    "values of another order": into("layer0.values", lambda a: a.astype(">f4")),
    "values of two dimensions": into("layer0.values", lambda a: a[None]),
    "bias short": into("layer0.bias", lambda a: a[:-1]),
    "bias of another type": into("layer0.bias", lambda a: a.astype(np.float64)),
    "velocity short": into("layer0.weight.velocity", lambda a: a[:-1]),
    "velocity of another type": into("layer0.weight.velocity", lambda a: a.astype(np.float64)),
    "velocity of two dimensions": into("layer0.bias.velocity", lambda a: a[:, None]),
    "order with one twice": into("order", entry(0, 1)),
    "order out of range": into("order", entry(0, 99)),
    "order of floats": into("order", lambda a: a.astype(np.float32)),
    "order short": into("order", lambda a: a[:-1]),
    "order missing": lambda header, arrays: arrays.pop("order"),
    "drawn short": into("drawn", lambda a: a[:-1]),
    "drawn with one twice": into("drawn", entry(0, 1)),
    "losses long": into("losses", np.zeros(99)),
    "losses of another type": into("losses", lambda a: a.astype(np.float32)),
    "an array too many": into("surplus", np.zeros(3)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_with_the_right_checksum_and_the_wrong_content_is_refused(change, parts, path):
    header, arrays = copy.deepcopy(parts)
    CHANGES[change](header, arrays)
    with refused(path):
        load_run(written(path, header, arrays), toy())


GB = 10**9
HOSTILE = {
    "huge": [("a.npy", npy(shape=f"({GB}, {GB})"))],
    "huge with some bytes": [("a.npy", npy(shape=f"({GB},)", held=bytes(99)))],
    "negative": [("a.npy", npy(shape="(-1,)"))],
    "twice negative": [("a.npy", npy(shape="(-1, -3)", held=bytes(12)))],
    "endless": [("a.npy", npy(shape="(" + "9" * 4000 + ",)"))],
    "no shape": [("a.npy", npy(shape="None"))],
    "shape a call": [("a.npy", npy(shape="__import__('os').getpid()"))],
    "pickled": [("a.npy", npy(descr="'|O'", shape="(1,)", held=pickle.dumps([print])))],
    "structured": [("a.npy", npy(descr="[('a', '<f4')]", held=bytes(12)))],
    "void": [("a.npy", npy(descr="'|V1000000000'", shape="(0,)"))],
    "text": [("a.npy", npy(descr="'<U4'", shape="(1,)", held=bytes(16)))],
    "npy 3": [("a.npy", npy(version=3, held=bytes(12)))],
    "npy 9": [("a.npy", npy(version=9, held=bytes(12)))],
    "no npy": [("a.npy", b"hello")],
    "empty": [("a.npy", b"")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_array_that_promises_what_it_does_not_hold_is_refused_without_memory(name, path):
    path.write_bytes(zipped({"format": 1}, HOSTILE[name]))
    tracemalloc.start()
    with refused(path, "not a readable file of a run"):
        load_run(path, toy())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "header",
    [None, "", "{", "[]", "7", '"format"', "[" * 100_000, "{}", '{"format": 1e999}', b"\xff\xfe", "1" * 5000],
    ids=lambda header: str(header)[:9],
)
def test_a_header_that_is_none_is_refused(header, path):
    path.write_bytes(zipped(header, []))
    with refused(path, "not a readable file of a run"):
        load_run(path, toy())


def test_a_zip_bomb_is_refused_without_memory(path):
    path.write_bytes(zipped({"format": 1}, [("a.npy", npy_of(np.zeros(10**7)))], zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 10**6
    tracemalloc.start()
    with refused("compressed"):
        load_run(path, toy())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_members_that_share_their_bytes_are_refused(path):
    """An overlapping zip file: its directory names the same bytes many times."""
    body = bytearray(zipped({"format": 1}, [("a.npy", npy_of(np.zeros(1000)))]))
    start = body.index(b"PK\1\2")
    end = body.rindex(b"PK\5\6")
    directory = bytes(body[start:end])
    many = directory + directory[directory.rindex(b"PK\1\2") :] * 50
    tail = bytearray(body[end:])
    tail[8:12] = (52).to_bytes(2, "little") * 2
    tail[12:16] = len(many).to_bytes(4, "little")
    path.write_bytes(signed(bytes(body[:start]) + many + bytes(tail)))
    with refused("more bytes than it has"):
        load_run(path, toy())


@pytest.fixture(scope="module")
def attempt(tmp_path_factory):
    """Load the file: that works, or it is a one-line ValueError."""
    path = tmp_path_factory.mktemp("fuzz") / "run"

    def run(write):
        write(path)
        message = "loaded"
        try:
            assert isinstance(load_run(path, toy()), Run)
        except ValueError as error:
            message = str(error)
        assert message
        assert "\n" not in message

    return run


@settings(max_examples=200)
@given(data=st.data())
def test_any_damage_that_is_signed_again(data, content, attempt):
    broken = data.draw(damaged(content))
    attempt(lambda path: path.write_bytes(signed(broken)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["SGD", "csr"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "record", "x"]), inner),
    max_leaves=5,
)


@settings(max_examples=200)
@given(data=st.data())
def test_any_change_of_the_header(data, parts, attempt):
    header, arrays = copy.deepcopy(parts)
    place = header
    while True:
        key = data.draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    if data.draw(st.booleans()) and isinstance(place, dict):
        del place[key]
    else:
        place[key] = data.draw(JSON)
    attempt(lambda path: written(path, header, arrays))


@settings(max_examples=150)
@given(data=st.data())
def test_any_other_array(data, parts, attempt):
    header, arrays = copy.deepcopy(parts)
    name = data.draw(st.sampled_from(sorted(arrays)))
    shape = st.just(arrays[name].shape) | hypothesis_arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    kinds = st.just(arrays[name].dtype) | hypothesis_arrays.integer_dtypes() | hypothesis_arrays.floating_dtypes()
    arrays[name] = data.draw(hypothesis_arrays.arrays(kinds, shape))
    attempt(lambda path: written(path, header, arrays))
