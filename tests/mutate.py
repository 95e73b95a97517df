"""Change constants, operators and comparisons of the package, one at a time: some test must notice.

    python tests/mutate.py theory [--every N]              the closed forms, which must have no survivor
    python tests/mutate.py dst topology nn formats --every 40

prints what survives and the share that is killed, and exits with 1 if --strict is given and anything survives. Each
mutant is written into a copy of the package, one copy per worker, and the tests of its folder run against that copy
(for a theorem its own test file, that of the refusals, and `minidst verify`).
"""

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tqdm import tqdm

ROOT = Path(__file__).parents[1]
OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
         ast.Pow: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Lt: ast.LtE,
         ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
         ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed source), for each place that can be; messages and annotations are left alone."""
    tree = ast.parse(source)
    skipped = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Raise | ast.AnnAssign | ast.JoinedStr)
               for inner in ast.walk(node.annotation if isinstance(node, ast.AnnAssign) else node)}  # fmt: skip
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        changed = copy.deepcopy(tree)
        twin = list(ast.walk(changed))[place]
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            twin.value = node.value + 1
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OTHER:
            twin.op = OTHER[type(node.op)]()
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
            twin.ops[0] = OTHER[type(node.ops[0])]()
        else:
            continue
        yield f"line {node.lineno}: {ast.unparse(node)} → {ast.unparse(twin)}", ast.unparse(changed)


def commands(file: Path) -> list[list[str]]:
    """What has to fail once this file of the package is changed."""
    folder, tests = file.parts[0], ROOT / "tests"
    test = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    own = tests / "theory" / f"test_theory_{file.stem}.py"
    if folder != "theory" or not own.exists():
        return [[*test, str(tests / folder)]]
    refused = str(own.with_name("test_theory_refused.py"))
    return [[sys.executable, "-m", "minidst", "verify", file.stem], [*test, str(own), refused]]


def noticed(copy_of_package: Path, file: Path, source: str) -> bool:
    """Whether a command fails with this source in the place of the file."""
    target = copy_of_package / "minidst" / file
    before = target.read_bytes()
    target.write_text(source, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(copy_of_package), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for command in commands(file):
            done = subprocess.run(command, cwd=copy_of_package, env=environment, capture_output=True, timeout=900)
            if done.returncode:
                return True
        return False
    except subprocess.TimeoutExpired:  # it never ends: that is noticed too
        return True
    finally:
        target.write_bytes(before)


def main(argv: list[str]) -> int:
    """Run the mutants, on all cores."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a folder of minidst/, or a file in it")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th mutant (default: all)")
    parser.add_argument("--strict", action="store_true", help="fail if any survives")
    arguments = parser.parse_args(argv)
    jobs: list[tuple[Path, str, str]] = []
    for name in arguments.folders:
        place = ROOT / "minidst" / name
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if path.name != "__init__.py":
                file = path.relative_to(ROOT / "minidst")
                jobs += [(file, what, source) for what, source in mutants(path.read_text("utf-8"))]
    jobs = jobs[:: arguments.every]
    workers: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        for number in range(os.cpu_count() or 1):
            folder = Path(scratch) / str(number)
            shutil.copytree(ROOT / "minidst", folder / "minidst")
            workers.put(folder)

        def fate(job: tuple[Path, str, str]) -> bool:
            folder = workers.get()
            try:
                return noticed(folder, job[0], job[2])
            finally:
                workers.put(folder)

        for file in {str(commands(job[0])): job[0] for job in jobs}.values():
            if fate((file, "", (ROOT / "minidst" / file).read_text("utf-8"))):
                raise SystemExit(f"the tests of {file} fail as they are; mend that first")
        killed = list(tqdm(pool.map(fate, jobs), total=len(jobs), unit="mutant"))
    survivors = [f"{file}: {what}" for (file, what, _), dead in zip(jobs, killed, strict=True) if not dead]
    print(f"{len(jobs)} mutants, {len(survivors)} survive ({1 - len(survivors) / len(jobs):.1%} killed)", *survivors,
          sep="\n")  # fmt: skip
    return 1 if survivors and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
