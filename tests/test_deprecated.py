"""Names of minidst 0.1.0 still work and warn with the new ones."""

import importlib
import subprocess
import sys

import pytest

import minidst
from minidst import dst, formats, topology
from minidst._support.deprecated import MODULES, MOVED
from minidst.dst.papers.gse import micro_batches


def old_module(name):
    sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning, match=f"{name} is now {MODULES.get(name, '')}"):
        module = importlib.import_module(name)
    package, _, leaf = name.rpartition(".")
    delattr(importlib.import_module(package), leaf)  # importing has bound it there, past the package's __getattr__
    return module


@pytest.mark.parametrize(("old", "new"), MODULES.items())
def test_an_old_module_has_the_attributes_of_the_new_one(old, new):
    module, today = old_module(old), importlib.import_module(new)
    names = [name for name in vars(today) if not name.startswith("_")]
    assert all(getattr(module, name) is getattr(today, name) for name in names)
    with pytest.raises(AttributeError):
        _ = module.no_such_name


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_a_name_that_did_not_move_with_its_module_is_found(old, new):
    module, _, name = old.rpartition(".")
    place, _, leaf = new.rpartition(".")
    assert getattr(old_module(module), name) is getattr(importlib.import_module(place), leaf)


@pytest.mark.parametrize(("package", "old", "new"), [
    (dst, "Linear", dst.LinearDecay), (dst, "Site", dst.GrowthContext),
    (dst, "exchange_globally", dst.update.exchange_globally), (dst, "score", dst.grow),
    (dst, "update_in_parts", micro_batches.update_in_parts), (topology, "deal", topology.apportion),
    (formats, "Columns", formats.CSCView),
])  # fmt: skip
def test_an_old_name_is_the_new_one(package, old, new):
    with pytest.warns(DeprecationWarning, match=rf"{package.__name__}\.{old} is now"):
        assert getattr(package, old) is new
    with pytest.raises(AttributeError, match="no attribute 'never'"):
        _ = package.never


def test_update_may_still_be_called_and_methods_given_their_old_fields():
    net = minidst.mlp((4, 3, 2), density=0.5, method="static")
    with pytest.warns(DeprecationWarning, match="update_topology"):
        assert dst.update(net, minidst.METHODS["static"], 0.3, net.rng) == dst.Exchange()
    with pytest.warns(DeprecationWarning, match="initial_weight"):
        assert minidst.method("set", newborn=dst.from_init).initial_weight is dst.from_init
    with pytest.warns(DeprecationWarning, match="micro_batched"):
        assert minidst.method("gse-grabo", micro_batches=3) == dst.micro_batched(minidst.method("gse-grabo"), 3)


@pytest.mark.slow
def test_nothing_in_the_package_uses_an_old_name():
    code = "import minidst, minidst.cli, minidst.estimator, minidst.verify"
    subprocess.run([sys.executable, "-W", "error::DeprecationWarning:minidst", "-c", code], check=True)
