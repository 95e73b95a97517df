"""The command line: what it prints, what it writes, and one line for everything that can go wrong."""

import csv
import importlib
import io
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minidst
from minidst import METHODS
from minidst.cli.main import main
from minidst.cli.tables import comparison_table, method_table, source_table
from minidst.data import sources
from minidst.experiments.compare import METHODS_COMPARED, Row
from minidst.training.history import Epoch, History

ROOT = Path(minidst.__file__).parent.parent
QUICK = ("--epochs", "1", "--hidden", "8", "--density", "0.3", "--batch", "256")


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder, no data but what the test writes, and one thread afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "no cache"))
    yield
    minidst.threads(1)


@pytest.fixture
def refused(capsys, tmp_path):
    """Run a command that must end in one line on stderr, nothing on stdout, and no new file; return the line."""

    def run(*argv, code=2):
        before = sorted(tmp_path.rglob("*"))
        capsys.readouterr()
        assert main(argv) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        assert err.startswith("minidst: ")
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return run


@pytest.fixture
def printed(capsys):
    """Run a command that must succeed and print nothing on stderr; return its stdout."""

    def run(*argv):
        capsys.readouterr()
        assert main(argv) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


@pytest.fixture
def untrained(monkeypatch):
    """Fail if anything is trained."""
    for module, name in (("minidst.cli.train", "epoch_bar"), ("minidst.experiments.compare", "fit")):
        monkeypatch.setattr(importlib.import_module(module), name, lambda *_, **__: pytest.fail("it was trained"))


def parsed(text):
    """Standard JSON, and nothing else."""

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def spawn(*argv, **options):
    """`python -m minidst`, as a shell would start it: output is buffered unless it goes to a terminal."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["PYTHONPATH"] = str(ROOT)
    environment |= options.pop("env", {})
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"} | options
    return subprocess.Popen([sys.executable, "-m", "minidst", *argv], env=environment, **options)


# compare


def test_compare_prints_a_table_of_the_methods_and_draws_their_curves(printed, tmp_path):
    out = printed("compare", "digits", *QUICK, "--seeds", "2")
    lines = out.splitlines()
    assert lines[0] == "digits, 64-8-10, density 0.3, 2 seeds"
    assert "these hold all" in lines[8]
    rows = [*lines[4:8], lines[9]]
    assert [line.split()[0] for line in rows] == list(METHODS_COMPARED)
    assert all(re.search(r" \d+\.\d ± \d+\.\d ", line) for line in rows)
    assert lines[-1] == "learning curves: minidst-compare-digits.png"
    assert max(map(len, lines)) <= 80
    assert [file.name for file in tmp_path.iterdir()] == ["minidst-compare-digits.png"]


def test_compare_writes_a_whole_png_into_the_folder_of_out(printed, tmp_path):
    (tmp_path / "results").mkdir()
    out = printed("compare", *QUICK, "--seeds", "1", "--methods", "static, set", "--out", "results")
    (picture,) = (tmp_path / "results").iterdir()
    assert str(Path("results") / picture.name) in out
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.endswith(b"IEND\xaeB`\x82")


def test_compare_as_json_prints_only_json(printed):
    run = parsed(printed("compare", *QUICK, "--seeds", "2", "--methods", "set,dense", "--json"))
    assert run["data"] == "digits"
    assert run["sizes"] == [64, 8, 10]
    assert run["density"] == 0.3
    assert Path(run["picture"]).exists()
    assert [row["method"] for row in run["methods"]] == ["set", "dense"]
    for row in run["methods"]:
        assert len(row["scores"]) == 2
        assert row["score"] == pytest.approx(np.mean(row["scores"]))


def test_compare_takes_the_paper_schedules_if_asked(printed, monkeypatch):
    module = importlib.import_module("minidst.experiments.compare")
    schedules = []

    def pretend(net, data, record, config, *, progress=None):
        schedules.append(record.schedule)
        return History(record.name, data.name, [Epoch(1, 0.5, 0.5, 0.5, 0.1, 0, 7, 10, 0.1)])

    monkeypatch.setattr(module, "fit", pretend)
    for options in ([], ["--paper-schedules"]):
        printed("compare", *QUICK, "--seeds", "1", "--methods", "rigl", *options)
    assert schedules[1] == METHODS["rigl"].schedule != schedules[0]


# train


@pytest.mark.small
def test_train_prints_one_line_with_method_data_accuracy_and_connections(printed, tmp_path):
    out = printed("train", "digits", *QUICK, "--method", "static")
    assert re.fullmatch(r"static on digits: test accuracy \d+\.\d\d% after epoch 1, 178 connections, \d+\.\d s\n", out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [(), ("--format", "coo", "--optimizer", "adam"), ("--allocation", "uniform")])
def test_train_runs_every_method(method, options, printed):
    if METHODS[method].format == "condensed":  # which such a method does not change for another
        options = tuple(option.replace("coo", "condensed") for option in options)
    assert f"{method} on digits" in printed("train", *QUICK, "--method", method, *options)


def test_train_writes_its_history(printed, tmp_path):
    printed("train", *QUICK, "--epochs", "3", "--history", "run.csv")
    with open("run.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["epoch"] for line in lines] == ["1", "2", "3"]
    assert [file.name for file in tmp_path.iterdir()] == ["run.csv"]


def test_train_as_json_prints_only_json(printed):
    run = parsed(printed("train", *QUICK, "--epochs", "2", "--method", "set", "--json"))
    assert (run["method"], run["data"], run["epoch"]) == ("set", "digits", [1, 2])
    assert run["connections"] == [178, 178]
    parts = {"values", "indices", "gradients", "optimizer_state", "method_state", "activations", "temporaries"}
    assert set(run["memory"]) == parts


def test_train_says_the_same_for_every_number_of_threads_and_run(printed):
    def learnt(*options):
        return printed("train", *QUICK, *options).rsplit(",", 1)[0]

    assert len({learnt("--threads", "1"), learnt("--threads", "2"), learnt("--threads", "2")}) == 1
    assert learnt("--seed", "1") != learnt("--seed", "2")


def test_threads_are_those_asked_for(printed):
    printed("train", *QUICK, "--threads", "3")
    assert minidst.threads() == 3


# methods, data, help


@pytest.mark.small
def test_methods_lists_every_record_in_80_columns(printed):
    lines = printed("methods").splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(METHODS)
    assert max(map(len, lines)) <= 80


@pytest.mark.small
def test_methods_as_json_has_the_parts_of_every_record(printed):
    records = {record["name"]: record for record in parsed(printed("methods", "--json"))}
    assert list(records) == list(METHODS)
    assert records["rigl"]["prune"] == "magnitude"
    assert "2020" in records["rigl"]["paper"]
    assert records["dense"]["needs_dense"] is True
    assert records["rigl"]["needs_dense"] is False


@pytest.mark.small
def test_data_says_what_is_found_and_how_to_get_the_rest(printed, tmp_path):
    folder = idx_folder(tmp_path / "sets")
    out = printed("data", "--data-dir", str(folder))
    assert re.search(rf"^mnist +{re.escape(str(folder))}$", out, flags=re.MULTILINE)
    assert re.search(r"^cifar10 +not found$", out, flags=re.MULTILINE)
    assert "to get it" in out


@pytest.mark.small
def test_data_as_json_has_a_place_or_the_way_to_get_one(printed):
    found = {source["name"]: source for source in parsed(printed("data", "--json"))}
    assert list(found) == [source.name for source in sources()]
    assert Path(found["digits"]["found"]).exists()
    assert found["cifar10"]["found"] is None
    assert found["cifar10"]["how"]
    assert found["cifar10"]["looked_in"]


@pytest.mark.small
def test_what_data_says_besides_paths_fits_80_columns(printed):
    lines = [line for line in printed("data").splitlines() if os.sep not in line]
    assert len(lines) > 3
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.small
@pytest.mark.parametrize("argv", [["--help"], *([name, "--help"] for name in ("compare", "train", "methods", "data"))])
def test_help_succeeds_and_explains_every_option(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: minidst")
    assert not re.search(r"^  (--[\w-]+( [A-Z_]+)?)$\n  -", out, flags=re.MULTILINE)  # an option and no text


@pytest.mark.small
def test_version_prints_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"minidst {minidst.__version__}\n"


@pytest.mark.small
def test_a_table_keeps_80_columns_with_large_numbers():
    huge = Epoch(1, 0.5, 1.0, 0.5, 0.1, 0, 10**9, 10**12, 99_999.0)
    rows = [Row("gse-uniform", tuple(History("gse-uniform", "d", [huge]) for _ in range(2)), 10**9)]
    table = comparison_table(rows, "cifar10", (3072, 1000, 1000, 10), 0.012345)
    assert max(map(len, table.splitlines())) <= 80
    assert "1,000,000,000" in table
    assert "1.0 TB" in table


@pytest.mark.small
def test_the_heading_of_a_deep_network_on_data_with_a_long_name_keeps_80_columns_too():
    rows = [Row("set", (History("set", "d", [Epoch(1, 0.5, 1.0, 0.5, 0.1, 0, 7, 8, 1.0)]),), 7)]
    table = comparison_table(rows, "my-measurements-of-last-summer", (784, *(1000,) * 10, 10), 0.01)
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.small
@pytest.mark.parametrize(
    ("count", "text"),
    [
        *[(999, "999 B"), (1000, "1.0 kB"), (27_436, "27.4 kB"), (680_000, "680.0 kB")],
        *[(999_999, "1.0 MB"), (1_234_567, "1.2 MB"), (2_500_000_000, "2.5 GB")],
    ],
)
def test_bytes_are_printed_with_a_unit(count, text):
    row = Row("set", (History("set", "d", [Epoch(1, 0.5, 1.0, 0.5, 0.1, 0, 7, count, 1.0)]),), 7)
    assert f" {text} " in comparison_table([row], "d", (2, 2), 0.5)


@pytest.mark.small
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", [("methods",), ("data",), ("train", *QUICK, "--method", "static")])
def test_every_terminal_can_print_the_tables(command, encoding, monkeypatch, capsys):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    code = main(command)
    stream.flush()
    assert (code, capsys.readouterr().err) == (0, "")
    assert stream.buffer.getvalue()


# What can go wrong: the command (more of it in test_bad_inputs.py)


@pytest.mark.small
@pytest.mark.parametrize("command", ["train", "compare"])
@pytest.mark.parametrize("allocation", ["uniform", "er", "erk"])
def test_a_density_too_small_for_every_layer_is_refused_and_the_advice_works(command, allocation, refused, printed):
    options = ("--hidden", "32,16", "--allocation", allocation, "--epochs", "1", "--batch", "720")
    options += ("--seeds", "1", "--methods", "static") if command == "compare" else ("--method", "static")
    line = refused(command, *options, "--density", "0.00001")
    assert "layer 0 (32×64) with 0 connections" in line
    advised = re.search(r"raise density to ≥ ([\d.e-]+)", line)[1]
    assert "connections" in printed(command, *options, "--density", advised)


# What can go wrong: the data


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype("u1").tobytes()


def idx_folder(folder, **replaced):
    """A small set in the layout of MNIST; `replaced` overwrites files by the first letters of their names."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for part, count in (("train", 20), ("t10k", 10)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(rng.integers(0, 256, (count, 4, 4))))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
    for name, content in replaced.items():
        (file,) = folder.glob(name.replace("_", "-") + "*")
        file.write_bytes(content)
    return folder


@pytest.mark.small
def test_a_small_set_in_the_layout_of_mnist_can_be_trained_on(printed, tmp_path):
    folder = idx_folder(tmp_path / "sets")
    out = printed("train", "mnist", "--data-dir", str(folder), *QUICK, "--method", "static")
    assert out.startswith("static on mnist")


@pytest.mark.small
@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"train_images": idx(np.zeros((20, 4, 4)))[:100]}, ["train-images", "100 bytes", "336"]),
        ({"t10k_labels": b""}, ["t10k-labels", "0 bytes"]),
        ({"train_images": b"\x1f\x8b\x08" + bytes(30)}, ["train-images"]),
        ({"train_labels": idx(np.zeros(60_000))}, ["train-labels", "SHA-256"]),
        ({"train_labels": idx(np.full(20, 77))}, ["mnist", "77"]),
    ],
)
def test_a_damaged_data_file_is_refused_in_one_line_that_names_it(replaced, words, refused, untrained, tmp_path):
    folder = idx_folder(tmp_path / "sets", **replaced)
    line = refused("train", "mnist", "--data-dir", str(folder))
    assert [word for word in words if word not in line] == []


@pytest.mark.small
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,label\n1,2,0\n3,nan,1\n", ["table.csv", "line 3", "column 2", "nan"]),
        ("a,b,label\n1,2,0\n3,,1\n", ["table.csv", "line 3", "column 2"]),
        ("a,b,label\n1,2,0\n3,4\n", ["table.csv", "line 3", "2 columns"]),
        ("", ["table.csv"]),
    ],
)
def test_a_gap_in_a_csv_is_refused_with_its_line_and_column(text, words, refused, untrained, tmp_path):
    (tmp_path / "table.csv").write_text(text)
    line = refused("train", "csv", "--path", "table.csv")
    assert [word for word in words if word not in line] == []


@pytest.mark.small
@pytest.mark.parametrize(
    ("labels", "words"),
    [([0, 1, 3, 1], ["label 3", "none 2"]), ([-1, 0, 1, 0], ["-1"]), ([0, 0, 0, 0], ["classes"])],
)
def test_labels_out_of_range_in_an_npz_are_refused(labels, words, refused, untrained, tmp_path):
    x = np.zeros((4, 3), np.float32)
    np.savez(tmp_path / "set.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    line = refused("train", "npz", "--path", "set.npz")
    assert [word for word in words if word not in line] == []


def own_csv(path, samples=60):
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{b:.3f},{'yes' if a > b else 'no'}" for a, b in rng.standard_normal((samples, 2))]
    path.write_text("\n".join(["a,b,answer", *lines]))


@pytest.mark.small
def test_a_csv_of_ones_own_can_be_compared_on(printed, tmp_path):
    own_csv(tmp_path / "own.csv")
    out = printed("compare", "csv", "--path", "own.csv", *QUICK, "--seeds", "1", "--methods", "static,set")
    assert out.startswith("own, 2-8-2, density 0.3")
    assert (tmp_path / "minidst-compare-own.png").exists()


@pytest.mark.small
@pytest.mark.parametrize(
    "command", [("train", "--method", "static"), ("compare", "--seeds", "1", "--methods", "static")]
)
def test_a_regression_set_is_trained_or_refused_in_one_line(command, capsys, tmp_path):
    x = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    np.savez(tmp_path / "set.npz", x=x, y=x[:, :2])
    code = main([command[0], "npz", "--path", "set.npz", *QUICK, *command[1:]])
    out, err = capsys.readouterr()
    if code == 0:
        assert err == ""
        assert "accuracy" not in out
    else:
        assert code == 2
        assert err.count("\n") == 1


# What can go wrong: the place to write


@pytest.mark.small
@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("compare", "a-file"),
        ("compare", "missing"),
        ("compare", "missing/deeper"),
        ("train", "missing/run.csv"),
        ("train", "a-file/run.csv"),
        ("train", "a-folder"),
        ("train", "."),
    ],
)
@pytest.mark.parametrize("option", ["--out", "--history"])
def test_a_place_that_cannot_be_written_is_refused_before_training(command, option, out, refused, untrained, tmp_path):
    (tmp_path / "a-file").touch()
    (tmp_path / "a-folder").mkdir()
    line = refused(command, *QUICK, option if command == "train" else "--out", out)
    assert "cannot write" in line
    assert out.split("/")[0] in line


@pytest.mark.small
@pytest.mark.parametrize(
    ("command", "out", "named"),
    [("train", "missing/run.csv", "missing/run.csv "), ("compare", "missing", "missing/minidst-compare-digits.png ")],
)
def test_the_refusal_names_the_file_that_would_have_been_written(command, out, named, refused, untrained):
    assert named in refused(command, *QUICK, "--out", out).replace(":", " ").replace("'", " ")


@pytest.mark.small
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize(("command", "out"), [("compare", "locked"), ("train", "locked/run.csv")])
def test_a_folder_without_write_permission_is_refused_before_any_training(command, out, refused, untrained, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    assert "Permission denied" in refused(command, *QUICK, "--out", out)


@pytest.mark.small
@pytest.mark.parametrize(
    "argv",
    [
        ["train", "two\nlines"],
        ["train", "--method", "two\nlines"],
        ["train", "--colour\nred"],
        ["train", "csv", "--path", "two\nlines"],
        ["train", "mnist", "--data-dir", "two\nlines"],
        ["train", "--out", "two\nlines/run"],
        ["train", "--history", "two\nlines/run.csv"],
        ["compare", "--out", "two\nlines"],
    ],
)
def test_the_answer_is_one_line_whatever_was_typed(argv, refused, untrained):
    refused(*argv)


# What can go wrong: the run


@pytest.mark.parametrize("hidden", ["8", "256,256"])
@pytest.mark.parametrize(
    "command", [("train", "--out", "run", "--history", "run.csv"), ("compare", "--seeds", "2", "--methods", "set,rigl")]
)
def test_divergence_is_one_line_with_a_code_of_its_own_and_leaves_nothing(command, hidden, refused):
    line = refused(*command, "--hidden", hidden, "--density", "0.3", "--lr", "1e9", "--epochs", "3", code=3)
    assert "step" in line
    assert "lower lr" in line


@pytest.mark.small
@pytest.mark.parametrize(
    ("loop", "argv"),
    [("cli.train.epoch_bar", ["train", "--history", "run.csv"]), ("experiments.compare.fit", ["compare"])],
)
def test_ctrl_c_is_one_line_and_code_130_and_leaves_nothing(loop, argv, refused, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    module, name = f"minidst.{loop}".rsplit(".", 1)
    monkeypatch.setattr(importlib.import_module(module), name, interrupted)
    assert refused(*argv, *QUICK, code=130) == "minidst: interrupted\n"


@pytest.mark.small
def test_an_error_of_ours_is_not_hidden(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(importlib.import_module("minidst.cli.train"), "epoch_bar", broken)
    with pytest.raises(ZeroDivisionError):
        main(["train", *QUICK])


# As a process of its own


def test_the_module_is_the_command():
    process = spawn("methods")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == method_table(METHODS.values()) + "\n"


def test_the_module_returns_the_code_and_one_line():
    process = spawn("train", "digitz")
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert err.startswith("minidst: there is no data set 'digitz'")
    assert err.count("\n") == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_left_in_silence(unbuffered):
    process = spawn("methods", "--json", env={"PYTHONUNBUFFERED": unbuffered})
    process.stdout.close()  # long before the interpreter is up, so its first write finds no reader
    err = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_under_stdout_is_one_line_and_no_success():
    with open("/dev/full", "w") as full:
        process = spawn("methods", stdout=full)
        _, err = process.communicate()
    assert process.returncode not in (0, 120)  # 120 is Python's own, with "Exception ignored in"
    assert err.startswith("minidst: ")
    assert err.count("\n") == 1


def test_divergence_prints_no_warning_of_numpy(tmp_path):
    process = spawn("train", "--hidden", "50", "--density", "0.3", "--lr", "1e9", "--epochs", "3", cwd=tmp_path)
    out, err = process.communicate()
    assert (process.returncode, out) == (3, "")
    assert err.startswith("minidst: ")
    assert err.count("\n") == 1, err


@pytest.mark.small
def test_source_table_puts_every_folder_on_a_line_of_its_own():
    (cifar,) = (source for source in sources() if source.name == "cifar10")
    lines = source_table([cifar]).splitlines()
    assert [line.split("looked in ")[1] for line in lines if "looked in" in line] == list(map(str, cifar.looked_in))
