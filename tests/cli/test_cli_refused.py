"""A command line that makes no sense exits with code 2 and one line, which names the value and what would do."""

import os
import shlex

import numpy as np
import pytest
from small_mnist import idx, small_mnist

LONGEST = 200  # letters of a message
GRID = '[[grid]]\nmethod = "rigl"\n'
FILES = {
    "a-file": b"x", "empty": b"", "head.csv": b"a,b\n", "good.toml": GRID.encode(), "bytes.toml": b"\xff",
    "no.toml": b"a = ",
}  # fmt: skip
SWEEP = "sweep good.toml "
UNSAVED = "says nothing without the file to keep the run in"

# the words after `minidst`, what the one line on stderr must name, what it must offer
LINES = [
    ("", "COMMAND", "minidst --help"),
    ("trian", "'trian'", "train"),
    ("train --epoch-count 3", "--epoch-count", "minidst train --help"),
    ("compare --seed 3", "--seed ", "did you mean --seeds?"),
    ("methods --seeds 3", "--seeds", "minidst methods --help"),
    ("train digits mnist", "mnist", "minidst train --help"), ("train digitz", "'digitz'", "did you mean digits"),
    ("train Digits", "'Digits'", "did you mean digits"),
    ("compare fashion-mnis", "'fashion-mnis'", "did you mean fashion-mnist"),
    ("compare no/such", "'no/such'", "choose one of digits"),
    ("train --method rigel", "'rigel'", "rigl"),
    ("compare --methods static,rigel", "'rigel'", "rigl"),
    *((option, "method ''", "`minidst methods` lists all")
      for option in ("train --method=", "compare --methods=", "compare --methods static,")),
    ("compare --methods all,rigl", "'all'", "`minidst methods` lists all"),
    ("train --format csc", "'csc'", "csr"), ("train --format condensed", "'condensed'", "format='csr'"),
    ("train --method srigl --format coo", "'coo'", "format='condensed'"), ("train --allocation erq", "'erq'", "erk"),
    ("train --optimizer sgdd", "'sgdd'", "adam"),
    ("train --density 1e999", "density inf", "(0, 1]"),
    ("train --density", "--density", "one argument"),
    ("train --method dense --density 7", "density 7", "(0, 1]"),
    # a verb, an option with its value, as the message must quote them, and what it must offer
    *((f"{verb} --{option}", option, remedy) for verb, options, remedy in [
        ("train", ["density 0", "density -1", "density nan"], "(0, 1]"),
        ("compare", ["density 1.5"], "(0, 1]"),
        ("compare", ["seeds 0", "epochs -3"], "at least 1"),
        ("train", ["epochs 0", "batch 0"], "at least 1"),
        ("train", ["seed -1"], "at least 0"),
        ("train", ["lr -1", "lr nan"], "0.1 is a good start"),
        ("compare", ["lr inf"], "0.1 is a good start"),
        ("train", ["threads 0"], "from 1 to 1024"),
        ("compare", ["threads 5000"], "from 1 to 1024"),
    ] for option in options),
    # a verb, an option, its value, as the message must quote it, and what it must offer
    *((f"{verb} --{option}={value}", f"'{value}'", remedy) for verb, option, value, remedy in [
        ("train", "density", "much", "minidst train --help"), ("compare", "seeds", "1.5", "minidst compare --help"),
        ("train", "epochs", "1e3", "minidst train --help"), ("train", "every", "x", "minidst train --help"),
        ("train", "hidden", "abc", "256,256"), ("compare", "hidden", "5,,5", "256,256"),
        ("train", "hidden", "", "256,256"),
    ]),
    *((f"{verb} --density 0.00001", "layer 0 (256×64) with 0", "raise density to ≥") for verb in ("train", "compare")),
    ("train --hidden 0", "(64, 0, 10)", "at least 1"), ("train --hidden 8,-3", "(64, 8, -3, 10)", "at least 1"),
    ("compare --hidden 999999999999", "999999999999", "at most 2147483647"),
    ("train --hidden 1000000,1000000 --density 0.9", "1000000×1000000", "a lower density"),
    ("train --hidden 1000000,1000000 --method dense", "1000000000000", "a method that starts sparse"),
    ("train csv", "csv", "--path FILE"), ("train csv --path missing.csv", "'missing.csv'", "No such file"),
    ("train csv --path folder", "'folder'", "Is a directory"), ("train csv --path empty", "'empty'", "comma-separated"),
    ("train csv --path head.csv", "0 samples", "give more samples"),
    ("compare npz --path a-file", "'a-file'", "np.savez_compressed"),
    ("train digits --path head.csv", "path=", "no keywords"), ("train mnist", "mnist", "--data-dir"),
    ("train mnist --data-dir a-file", "'a-file'", "the four IDX files"),
    ("train --every 5", f"--every 5 {UNSAVED}", "add --out RUN"),
    *((f"train --out run --every {every}", f"--every {every}", "must be at least 1") for every in (0, -3)),
    ("train --resume", f"--resume {UNSAVED}", "add --out RUN"), ("train --out run --history run", "'run'", "two names"),
    ("train --out run --history ./run", "both 'run'", "give them two names"),
    ("train --out a-file", "'a-file' exists", "add --resume"),
    ("train --out a-file --resume", "'a-file' is not a readable file of a run", "start anew"),
    *((f"train {option} {place}", f"cannot write '{place}'", remedy)
      for option in ("--out", "--history")
      for place, remedy in [("folder", "the name of a file"), (".", "the name of a file"),
                            ("missing/run.csv", "another folder"), ("a-file/run.csv", "another folder")]),
    *((f"compare --out {folder}", f"cannot write '{folder}/minidst-compare-digits.png'", "another folder")
      for folder in ("missing", "missing/deeper", "a-file")),
    ("methods rigel", "'rigel'", "rigl"), ("methods ''", "method ''", "one such as static"),
    ("data digits", "digits", "minidst data --help"), ("data --data-dir", "--data-dir", "one argument"),
    ("verify grabo", "'grabo'", "grabo_bound"), ("verify erk_densities rigel", "'rigel'", "proofs/README.md lists all"),
    ("bench", "SUBJECT", "minidst bench --help"), ("bench speed", "'speed'", "latency"),
    ("bench kernels --quick --threads 0", "threads 0", "from 1 to 1024"),
    ("bench kernels --quick --out missing", "'missing/minidst-bench-kernels.png'", "another folder"),
    ("bench kernels --quick --neurons 5", "--neurons", "minidst bench"),
    ("bench scale --steps 5", "--steps", "give that too"), ("bench scale --neurons 1", "--neurons 1", "from 2"),
    ("bench scale --neurons 9999999999", "--neurons 9999999999", "to 2147483647"),
    ("bench scale --neurons 10 --connections 4000", "--connections 4000", "to 3995"),
    ("bench scale --neurons 10 --steps 0", "--steps 0", "at least 1"),
    pytest.param("bench scale --neurons 40 --connections 3 --quick", "784-20-20-10", "density", marks=pytest.mark.slow),
    ("sweep", "which study?", "minidst sweep --list"), ("sweep gse-subse", "'gse-subse'", "did you mean gse-subset?"),
    ("sweep missing.toml", "'missing.toml'", "minidst sweep --list"),
    ("sweep folder", "'folder'", "minidst sweep --list"), ("sweep bytes.toml", "'bytes.toml'", "UTF-8"),
    ("sweep no.toml", "'no.toml' is no TOML", "name = value"),
    ("sweep --list gse-subset", "'gse-subset'", "leave out one"),
    (SWEEP + "--full", "'good.toml'", "[full] part"),
    (SWEEP + "--only density", "'density'", "data=digits"),
    (SWEEP + "--only method=set", "'method=set'", "rigl"),
    (SWEEP + "--workers 0", "workers 0", "at least 1"),
    (SWEEP + "--workers 0 --estimate", "workers 0", "at least 1"),
    (SWEEP + "--workers 2 --dask there:1", "--workers 2", "drop one"),
    (SWEEP + "--workers 1 --out missing/r.sqlite", "'missing/r.sqlite'", "another file"),
    (SWEEP + "--workers 1 --out a-file", "'a-file'", "another file"),  # which SQLite would have written over
    ("report", "FILE", "minidst report --help"),
    ("report missing.sqlite", "'missing.sqlite'", "`minidst sweep` makes such a file"),
    ("report folder", "'folder'", "`minidst sweep` makes such a file"), ("report a-file", "'a-file'", "another file"),
    ("report a-file --format pdf", "'pdf'", "svg"), ("report a-file --split much", "'much'", "minidst report --help"),
    # line breaks are printed as \n
    *((line, "minidst: ", "two") for line in [
        "train 'two\nlines'", "train --method 'two\nlines'", "train '--two\nlines'", "train csv --path 'two\nlines'",
        "train mnist --data-dir 'two\nlines'", "train --out 'two\nlines/run'", "train --history 'two\nlines/run.csv'",
        "compare --out 'two\nlines'",
    ]),
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_training(alone, tmp_path, monkeypatch):
    """Files that are not what the options take them for; training fails."""
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    for function in ("minidst.cli.train.epoch_bar", "minidst.experiments.compare.fit"):
        monkeypatch.setattr(function, lambda *_, **__: pytest.fail("it was trained"))


@pytest.fixture
def check(error_line):
    """Run a command that must end in one short line with all these words."""

    def run(argv, *words):
        assert len(error_line(*argv, words=words)) <= LONGEST + len("minidst: \n")

    return run


@pytest.mark.parametrize(("line", "value", "remedy"), LINES, ids=str)
def test_a_bad_line_is_refused_with_the_value_and_the_remedy(line, value, remedy, check):
    check(shlex.split(line), value, remedy)


def test_too_little_memory_is_told_in_one_line(check, monkeypatch):
    monkeypatch.setattr("minidst.cli.train.mlp", lambda *_, **__: np.empty((10**9, 10**9)))
    check(["train"], "not enough memory", "smaller sizes")


@pytest.mark.parametrize(("name", "content", "words"), [
    ("train_images", idx(np.zeros((20, 4, 4)))[:100], ["train-images", "100 bytes", "336"]),
    ("t10k_labels", b"", ["t10k-labels", "0 bytes"]), ("train_images", b"\x1f\x8b\x08" + bytes(30), ["train-images"]),
    ("train_labels", idx(np.zeros(60_000)), ["train-labels", "SHA-256"]),
    ("train_labels", idx(np.full(20, 77)), ["mnist", "77"]),
])  # fmt: skip
def test_a_damaged_data_file_is_named(name, content, words, check, tmp_path):
    small_mnist(tmp_path / "sets", **{name: content})
    check(["train", "mnist", "--data-dir", "sets"], *words)


@pytest.mark.parametrize(("last", "words"), [
    ("3,nan,1", ["line 3", "column 2", "nan"]), ("3,,1", ["line 3", "column 2"]), ("3,4", ["line 3", "2 columns"]),
])  # fmt: skip
def test_a_gap_in_a_csv_is_named_by_line_and_column(last, words, check, tmp_path):
    (tmp_path / "table.csv").write_text(f"a,b,label\n1,2,0\n{last}\n")
    check(["train", "csv", "--path", "table.csv"], "table.csv", *words)


@pytest.mark.parametrize(("y", "words"), [
    ([0, 1, 3, 1], ["label 3", "none 2"]), ([-1, 0, 1, 0], ["-1"]), ([0, 0, 0, 0], ["classes"]),
])  # fmt: skip
def test_labels_out_of_range_in_an_npz_are_named(y, words, check, tmp_path):
    x = np.zeros((4, 3), np.float32)
    np.savez(tmp_path / "set.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    check(["train", "npz", "--path", "set.npz"], *words)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("line", ["compare --out locked", "train --out locked/run.csv"])
def test_a_folder_without_write_permission_is_refused(line, check, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    check(line.split(), "Permission denied")
