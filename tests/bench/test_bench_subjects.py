"""`minidst bench`: every subject at tiny sizes runs and prints what it measured. No test asserts a time."""

import json
import platform
import sys

import numpy as np
import pytest
import scipy.stats  # noqa: F401 - imports torch if it is there, and must not find it hidden
from builders import refused

import minidst
from minidst.bench import one_run, peers, scale
from minidst.bench.peers import Machine, cpu_model, this_machine
from minidst.bench.race import QUICK, Times, check_agreement, race
from minidst.bench.result import Part, Result
from minidst.cli.bench import SUBJECTS
from minidst.cli.main import main
from minidst.cli.tables import bench_table

pytestmark = pytest.mark.slow

PEERS = ("torch", "sparseprop", "sparselab")
FIELDS = {
    "kernels": {"n", "density", "connections", "csr_ms", "csr_least_ms", "coo_ratio", "scipy_ratio", "sddmm_gflops"},
    "layer": {"n", "density", "ours_ms", "ours_least_ms", "numpy_ms", "numpy_ratio"},
    "step": {"network", "connections", "density", "ours_ms", "ours_least_ms"},
    "latency": {"shape", "sparsity", "condensed_us", "condensed_least_us", "csr_ratio", "numpy_ratio"},
    "update": {"method", "step_ms", "update_ms"},
    "scale": {"n", "density", "busy", "one_ms", "many_ms", "speedup"},
    "memory": {"method", "n", "resident_mb", "traced_mb", "training_mb", "reported_mb", "sparse_bound_mb",
               "dense_bound_mb", "over_sparse", "over_dense"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder, no library to compare with but those that minidst needs, one thread afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in PEERS:
        monkeypatch.setitem(sys.modules, name, None)  # importing it raises ImportError
    yield
    minidst.threads(1)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_prints_tables_and_leaves_a_picture_and_its_figures(subject, capsys, tmp_path):
    (tmp_path / "results").mkdir()
    assert main(["bench", subject, "--quick", "--out", "results"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(this_machine(1).cpu)
    assert f"minidst {minidst.__version__}" in out
    assert f"numpy {np.__version__}" in out.replace("\n", " ")
    figures, picture = sorted(tmp_path.rglob("*.*"))
    assert figures == tmp_path / "results" / f"minidst-bench-{subject}.json"
    assert picture == figures.with_suffix(".png")
    assert picture.read_bytes().endswith(b"IEND\xaeB`\x82")
    result = json.loads(figures.read_text())
    machine, first = result["machine"], result["parts"][0]
    assert set(result) == {"name", "machine", "settings", "parts"}
    assert result["name"] == subject
    assert set(machine) == {"cpu", "cores", "threads", "versions", "missing", "system", "load"}
    assert {"minidst", "python", "numpy", "numba"} <= set(machine["versions"])
    assert set(first) == {"title", "rows", "notes"}
    assert all(set(row) >= FIELDS[subject] for row in first["rows"])
    wanted = set(SUBJECTS[subject].peers) & set(PEERS)
    assert set(machine["missing"]) == wanted
    assert all(name in out for name in wanted)


def test_json_is_what_the_file_says(capsys, tmp_path):
    assert main(["bench", "latency", "--quick", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("picture") == "minidst-bench-latency.png"
    assert printed == json.loads((tmp_path / "minidst-bench-latency.json").read_text())


def test_many_neurons_run_in_a_process_of_their_own(capsys):
    assert main(["bench", "scale", "--neurons", "60", "--connections", "500", "--steps", "3", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["parts"][0]["rows"]
    assert row["sizes"] == "784-30-30-10"
    assert row["seconds_per_step"] > 0
    assert row["process_gb"] is None or 0.02 < row["process_gb"] < 2


def test_the_peak_of_a_run_holds_its_largest_array():
    run = one_run.Workload((64, 1500, 1500, 10), 30_000, "rigl", steps=4, every=2, textbook=True)
    measured = one_run.in_a_fresh_process(run)
    dense = 4 * 1500 * 1500
    assert dense < measured["training_bytes"] <= measured["traced_bytes"]
    assert measured["resident_bytes"] is None or dense < measured["resident_bytes"] < 2 * measured["traced_bytes"]
    assert run.dense_bytes == 4 * (64 * 1500 + 1500 * 1500 + 1500 * 10)


# The machine


@pytest.mark.parametrize("unknown", [{"cpu": ""}, {"cores": 0}, {"threads": 0}, {"versions": {}}])
def test_a_machine_that_is_not_described_is_refused(unknown):
    known = {"cpu": "a cpu", "cores": 2, "threads": 1, "versions": {"minidst": "1"}}
    Machine(**known)
    with refused(next(iter(unknown)), "compared"):
        Machine(**known | unknown)


def test_a_table_opens_with_the_machine_and_has_a_dash_where_a_row_has_no_number():
    machine = Machine("Z80", 1, 1, {"minidst": "9"}, missing=("torch",), load=0.5)
    columns = {"a": ("A", "d"), "b": ("B", ".1f"), "c": ("C", "s")}
    part = Part("a title", columns, [{"a": 1, "b": 2}, {"a": 3}], ("why",))
    assert bench_table(Result("any", machine, [part])).splitlines() == [
        "Z80, 1 cores, 1 thread, load 0.5 before",
        "minidst 9",
        "left out because they cannot be imported: torch",
        "",
        "a title",
        "",
        "A  B",
        "─  ───",
        "1  2.0",
        "3  —",
        "  why",
    ]


def test_a_processor_without_a_name_is_called_by_its_architecture(monkeypatch):
    monkeypatch.setattr("minidst.bench.peers.Path.read_text", lambda self: "no model here")
    assert cpu_model() in (platform.processor(), platform.machine())


# The race


def test_a_race_runs_all_in_turn_and_its_ratio_is_the_median_of_each_rounds(monkeypatch):
    order = []
    times = race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, QUICK)
    assert times["a"].rounds.size == times["b"].rounds.size >= QUICK.rounds
    assert order[-1] == "b"
    assert {"a", "b"} == set(order)
    slow, fast = Times(np.array([2.0, 20, 3])), Times(np.array([1.0, 10, 1]))
    assert (slow.over(fast), slow.median, slow.least) == (2, 3, 2)


def test_times_of_two_races_or_of_other_numbers_are_refused():
    with refused("2 and 3", "one race"):
        Times(np.ones(2)).over(Times(np.ones(3)))
    check_agreement({"same": lambda: [1.0, 2.0]}, np.array([1.0, 2.0]))
    with refused("wrong", "other numbers"):
        check_agreement({"same": lambda: [1.0, 2.0], "wrong": lambda: [1.0, 2.1]}, np.array([1.0, 2.0]))


def test_a_peer_that_is_installed_but_broken_is_left_out(monkeypatch):
    def broken(name):
        raise OSError("a library is missing")

    monkeypatch.setattr(peers.importlib, "import_module", broken)
    with peers.peers(("scipy",)) as found:
        assert "scipy" not in found
        assert found.machine.missing == ("scipy",)


def test_a_study_without_its_data_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIDST_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = []
    assert scale.width_study(scale.WidthStudy("fashion-mnist", 4), said.append) is None
    assert "fashion-mnist left out" in said[0]


def test_processes_that_keep_the_machine_busy_end_with_the_block():
    with scale.spinning(1) as nothing:
        assert nothing is None
