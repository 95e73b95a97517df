"""What the README shows is what the package does."""

import re
import tomllib
from pathlib import Path

import pytest

import minidst
from minidst.cli.tables import method_table
from minidst.experiments.compare import METHODS_COMPARED

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_library_example_runs_and_learns_as_it_stands(capsys):
    (example,) = blocks("python")
    assert len(example.strip().splitlines()) <= 15
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "845 connections" in printed
    assert "connections replaced" in printed
    accuracy = float(re.search(r"([\d.]+)% with", printed)[1])
    assert accuracy > 90


def test_the_method_table_is_the_one_the_records_generate():
    assert method_table(minidst.METHODS.values(), markdown=True) in README


def test_the_printed_comparison_lists_the_default_methods_in_80_columns():
    (printed,) = blocks("text")[:1]
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines[4:] if "±" in line] == list(METHODS_COMPARED)
    assert max(map(len, lines)) <= 80


def test_there_are_exactly_two_setup_commands_each_one_line():
    commands = blocks("sh")
    assert [command.count("\n") for command in commands] == [1, 1]
    assert "minidst compare digits" in commands[0]
    assert "pytest" in commands[1]


def test_the_picture_of_the_layout_is_the_linters_contract_in_the_same_order():
    (picture,) = [block for block in blocks("text") if block.startswith("minidst/")]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    drawn = re.findall(r"^  (\w+)/", picture, flags=re.MULTILINE)
    assert drawn == [name.strip() for layer in layers for name in layer.split("|")]
    assert sorted(drawn) == sorted(path.parent.name for path in (ROOT / "minidst").glob("*/__init__.py"))


def test_the_reading_path_is_short():
    files = re.findall(r"^\| \d+ \| \[`([\w/]+\.py)`\]\(minidst/\1\) \|", README, flags=re.MULTILINE)
    assert len(files) == 18
    assert sum(len((ROOT / "minidst" / name).read_text("utf-8").splitlines()) for name in files) <= 2200
