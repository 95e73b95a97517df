"""Files that are damaged, hostile, too new or of another run are refused in one line, and cost no memory."""

import copy
import io
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from builders import LYING_NPY, peak_bytes, read_or_refused, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_arrays
from runs import begun, parts_of, signed, stepped, toy, written, zipped
from strategies import damaged

from minidst import Run, load_run, save


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


def test_a_file_cut_off_or_with_one_bit_flipped_anywhere_is_refused(content, path):
    cut_off = [content[:length] for length in [*range(0, len(content), 97), len(content) - 1]]
    bits = [(at, bytes([content[at] ^ (1 << at % 8)])) for at in range(0, len(content), 23)]
    for broken in [*cut_off, *(content[:at] + flipped + content[at + 1 :] for at, flipped in bits)]:
        path.write_bytes(broken)
        with refused(path, "not a readable file of a run", "checksum", "an earlier copy"):
            load_run(path, toy())


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path):
    with refused("nothing", "No such file"):
        load_run(tmp_path / "nothing", toy())
    with refused(tmp_path, "directory"):
        load_run(tmp_path, toy())


def test_a_newer_format_or_data_that_no_name_gives_are_refused(parts, path):
    header = parts[0] | {"format": 3, "minidst": "9.8.7", "network": "whatever it will be"}
    with refused("format 3", "minidst 9.8.7", "up to 2", "install"):
        load_run(written(path, header, {}), toy())
    with refused(path, "'toy'", "load_run(path, data)"):
        load_run(written(path, *parts))


@pytest.mark.parametrize("changed", [
    {"name": "toy2"}, {"classes": 5}, {"y_test": toy().y_test[::-1]}, vars(toy(features=13)),
    {"x_train": toy().x_train + np.eye(45, 12) * 1e-6}, {"x_test": toy().x_test[:-1], "y_test": toy().y_test[:-1]},
    {"x_train": toy().x_train[:-1], "y_train": toy().y_train[:-1]},
])  # fmt: skip
def test_other_data_are_refused(changed, parts, path):
    with refused(path, "was trained on toy", "SHA-256", "hand the same data"):
        load_run(written(path, *parts), replace(toy(), **changed))


def put(place, value):
    """A change of a header: this value at a place such as network.layers.0.kind."""
    *keys, last = (int(key) if key.isdigit() else key for key in place.split("."))

    def change(header, arrays):
        for key in keys:
            header = header[key]
        header[last] = value

    return pytest.param(change, id=f"{place} {value}")


def into(name, value):
    """A change of the arrays: one of them is made from the old one."""

    def change(header, arrays):
        arrays[name] = value(arrays.get(name))

    return change


def entry(at, value):
    """A change of one entry of an array."""

    def changed(array):
        array = array.copy()
        array.reshape(-1)[at] = value
        return array

    return changed


def as_type(dtype):
    return lambda array: array.astype(dtype)


def short(array):
    return array[:-1]


HEADER = [  # place, bad values
    ("format", ["1", -1, True]), ("data", [None, []]),
    ("method", [None, "rigl", {"record": "config.Config", "fields": {}}]), ("method.record", ["os.system"]),
    ("method.fields.evil", [1]), ("method.fields.prune", [{"name": "os.system"}, {"name": "dst.prune.np.save"}]),
    ("method.fields.prune", [{"name": "dst.prune._ratio"}, {"name": "dst.schedule.Schedule"}]),
    ("method.fields.prune", [5, {"eval": "1"}, {"of": "nobody", "field": "prune"}]),
    ("method.fields.schedule.fields.alpha", [7]), ("method.fields.start", ["hot"]),
    ("method.fields.micro_batches", [-3]), ("method.fields.update_step", [3]), ("config", [{"name": "dst.prune.snip"}]),
    ("config.fields.epochs", [-1, 1.5, {"dtype": "object", "value": 3}, {"dtype": "int8", "value": 300}]),
    ("config.fields.batch", [None, 0]), ("config.fields.validation", [2]), ("config.fields.lr", ["fast"]),
    ("config.fields.optimizer.fields.momentum", [7]), ("notes", [[1]]), ("progress", [None]),
    ("progress.plan", [[], [-1]]), ("progress.t", [-1, 10**9, 4, 5.0]), ("progress.most", ["x"]),
    ("progress.seconds", [[]]), ("history", [None]), ("history.epoch", [[]]), ("history.loss", [["x"]]),
    ("history.method", [[1]]), ("network", [None]), ("network.layers", [[]]), ("network.layers.1.in_place", [3]),
    ("network.layers.0.kind", ["Evil"]), ("network.layers.0.format", ["zip", [], "coo"]),
    ("network.layers.0.shape", [[2**40, 2**40], [2**31 - 1, 12], [16, 2**31 - 1], [-1, 12], [16.5, 12], [16, 12, 1]]),
    ("network.layers.0.weight.steps", [-1]), ("network.layers.0.weight.state", [["velocity", "other"], []]),
    ("network.loss", ["cross-entropy", {"record": "nn.losses.MeanSquaredError", "fields": {"evil": 1}}]),
    ("network.loss.fields.label_smoothing", [3]), ("network.budget", [-1]),
    ("network.memory", [[1], {"own": {"array": "elsewhere"}}, {}]), ("network.generators", [[]]),
    ("network.generators.0", [{}]), ("network.generators.0.bit_generator", ["MT19937"]),
    ("network.generators.0.state.state", [2**128]), ("network.generators.0.state.inc", ["1"]),
]  # fmt: skip
ARRAYS = [  # array, bad values made from the right one
    ("layer0.indices", [entry(0, 12), entry(0, -1), entry(slice(0, 2), 1), as_type(np.float32), short]),
    ("layer0.indptr", [entry(1, 9999), entry(0, -1), lambda a: a.astype(np.uint64) + np.uint64(2**63), short]),
    ("layer0.values", [entry(0, np.inf), as_type(np.int64), as_type(np.float16), as_type(">f4"), lambda a: a[None]]),
    ("layer2.values", [entry(0, np.nan)]),
    ("layer0.bias", [short, as_type(np.float64)]),
    ("layer0.weight.velocity", [short, as_type(np.float64)]),
    ("layer0.bias.velocity", [lambda a: a[:, None]]),
    ("order", [entry(0, 1), entry(0, 99), as_type(np.float32), short]),
    ("drawn", [short, entry(0, 1)]),
    ("losses", [lambda _: np.zeros(99), as_type(np.float32)]),
    ("surplus", [lambda _: np.zeros(3)]),
]


CHANGES = [
    *(put(place, value) for place, values in HEADER for value in values),
    *(into(name, value) for name, values in ARRAYS for value in values),
    lambda header, arrays: header["history"].update(earlier=[header["history"].copy()]),
    lambda header, arrays: header["history"].update(earlier=[header["history"] | {"earlier": [{**header["history"]}]}]),
    lambda header, arrays: header["network"]["layers"].append(header["network"]["layers"][0]),
    lambda header, arrays: arrays.pop("order"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_with_the_right_checksum_and_the_wrong_content_is_refused(change, parts, path):
    header, arrays = copy.deepcopy(parts)
    change(header, arrays)
    with refused(path):
        load_run(written(path, header, arrays), toy())


def buffered(save, *given, **named):
    """The bytes that np.save or np.savez writes."""
    buffer = io.BytesIO()
    save(buffer, *given, **named)
    return buffer.getvalue()


def overlapping():
    """A zip file whose directory names the same bytes many times."""
    body = bytearray(zipped({"format": 1}, [("a.npy", buffered(np.save, np.zeros(1000)))]))
    start = body.index(b"PK\1\2")
    end = body.rindex(b"PK\5\6")
    directory = bytes(body[start:end])
    many = directory + directory[directory.rindex(b"PK\1\2") :] * 50
    tail = bytearray(body[end:])
    tail[8:12] = (52).to_bytes(2, "little") * 2
    tail[12:16] = len(many).to_bytes(4, "little")
    return signed(bytes(body[:start]) + many + bytes(tail))


BOMB = zipped({"format": 1}, [("a.npy", buffered(np.save, np.zeros(10**7)))], zipfile.ZIP_DEFLATED)
assert len(BOMB) < 10**6
HEADERS = [None, "", "{", "[]", "7", '"format"', "[" * 100_000, "{}", '{"format": 1e999}', b"\xff\xfe", "1" * 5000]
FILES = {
    **{f"array {name}": zipped({"format": 1}, [("a.npy", member)]) for name, member in LYING_NPY.items()},
    **{f"header {str(header)[:9]}": zipped(header, []) for header in HEADERS},
    **{str(other[:4]): other for other in (b"", b"PK", b"a,b\n1,2\n" * 40, pickle.dumps([1]), bytes(70))},
    "signed": signed(bytes(99)),
    "checksum": buffered(np.savez, x=np.eye(2), y=np.arange(2)),
    "compressed": BOMB,
    "more bytes than it has": overlapping(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_something_else_is_refused_without_memory(name, path):
    path.write_bytes(FILES[name])
    words = [name] if name in ("checksum", "compressed", "more bytes than it has") else []

    def load():
        with refused(path, "not a readable file of a run", *words):
            load_run(path, toy())

    _, peak = peak_bytes(load)
    assert peak < (3_000_000 if name == "compressed" else 2_000_000)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "run"


def assert_read_or_refused(path):
    with read_or_refused():
        assert isinstance(load_run(path, toy()), Run)


@settings(max_examples=200)
@given(data=st.data())
def test_any_damage_that_is_signed_again(data, content, fuzzed):
    fuzzed.write_bytes(signed(data.draw(damaged(content))))
    assert_read_or_refused(fuzzed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["SGD", "csr"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "record", "x"]), inner),
    max_leaves=5,
)


@settings(max_examples=200)
@given(data=st.data())
def test_any_change_of_the_header(data, parts, fuzzed):
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
    assert_read_or_refused(written(fuzzed, header, arrays))


@settings(max_examples=150)
@given(data=st.data())
def test_any_other_array(data, parts, fuzzed):
    header, arrays = copy.deepcopy(parts)
    name = data.draw(st.sampled_from(sorted(arrays)))
    shape = st.just(arrays[name].shape) | hypothesis_arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    kinds = st.just(arrays[name].dtype) | hypothesis_arrays.integer_dtypes() | hypothesis_arrays.floating_dtypes()
    arrays[name] = data.draw(hypothesis_arrays.arrays(kinds, shape))
    assert_read_or_refused(written(fuzzed, header, arrays))
