"""Compiling: what is reported, and what happens where nothing can be cached."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from strategies import WITHOUT_JIT

from minidst._support.progress_bar import compiling
from minidst.kernels.jit import jit

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


def start(folder, code=MULTIPLY):
    """A process that keeps its kernels in `folder`."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, text=True,
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
