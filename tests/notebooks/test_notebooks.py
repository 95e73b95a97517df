"""The committed notebooks: executed, clean, light, linked, and every exercise solvable as its solution says."""

import os
import re
import subprocess
import sys

import pytest
from book import BOOKS, FOLDER, cells, code, prose, solution, source, tags

each = pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)


@each
def test_it_was_executed_from_top_to_bottom(path):
    assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))


@each
def test_no_cell_is_longer_than_15_lines_or_wider_than_a_page(path):
    for cell in code(path):
        assert source(cell).count("\n") < 15, source(cell)
        assert max(map(len, source(cell).splitlines())) <= 100, source(cell)


@each
def test_there_is_no_error_no_warning_and_no_picture_of_more_than_150_kb_in_it(path):
    for cell in code(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", source(cell)
            for kind, data in output.get("data", {}).items():
                if kind.startswith("image/"):
                    size = len("".join(data)) * (3 / 4 if kind == "image/png" else 1)
                    assert size <= 150_000, source(cell)


@each
def test_a_slider_has_its_picture_under_it_for_those_who_read(path):
    all_cells = code(path)
    for cell, after in zip(all_cells, [*all_cells[1:], None], strict=True):
        if "interact(" in source(cell):
            assert "slider" in tags(cell)
            assert any("image/png" in output.get("data", {}) for output in after["outputs"]), source(cell)


@each
def test_every_link_leads_somewhere(path):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(path))
    assert links
    for link in links:
        if not link.startswith(("http", "#", "attachment:")):
            assert (FOLDER / link.split("#")[0]).exists(), link


@each
def test_it_has_three_to_five_exercises_each_not_answered_then_checked_then_solved(path):
    exercises = [cell for cell in code(path) if "exercise" in tags(cell)]
    checks = [cell for cell in code(path) if "check" in tags(cell)]
    solutions = [cell for cell in cells(path) if cell["cell_type"] == "markdown" and solution(cell)]
    assert 3 <= len(exercises) <= 5
    assert len(exercises) == len(checks) == len(solutions)
    for cell in exercises:
        assert "..." in source(cell)
    for cell in checks:
        assert "check(" in source(cell)
        assert [text[:1] for output in cell["outputs"] for text in output["text"]] == ["·"], source(cell)


@pytest.mark.slow
@each
def test_each_solution_passes_its_check(path, tmp_path):
    """As a script: every cell but the slow ones and the sliders, with the solution in place of each exercise."""
    pytest.importorskip("IPython", reason="the extra `notebooks` is not installed")
    script, place, wanted = [], None, 0
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            if solution(cell):
                script[place] = solution(cell)
        elif not tags(cell) & {"slow", "slider"}:
            if "exercise" in tags(cell):
                place = len(script)
            wanted += "check" in tags(cell)
            script.append(("print('CHECK', end=' ')\n" if "check" in tags(cell) else "") + source(cell))
    written = tmp_path / "solved.py"
    written.write_text("\n\n".join(script), encoding="utf-8")
    quiet = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, written], cwd=FOLDER, env=quiet, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"CHECK (.*)", done.stdout) == ["✓ right"] * wanted


def test_the_reading_path_names_every_notebook_and_shows_a_picture_of_it():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in BOOKS:
        assert path.name in text
        assert f"thumbnails/{path.stem}.png" in text
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        assert link.startswith("http") or (FOLDER / link).exists(), link
    named = re.findall(r"\*\*\[(\d\d) .*?\]\((\w+)\.ipynb\)\*\*", text)
    assert named == [(path.stem[:2], path.stem) for path in BOOKS]
