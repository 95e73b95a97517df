"""Compiling: what is reported, and what happens where nothing can be cached."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from strategies import WITHOUT_JIT

from minidst._support.progress_bar import compiling
from minidst.kernels.jit import _fingerprint, jit

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WITHOUT_JIT, reason="nothing is compiled")]

MULTIPLY = "import minidst; print(minidst.CSR.from_dense([[1.0, 2]]) @ [[3.0], [4.0]])"


def test_compiling_is_reported_once_per_kernel_and_a_second_call_compiles_nothing():
    @jit
    def helper(x):
        return x + 1

    @jit
    def kernel(x):
        return helper(x) * 2

    reported = []
    with compiling(reported.append):
        assert kernel(np.float32(2)) == 6
        kernel(np.float32(3))
    assert reported == ["kernel", ""]
    kernel(np.float64(2))
    assert reported == ["kernel", ""]  # outside the block


TREE = Path(__file__).parents[2]


def start(folder, code=MULTIPLY, tree=TREE):
    """A process that keeps its kernels in `folder`."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(tree)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=tree, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def test_two_processes_at_once_may_fill_one_cache_and_a_third_finds_it(tmp_path):
    for process in [start(tmp_path), start(tmp_path)]:
        out, err = process.communicate(timeout=120)
        assert (out, err, process.returncode) == ("[[11.]]\n", "", 0)
    code = """
import minidst
from minidst._support.progress_bar import compiling
reported = []
with compiling(reported.append):
    minidst.CSR.from_dense([[1.0, 2]]) @ [[3.0], [4.0]]
print(reported)
"""
    assert start(tmp_path, code).communicate(timeout=120) == ("[]\n", "")


def test_after_an_edit_of_a_file_that_kernels_share_new_code_is_compiled_and_undoing_it_finds_the_earlier(tmp_path):
    shutil.copytree(TREE / "minidst", tmp_path / "tree" / "minidst", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "tree" / "minidst" / "kernels" / "simd" / "intrinsics.py"
    as_it_is, old, new = file.read_text(encoding="utf-8"), "builder.fadd(a, product", "builder.fsub(a, product"
    assert old in as_it_is
    code = "import minidst; print(minidst.CSR.from_dense([[1.0, 2]]) @ [[3.0, 3], [4, 4]])"

    def prints():
        out, err = start(tmp_path / "cache", code, tmp_path / "tree").communicate(timeout=120)
        assert err == ""
        return out

    assert prints() == "[[11. 11.]]\n"
    file.write_text(as_it_is.replace(old, new), encoding="utf-8")
    assert prints() == "[[-11. -11.]]\n"
    file.write_text(as_it_is, encoding="utf-8")
    assert prints() == "[[11. 11.]]\n"


def test_the_cache_folder_is_named_after_the_source_and_numbas_version(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("1")
    name = _fingerprint(tmp_path)
    assert _fingerprint(tmp_path) == name
    monkeypatch.setattr("numba.__version__", "0.0.1")
    assert _fingerprint(tmp_path) != name
    monkeypatch.undo()
    (tmp_path / "b.py").write_text("")
    assert _fingerprint(tmp_path) != name


def test_where_no_folder_can_be_written_one_line_is_printed_and_all_works(tmp_path):
    # numba asks three locators for a folder; a read-only installation in a read-only home leaves it none
    code = f"from numba.core import caching; caching.CacheImpl._locator_classes = []; {MULTIPLY}"
    out, err = start(tmp_path, code).communicate(timeout=120)
    assert out == "[[11.]]\n"
    assert err.splitlines() == [
        "minidst: kernels cannot be kept on disk and are compiled anew each time; "
        "set NUMBA_CACHE_DIR to a folder that can be written"
    ]
    assert not any(tmp_path.iterdir())
