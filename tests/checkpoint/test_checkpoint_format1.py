"""A file that minidst 0.1.0 wrote, before names and modules changed, still loads and trains on."""

from pathlib import Path

import numpy as np

import minidst
from minidst import dst, nn
from minidst.training.history import Epoch

FILE = Path(__file__).parent / "format1.run"
"""GSE on digits in micro-batches, with a schedule, optimizer and rate of its own, saved after step 66."""


def test_a_file_of_format_1_is_the_run_that_was_saved_and_goes_on():
    run = minidst.load_run(FILE)
    expected = dst.micro_batched(minidst.method("gse-graest", schedule=dst.LinearDecay(0.2, 7)), 3)
    assert run.method == expected
    rate = nn.Warmup(10)
    assert run.config == minidst.Config(4, lr=1e-3, optimizer=nn.Adam(), rate=rate, validation=0.1, patience=3)
    assert (run.progress.t, len(run.history.epochs), run.net.connections) == (67, 1, run.net.budget)
    assert isinstance(run.history.epochs[0], Epoch)
    before = [layer.W.keys() for layer in run.net.sparse]
    history = finished(run)
    assert len(history.epochs) == 4
    assert history.epochs[-1].loss < history.epochs[0].loss
    assert any(not np.array_equal(keys, layer.W.keys()) for keys, layer in zip(before, run.net.sparse, strict=True))


def finished(run):
    for _ in run:
        pass
    return run.history


def test_it_is_saved_again_in_the_format_of_today(tmp_path):
    run = minidst.load_run(FILE)
    minidst.save(run, tmp_path / "run")
    assert minidst.load_run(tmp_path / "run").method == run.method
