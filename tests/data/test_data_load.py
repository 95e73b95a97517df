"""`load` by name and keywords, and where the files of a set are looked for."""

import os
import re
from pathlib import Path

import pytest
from builders import refused
from data_files import write_cifar, write_mnist

import minidst.data
from minidst.data import LOADERS, Source, load, sources
from minidst.data.image_files import LAYOUTS, find, looked_in

FLOWERS = {"path": "flowers.csv"}


@pytest.mark.parametrize(("name", "where", "words"), [
    *((name, {}, [f"mean {nearest}", *LOADERS]) for name, nearest in [("digit", "digits"), ("MNIST", "mnist")]),
    ("cifar", {}, ["mean cifar10", *LOADERS]), ("?", {}, ["'?'", *LOADERS]), (3, {}, ["3", *LOADERS]),
    ("digits", {"data_dir": "."}, ["digits", "data_dir=", "no keywords"]),
    ("mnist", {"path": "."}, ["path=", "data_dir=", "check="]),
    ("csv", {"path": ".", "colour": 1}, ["colour=", "path=", "target=", "test=", "seed="]),
    ("csv", {}, ["needs path="]), ("npz", {"seed": 1}, ["needs path="]), ("cifar10", {"data_dir": 5}, ["data_dir=5"]),
    ("csv", {"path": 7}, ["path=7"]), ("csv", {"path": "none.csv"}, ["none.csv", "No such file"]),
    ("npz", {"path": "none.npz"}, ["none.npz", "No such file"]), ("npz", {"path": "."}, ["npz file"]),
    ("csv", FLOWERS | {"target": 4}, ["flowers", "4 columns", "target=4"]),
    ("csv", FLOWERS | {"target": -5}, ["flowers", "-4..3"]),
    ("csv", FLOWERS | {"target": "colour"}, ["flowers", "'colour'"]),
    ("csv", FLOWERS | {"target": 1.0}, ["flowers", "target=1.0"]),
    *(("csv", FLOWERS | {"test": test}, ["flowers", f"test={test}"]) for test in (0, 1.5)),
    ("csv", FLOWERS | {"test": 0.01}, ["flowers", "10 samples", "0 to test"]),
    ("csv", FLOWERS | {"test": "half"}, ["flowers", "'half'"]),
    *(("csv", FLOWERS | {"seed": seed}, ["flowers", f"seed={seed}"]) for seed in (-1, None)),
])  # fmt: skip
def test_a_bad_name_or_keyword_is_refused(name, where, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("flowers.csv").write_text("".join(f"{i},{i * i},7,{i % 2}\n" for i in range(10)))
    with refused(*words):
        load(name, **where)


def test_what_is_missing_is_named_with_the_places_and_the_remedy(tmp_path):
    with refused(tmp_path / "mnist", "empty-cache", "--data-dir"):
        load("mnist", data_dir=tmp_path)
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with refused("3 of the 4", "missing t10k-labels-idx1-ubyte"):
        load("mnist", data_dir=tmp_path)


def fill(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_the_argument_comes_before_the_environment_and_the_cache(tmp_path, monkeypatch):
    layout = LAYOUTS["mnist"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MINIDST_DATA", str(tmp_path / "env"))
    for place, argument in [("cache/minidst/mnist", None), ("env/mnist", None), ("arg/mnist", tmp_path / "arg")]:
        folder = fill(tmp_path / place, [f"{array}.gz" for array in layout.arrays])
        assert {path.parent for path in find(layout, argument).values()} == {folder}


def test_a_folder_with_some_of_the_files_does_not_hide_one_with_all(tmp_path, monkeypatch):
    layout = LAYOUTS["cifar10"]
    fill(tmp_path / "part/cifar-10-batches-bin", ["test_batch.bin"])
    whole = fill(tmp_path / "whole/cifar-10-batches-py", layout.arrays)
    monkeypatch.setenv("MINIDST_DATA", str(tmp_path / "whole"))
    assert find(layout, tmp_path / "part")["test_batch"] == whole / "test_batch"


def test_the_package_of_debian_is_looked_for_last():
    assert str(looked_in(LAYOUTS["fashion-mnist"])[-1]) == "/usr/share/datasets/fashion-mnist"


def test_sources_name_a_place_or_the_way_to_get_one(tmp_path):
    write_cifar(tmp_path, "bin")
    found = {source.name: source for source in sources(tmp_path)}
    assert list(found) == ["digits", "fashion-mnist", "mnist", "cifar10"]
    assert all(isinstance(source, Source) for source in found.values())
    assert found["digits"].found.is_file()
    assert found["cifar10"].found == tmp_path / "cifar-10-batches-bin"
    assert found["mnist"].found is None
    assert tmp_path in found["mnist"].looked_in
    assert all(source.how and "\n" not in source.how for source in found.values())
    assert "apt-get install dataset-fashion-mnist" in found["fashion-mnist"].how


@pytest.mark.parametrize("folder", ["no such folder", "nul\0byte", "a-file", "loop", "x" * 5000, "denied"])
def test_sources_pass_over_folders_that_cannot_be_read(folder, tmp_path, monkeypatch):
    def denied(path, *rest, **options):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a-file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    if folder == "denied":
        monkeypatch.setattr(os, "stat", denied)
    assert sources(tmp_path / folder)[-1].found is None


def test_no_module_of_data_imports_what_reaches_the_network():
    for file in Path(minidst.data.__file__).parent.glob("*.py"):
        assert not re.search(r"import (socket|urllib|http|ssl|subprocess)|from (urllib|http)", file.read_text("utf-8"))
