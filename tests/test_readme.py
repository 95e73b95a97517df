"""The README says what is so."""

import re
from pathlib import Path

import pytest

import minidst
from minidst.compare import METHODS_COMPARED
from minidst.tables import method_table

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_library_example_runs_and_learns_as_it_stands(capsys):
    (example,) = blocks("python")
    assert len(example.strip().splitlines()) <= 15
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "845 connections" in printed
    assert "connections replaced" in printed
    accuracy = float(re.search(r"([\d.]+)% with", printed)[1])
    assert accuracy > 90


@pytest.mark.small
def test_the_method_table_is_the_one_the_records_generate():
    assert method_table(minidst.METHODS.values(), markdown=True) in README


@pytest.mark.small
def test_the_printed_comparison_lists_the_default_methods_in_80_columns():
    (printed,) = blocks("text")[:1]
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines[4:] if "±" in line] == list(METHODS_COMPARED)
    assert max(map(len, lines)) <= 80


@pytest.mark.small
def test_there_are_exactly_two_setup_commands_each_one_line():
    commands = blocks("sh")
    assert [command.count("\n") for command in commands] == [1, 1]
    assert "minidst compare digits" in commands[0]
    assert "pytest" in commands[1]


@pytest.mark.small
def test_every_file_on_the_map_exists():
    (house,) = [block for block in blocks("text") if block.startswith("minidst/")]
    folder = Path(minidst.__file__).parent
    for name in re.findall(r"\b(\w+\.py)\b", house.split("tests/")[0]):
        assert (folder / name).exists(), name
    for name in re.findall(r"^ +(\w+)/", house, flags=re.MULTILINE):
        assert (folder / name).is_dir() or (folder / "dst" / name).is_dir(), name
