"""One seed, one result: bit for bit, whatever the number of threads and in whatever process."""

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import clusters, rewiring, rng

import minidst
from minidst import METHODS, Config, fit
from minidst.dst import Cosine
from minidst.kernels import threads as parallel
from minidst.nn import SGD, Adam
from minidst.nn.linear import SparseLinear

ROOT = Path(minidst.__file__).parent.parent
CASES = [(name, record.format) for name, record in METHODS.items()]
CASES += [("rigl", "coo"), ("gse-graest", "coo"), ("static", "condensed")]


@pytest.fixture(autouse=True)
def one_thread():
    """Leave the number of threads as it was found."""
    yield
    minidst.threads(1)


DATA = clusters(45, 5, 20, noise=1, test=10)


def digest(name, format=None, seed=0, optimizer=None, width=24):
    """SHA-256 of the weights, connections, optimizer state, outputs and history of a run, without its times."""
    method = rewiring(name, every=2, until=1.0, decay=Cosine)
    net = minidst.mlp((20, width, width, 5), density=0.3, method=method, format=format, seed=seed)
    connections = net.connections
    config = Config(epochs=3, batch=16, validation=0.2, optimizer=optimizer or SGD())
    history = fit(net, DATA, method, config)
    bits = hashlib.sha256()
    for layer in net.weighted:
        if isinstance(layer, SparseLinear):
            bits.update(layer.W.keys().tobytes())
    for parameter in net.parameters():
        for array in (parameter.values, parameter.grad, *parameter.state.values()):
            bits.update(array.tobytes())
    bits.update(net.outputs(DATA.x_test).tobytes())
    columns = history.to_dict()
    for trained in (columns, *columns.get("earlier", ())):
        del trained["seconds"]
    bits.update(repr(columns).encode())
    bits.update(repr(net.rng.bit_generator.state).encode())
    if method.dynamic:
        assert sum(columns["exchanged"]) > 0 or net.connections == net.budget < connections  # gradual only prunes
    return bits.hexdigest()


def all_digests():
    return {f"{name} {format}": digest(name, format) for name, format in CASES}


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize(("name", "format"), CASES)
def test_every_thread_count_gives_the_same_bits(name, format, threads, monkeypatch):
    alone = digest(name, format, width=64)
    monkeypatch.setattr(parallel, "WORTH_CUTTING", 1)
    monkeypatch.setattr(parallel, "WORTH_A_SLICE", 1e-9)
    assert digest(name, format, width=64) == alone
    minidst.threads(threads)
    assert parallel.slices(1) > threads  # every product is cut
    for _ in range(2):
        assert digest(name, format, width=64) == alone


@pytest.mark.parametrize(("name", "format", "optimizer"), [*((*case, None) for case in CASES), ("rigl", None, Adam())])
def test_the_same_seed_gives_the_same_bits(name, format, optimizer):
    assert digest(name, format, optimizer=optimizer) == digest(name, format, optimizer=optimizer)


@pytest.mark.parametrize("name", METHODS)
def test_another_seed_or_optimizer_gives_another_result(name):
    assert len({*(digest(name, seed=seed) for seed in range(3)), digest(name, optimizer=Adam())}) == 4


@pytest.mark.slow
def test_a_fresh_process_gives_the_same_bits():
    code = "import json, test_determinism; print(json.dumps(test_determinism.all_digests()))"
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "123", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == all_digests()


def test_methods_with_the_same_seed_start_from_the_same_graph():
    names = ("static", "set", "rigl", "gse-grabo")
    nets = [minidst.mlp((20, 24, 5), density=0.3, method=name, seed=4) for name in names]
    for net in nets[1:]:
        for one, other in zip(nets[0].weighted, net.weighted, strict=True):
            assert np.array_equal(one.W.keys(), other.W.keys())
            assert np.array_equal(one.weight.values, other.weight.values)


def test_a_generator_may_be_the_seed_and_its_state_advances():
    def weights(seed):
        return minidst.mlp((20, 24, 5), density=0.3, seed=seed).weighted[0].weight.values

    generator = rng(3)
    first, second = weights(generator), weights(generator)
    assert np.array_equal(first, weights(3))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", METHODS)
def test_no_global_random_state_is_read_or_touched(name):
    def states():
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - it is the one that must not move
        return kind, keys.tolist(), rest, random.getstate()

    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    before, first = states(), digest(name)
    assert states() == before
    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    assert digest(name) == first


def test_the_source_never_names_the_global_generator():
    files = list(Path(minidst.__file__).parent.rglob("*.py"))
    assert len(files) > 40
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"np\.random\.(?!Generator|default_rng)", text), file
        assert not re.search(r"^\s*(import random\b|from random\b)", text, flags=re.MULTILINE), file
