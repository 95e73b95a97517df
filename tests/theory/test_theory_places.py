"""Each theorem stands in three places of one name, and proofs/README.md says of it what its record says."""

import ast
import re
from pathlib import Path

import pytest

from minidst import theory
from minidst.verify import THEOREMS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", THEOREMS)
def test_a_theorem_has_a_proof_a_closed_form_and_a_test(name):
    assert (ROOT / "proofs" / f"{name}.md").is_file()
    assert callable(getattr(theory, name))
    test = ast.parse((ROOT / "tests" / "theory" / f"test_theory_{name}.py").read_text("utf-8"))
    assert f"test_{name}" in {node.name for node in test.body if isinstance(node, ast.FunctionDef)}


def test_no_proof_closed_form_or_test_stands_alone():
    proofs = {path.stem for path in (ROOT / "proofs").glob("*.md")} - {"README", "errata"}
    forms = {path.stem for path in Path(theory.__file__).parent.glob("*.py")} - {"__init__", "arrays"}
    tests = {path.stem.removeprefix("test_theory_") for path in Path(__file__).parent.glob("test_*.py")}
    assert proofs == forms == tests - {"places", "refused"} == set(THEOREMS)


def row(number, theorem):
    proof = f"[`{theorem.name}`]({theorem.name}.md)"
    test = f"`test_theory_{theorem.name}.py`"
    cells = [str(number), proof, theorem.source, theorem.statement.replace("|", "\\|"), theorem.how, test, theorem.held]
    return "| " + " | ".join(cells) + " |"


def test_the_table_of_the_proofs_is_that_of_the_records():
    lines = (ROOT / "proofs" / "README.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert table == [row(number, theorem) for number, theorem in enumerate(THEOREMS.values(), 1)]


def test_closed_forms_import_numpy_and_nothing_else():
    for path in Path(theory.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            assert {name.split(".")[0] for name in names} <= {"numpy", "typing", "collections", "math"}, path.name


def test_every_test_that_the_errata_name_exists():
    named = re.findall(r"`(test_\w+)`", (ROOT / "proofs" / "errata.md").read_text("utf-8"))
    written = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_theory_*.py"))
    assert len(named) >= 12
    assert [name for name in named if f"def {name}(" not in written] == []
