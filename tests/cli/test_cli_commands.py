"""The command line: what it prints, what it writes, and how it ends."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from small_mnist import small_mnist

import minidst
from minidst import METHODS
from minidst.cli.main import main
from minidst.cli.tables import comparison_table, method_table, source_table
from minidst.data import sources
from minidst.experiments.compare import METHODS_COMPARED, Row
from minidst.training.history import Epoch, History
from minidst.verify import THEOREMS

ROOT = Path(minidst.__file__).parent.parent
QUICK = ("--epochs", "1", "--hidden", "8", "--density", "0.3", "--batch", "256")
slow = pytest.mark.slow


def parsed(text):
    """Standard JSON, and nothing else."""

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def widest(text):
    return max(map(len, text.splitlines()))


# compare


@slow
def test_compare_prints_a_table_of_the_methods_and_draws_their_curves(printed, tmp_path):
    out = printed("compare", "digits", *QUICK, "--seeds", "2")
    lines = out.splitlines()
    assert lines[0] == "digits, 64-8-10, density 0.3, 2 seeds"
    assert "dense memory" in lines[8]
    rows = [*lines[4:8], lines[9]]
    assert [line.split()[0] for line in rows] == list(METHODS_COMPARED)
    assert all(re.search(r" \d+\.\d ± \d+\.\d ", line) for line in rows)
    assert lines[-1] == "learning curves: minidst-compare-digits.png"
    assert widest(out) <= 80
    assert [file.name for file in tmp_path.iterdir()] == ["minidst-compare-digits.png"]


@slow
def test_compare_as_json_prints_only_json_and_writes_a_whole_png_into_the_folder_of_out(printed, tmp_path):
    (tmp_path / "results").mkdir()
    argv = ("compare", *QUICK, "--seeds", "2", "--methods", "set, dense", "--out", "results", "--json")
    run = parsed(printed(*argv))
    (picture,) = (tmp_path / "results").iterdir()
    assert (run["data"], run["sizes"], run["density"]) == ("digits", [64, 8, 10], 0.3)
    assert run["picture"] == str(Path("results") / picture.name)
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.read_bytes().endswith(b"IEND\xaeB`\x82")
    assert [row["method"] for row in run["methods"]] == ["set", "dense"]
    for row in run["methods"]:
        assert len(row["scores"]) == 2
        assert row["score"] == pytest.approx(np.mean(row["scores"]))


@slow
def test_compare_takes_the_schedules_of_the_papers_on_request(printed, recorded):
    for options in ([], ["--paper-schedules"]):
        printed("compare", *QUICK, "--seeds", "1", "--methods", "rigl", *options)
    assert recorded[1][0].schedule == METHODS["rigl"].schedule != recorded[0][0].schedule


def test_compare_reads_a_csv(printed, tmp_path):
    pairs = np.random.default_rng(0).standard_normal((60, 2))
    lines = [f"{a:.3f},{b:.3f},{'yes' if a > b else 'no'}" for a, b in pairs]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,answer", *lines]))
    out = printed("compare", "csv", "--path", "own.csv", *QUICK, "--seeds", "1", "--methods", "static,set")
    assert out.startswith("own, 2-8-2, density 0.3")
    assert (tmp_path / "minidst-compare-own.png").exists()


# train


def test_train_prints_one_line_with_method_data_accuracy_and_connections(printed, tmp_path):
    out = printed("train", "digits", *QUICK, "--method", "static")
    assert re.fullmatch(r"static on digits: test accuracy \d+\.\d\d% after epoch 1, 178 connections, \d+\.\d s\n", out)
    assert list(tmp_path.iterdir()) == []


@slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [(), ("--format", "coo", "--optimizer", "adam"), ("--allocation", "uniform")])
def test_train_runs_every_method(method, options, printed):
    if METHODS[method].format == "condensed":  # the only format of such a method
        options = tuple(option.replace("coo", "condensed") for option in options)
    assert f"{method} on digits" in printed("train", *QUICK, "--method", method, *options)


def test_train_as_json_prints_only_json_and_writes_its_history(printed, tmp_path):
    run = parsed(printed("train", *QUICK, "--epochs", "3", "--method", "set", "--json", "--history", "run.csv"))
    assert (run["method"], run["data"], run["epoch"]) == ("set", "digits", [1, 2, 3])
    with open("run.csv", newline="") as file:
        assert [line["epoch"] for line in csv.DictReader(file)] == ["1", "2", "3"]
    assert [file.name for file in tmp_path.iterdir()] == ["run.csv"]
    assert run["connections"] == [178] * 3
    parts = {"values", "indices", "gradients", "optimizer_state", "method_state", "activations", "temporaries"}
    assert set(run["memory"]) == parts


@slow
def test_train_prints_the_same_for_every_number_of_threads_and_every_run(printed):
    def learnt(*options):
        return printed("train", *QUICK, *options).rsplit(",", 1)[0]

    assert len({learnt("--threads", "1"), learnt("--threads", "2"), learnt("--threads", "2")}) == 1
    assert minidst.threads() == 2
    assert learnt("--seed", "1") != learnt("--seed", "2")


def test_train_reads_the_files_of_mnist(printed, tmp_path):
    folder = small_mnist(tmp_path / "sets")
    assert printed("train", "mnist", "--data-dir", folder, *QUICK, "--method", "static").startswith("static on mnist")


@pytest.mark.parametrize("argv", [("train", "--method", "static"), ("compare", "--seeds", "1", "--methods", "static")])
def test_regression_is_trained_or_refused_in_one_line(argv, command, tmp_path):
    x = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    np.savez(tmp_path / "set.npz", x=x, y=x[:, :2])
    code, out, err = command(argv[0], "npz", "--path", "set.npz", *QUICK, *argv[1:])
    assert (code, err.count("\n")) in ((0, 0), (2, 1))
    assert (err == "" and "accuracy" not in out) or code == 2


# methods, data, help


def test_methods_lists_every_record_in_80_columns_and_as_json(printed):
    out = printed("methods")
    assert [line.split()[0] for line in out.splitlines()[2:]] == list(METHODS)
    assert widest(out) <= 80
    records = {record["name"]: record for record in parsed(printed("methods", "--json"))}
    assert list(records) == list(METHODS)
    assert records["rigl"]["prune"] == "magnitude"
    assert "2020" in records["rigl"]["paper"]
    assert records["dense"]["needs_dense"] is True
    assert records["rigl"]["needs_dense"] is False


def test_data_lists_what_is_found_and_how_to_get_the_rest_in_80_columns_but_for_paths(printed, tmp_path):
    folder = small_mnist(tmp_path / "sets")
    out = printed("data", "--data-dir", folder)
    assert re.search(rf"^mnist +{re.escape(folder)}$", out, flags=re.MULTILINE)
    assert re.search(r"^cifar10 +not found$", out, flags=re.MULTILINE)
    assert "to get it" in out
    lines = [line for line in printed("data").splitlines() if os.sep not in line]
    assert len(lines) > 3
    assert [line for line in lines if len(line) > 80] == []


def test_data_as_json_has_a_place_or_the_way_to_get_one(printed):
    found = {source["name"]: source for source in parsed(printed("data", "--json"))}
    assert list(found) == [source.name for source in sources()]
    assert Path(found["digits"]["found"]).exists()
    assert found["cifar10"]["found"] is None
    assert found["cifar10"]["how"]
    assert found["cifar10"]["looked_in"]


@pytest.mark.parametrize("wrong_by", [0.0, 0.5, float("nan")])
def test_verify_says_what_holds_and_ends_with_1_where_something_does_not(wrong_by, command, monkeypatch):
    false = replace(THEOREMS["rewiring"], cases=lambda: [(3, wrong_by)])
    monkeypatch.setitem(THEOREMS, "rewiring", false)
    code, out, _ = command("verify", "grabo_bound", "rewiring")
    rows = [line.split() for line in out.splitlines() if not line.startswith(" ")][2:]
    assert [(row[0], row[-1]) for row in rows] == [("grabo_bound", "yes"), ("rewiring", "NO" if wrong_by else "yes")]
    assert code == (1 if wrong_by else 0)
    assert widest(out) <= 80
    (told,) = parsed(command("verify", "rewiring", "--json")[1])
    assert (told["holds"], told["deviation"]) == (not wrong_by, wrong_by if wrong_by < 1 else None)


def test_source_table_puts_every_folder_on_a_line_of_its_own():
    (cifar,) = (source for source in sources() if source.name == "cifar10")
    lines = source_table([cifar]).splitlines()
    assert [line.split("looked in ")[1] for line in lines if "looked in" in line] == list(map(str, cifar.looked_in))


@pytest.mark.parametrize(("line", "start"), [
    ("--version", f"minidst {minidst.__version__}\n"),
    *((f"{name} --help", "usage: minidst") for name in ("", "compare", "train", "methods", "data")),
])  # fmt: skip
def test_version_and_help_succeed_and_every_option_is_explained(line, start, capsys):
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(start)
    assert not re.search(r"^  (--[\w-]+( [A-Z_]+)?)$\n  -", out, flags=re.MULTILINE)  # an option and no text


# tables


def compared(runs=1, method="set", data="d", sizes=(2, 2), density=0.5, connections=7, bytes=8, seconds=1.0):
    epoch = Epoch(1, 0.5, 1.0, 0.5, 0.1, 0, connections, bytes, seconds)
    row = Row(method, (History(method, "d", [epoch]),) * runs, connections)
    return comparison_table([row], data, sizes, density)


def test_a_table_keeps_80_columns_with_large_numbers():
    huge = {"connections": 10**9, "bytes": 10**12, "seconds": 99_999.0}
    table = compared(2, "gse-uniform", "cifar10", (3072, 1000, 1000, 10), 0.012345, **huge)
    assert widest(table) <= 80
    assert "1,000,000,000" in table
    assert "1.0 TB" in table
    assert widest(compared(1, "set", "my-measurements-of-last-summer", (784, *(1000,) * 10, 10), 0.01)) <= 80


@pytest.mark.parametrize(("count", "text"), [
    (999, "999 B"), (1000, "1.0 kB"), (27_436, "27.4 kB"), (680_000, "680.0 kB"), (999_999, "1.0 MB"),
    (1_234_567, "1.2 MB"), (2_500_000_000, "2.5 GB"),
])  # fmt: skip
def test_bytes_are_printed_with_a_unit(count, text):
    assert f" {text} " in compared(bytes=count)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("argv", [("methods",), ("data",), ("train", *QUICK, "--method", "static")])
def test_every_terminal_can_print_the_tables(argv, encoding, monkeypatch, capsys):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    code = main(argv)
    stream.flush()
    assert (code, capsys.readouterr().err) == (0, "")
    assert stream.buffer.getvalue()


# What can go wrong once the options are right (test_cli_refused.py has the others)


@slow
@pytest.mark.parametrize("hidden", ["8", "256,256"])
@pytest.mark.parametrize("argv", [
    ("train", "--out", "run", "--history", "run.csv"), ("compare", "--seeds", "2", "--methods", "set,rigl"),
])  # fmt: skip
def test_divergence_is_one_line_and_code_3_and_leaves_no_file(argv, hidden, error_line):
    argv += ("--hidden", hidden, "--density", "0.3", "--lr", "1e9", "--epochs", "3")
    error_line(*argv, code=3, words=["step", "lower lr"])


@pytest.mark.parametrize(("loop", "argv"), [
    ("cli.train.epoch_bar", ["train", "--history", "run.csv"]), ("experiments.compare.fit", ["compare"]),
])  # fmt: skip
def test_ctrl_c_is_one_line_and_code_130_and_leaves_no_file(loop, argv, error_line):
    with patch(f"minidst.{loop}", side_effect=KeyboardInterrupt):
        assert error_line(*argv, *QUICK, code=130) == "minidst: interrupted\n"


def test_a_bug_is_not_hidden():
    with patch("minidst.cli.train.epoch_bar", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        main(["train", *QUICK])


# As a process of its own


def spawn(*argv, env=(), **options):
    """`python -m minidst`, as a shell would start it: output is buffered unless it goes to a terminal."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= {"PYTHONPATH": str(ROOT)} | dict(env)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"} | options
    return subprocess.Popen([sys.executable, "-m", "minidst", *argv], env=environment, **options)


@slow
@pytest.mark.parametrize(("line", "code", "table", "start"), [
    ("methods", 0, method_table(METHODS.values()) + "\n", ""),
    ("train digitz", 2, "", "minidst: there is no data set 'digitz'"),
    ("train --hidden 50 --density 0.3 --lr 1e9 --epochs 3", 3, "", "minidst: "),  # and no warning of NumPy's
])  # fmt: skip
def test_the_module_is_the_command_and_returns_its_code(line, code, table, start):
    process = spawn(*line.split())
    out, err = process.communicate()
    assert (process.returncode, out) == (code, table)
    assert err.startswith(start)
    assert err.count("\n") == bool(err) == bool(code), err


@slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_closed_by_its_reader_is_no_error(unbuffered):
    with spawn("methods", "--json", env={"PYTHONUNBUFFERED": unbuffered}) as process:
        process.stdout.close()  # long before the interpreter is up, so its first write finds no reader
        assert process.stderr.read() == ""


@slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_under_stdout_is_one_line_and_no_success():
    with open("/dev/full", "w") as full:
        process = spawn("methods", stdout=full)
        _, err = process.communicate()
    assert process.returncode not in (0, 120)  # 120 is Python's own, with "Exception ignored in"
    assert err.startswith("minidst: ")
    assert err.count("\n") == 1
