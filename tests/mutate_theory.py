"""Change every constant, operator and comparison of the closed forms, one at a time: some check or test must notice.

`python tests/mutate_theory.py [--every N] [NAME ...]` prints what survives and exits with 1 if anything does. Each
mutant lives in a forked process, where the code of its module is replaced, then `minidst verify`'s check and the
theorem's own test file are run, with that of what closed forms refuse.
"""

import ast
import copy
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FunctionType

import pytest
from tqdm import tqdm

from minidst import theory
from minidst.verify import THEOREMS

TESTS = Path(__file__).parent
OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
         ast.Pow: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Lt: ast.LtE,
         ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}  # fmt: skip


def mutants(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """(what was changed, the changed module), for each place that can be."""
    for place, node in enumerate(ast.walk(tree)):
        changed = copy.deepcopy(tree)
        twin = list(ast.walk(changed))[place]
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            twin.value = node.value + 1
            yield f"line {node.lineno}: {node.value} → {twin.value}", changed
        elif isinstance(node, ast.BinOp) and type(node.op) in OTHER:
            twin.op = OTHER[type(node.op)]()
            yield f"line {node.lineno}: {ast.unparse(node)} → {ast.unparse(twin)}", changed
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
            twin.ops[0] = OTHER[type(node.ops[0])]()
            yield f"line {node.lineno}: {ast.unparse(node)} → {ast.unparse(twin)}", changed


def replace_code(module: dict[str, object], changed: ast.Module) -> None:
    """Give every function of a module its changed code, under the same object, which others have imported."""
    before = {name: value for name, value in module.items() if isinstance(value, FunctionType)}
    exec(compile(changed, str(module["__file__"]), "exec"), module)
    for name, function in before.items():
        if function.__module__ == module["__name__"]:
            new = module[name]
            assert isinstance(new, FunctionType)
            function.__code__, function.__defaults__ = new.__code__, new.__defaults__
            module[name] = function


def noticed(name: str, changed: ast.Module) -> bool:
    """Whether a theorem's check or its test file fails, in a process of its own, once the module is changed."""
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            replace_code(sys.modules[f"minidst.theory.{name}"].__dict__, changed)
            if THEOREMS[name].check().deviation > THEOREMS[name].tolerance:
                os._exit(1)  # most are noticed here, which spares running the tests
            tests = [str(TESTS / "theory" / f"test_theory_{each}.py") for each in (name, "refused")]
            os._exit(pytest.main(["-x", "-n0", "-p", "no:cacheprovider", "--rootdir", str(TESTS.parent), *tests]))
        except BaseException:
            os._exit(1)  # a constant that the module cannot even be loaded with
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def main(argv: list[str]) -> int:
    """Run them all, or only each N-th, two or more side by side."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a theorem (default: all)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th mutant (default: all)")
    arguments = parser.parse_args(argv)
    jobs = []
    for name in arguments.names or THEOREMS:
        tree = ast.parse((Path(theory.__file__).parent / f"{name}.py").read_text("utf-8"))
        if noticed(name, tree):
            raise SystemExit(f"the tests of {name} fail as it is; mend that first")
        jobs += [(name, what, changed) for what, changed in mutants(tree)]
    jobs = jobs[:: arguments.every]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda job: noticed(job[0], job[2]), jobs)
        fates = list(zip(jobs, tqdm(results, total=len(jobs), unit="mutant"), strict=True))
    survivors = [f"{name}: {what}" for (name, what, _), killed in fates if not killed]
    print(f"{len(jobs)} mutants, {len(survivors)} survive", *survivors, sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
