"""The names that README, notebooks and outside checks rely on exist and have docstrings."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import minidst

ROOT = Path(__file__).parent.parent
NAMES = [
    "load", "mlp", "train", "fit", "METHODS", "method", "threads", "COO", "CSR", "Condensed", "Network", "Dataset",
    "History", "Config", "Step", "Method", "Run", "save", "load_run", "topology.allocate", "dst.Cosine",
    "dst.LinearDecay", "dst.Constant", "dst.update_topology", "dst.prune.magnitude", "dst.prune.per_sign",
    "dst.prune.mest", "dst.prune.sensitivity", "dst.prune.reciprocal_sensitivity", "dst.prune.snip", "nn.SGD",
    "nn.Adam", "nn.CrossEntropy", "nn.BinaryCrossEntropy", "nn.MeanSquaredError", "nn.SparseLinear", "nn.Linear",
]  # fmt: skip
OF_A_FORMAT = ("from_dense", "to_dense", "from_scipy", "to_scipy", "shape", "nnz", "density", "values", "T", "grad")
MODULES = [info.name for info in pkgutil.walk_packages(minidst.__path__, "minidst.")]
MODULES = [name for name in MODULES if not name.endswith("__main__")]


def found(path):
    thing = minidst
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("path", NAMES)
def test_the_name_exists_and_has_a_docstring(path):
    thing = found(path)
    assert path == "METHODS" or (thing.__doc__ and thing.__doc__.strip())


@pytest.mark.parametrize("format", ["COO", "CSR", "Condensed"])
@pytest.mark.parametrize("name", [*OF_A_FORMAT, "__matmul__"])
def test_every_format_has_the_same_names(format, name):
    assert hasattr(getattr(minidst, format).from_dense([[1.0, 0], [0, 2.0]]), name)


@pytest.mark.parametrize(("name", "parameters"), [
    *((name, ["net", "data", "method", "config"]) for name in ("train", "fit", "Run")),
    ("mlp", ["sizes", "density", "method", "allocation", "format", "seed"]), ("load", ["name"]), ("method", ["name"]),
    ("save", ["run", "path"]), ("load_run", ["path", "data"]), ("topology.allocate", ["shapes", "density", "kind"]),
])  # fmt: skip
def test_the_parameters_have_their_names_and_order(name, parameters):
    signature = list(inspect.signature(found(name)).parameters)
    assert [p for p in signature if p in parameters] == parameters


def test_the_defaults_of_mlp_and_the_fields_of_a_dataset():
    defaults = {name: p.default for name, p in inspect.signature(minidst.mlp).parameters.items()}
    assert defaults.items() >= {"method": "rigl", "allocation": "erk", "format": None, "seed": 0}.items()
    names = list(minidst.Dataset.__dataclass_fields__)
    assert names == ["x_train", "y_train", "x_test", "y_test", "classes", "name", "weights", "dtype"]


def test_everything_in_all_can_be_imported():
    for module in [minidst, *map(importlib.import_module, MODULES)]:
        missing = [name for name in getattr(module, "__all__", []) if not hasattr(module, name)]
        assert missing == [], module.__name__


@pytest.mark.parametrize(("module", "unwanted"), [
    ("minidst", "matplotlib matplotlib.pyplot minidst.plots minidst.cli minidst.experiments minidst.estimator"),
    ("minidst.cli", "matplotlib.pyplot"),
])  # fmt: skip
def test_an_import_loads_no_plotting_no_command_line_and_no_scikit_learn(module, unwanted):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "minidst.training.loop" in modules
    assert not modules & {*unwanted.split(), "sklearn", "pandas"}


def test_the_version_is_that_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert minidst.__version__ == project["version"]


def documented(thing, name):
    """Whether it has a docstring of its own; the one that @dataclass makes up is the signature."""
    doc = vars(thing).get("__doc__") if inspect.isclass(thing) else getattr(thing, "__doc__", None)
    return bool(doc and doc.strip() and not doc.startswith(f"{name}("))


def public(module):
    """(name, thing) of all public functions, classes and methods of classes that the module defines."""
    for name, thing in vars(module).items():
        written_here = getattr(thing, "__module__", None) == module.__name__
        if name.startswith("_") or not written_here:
            continue
        if inspect.isfunction(thing) or hasattr(thing, "py_func"):
            yield name, thing
        elif inspect.isclass(thing):
            yield name, thing
            for member, what in vars(thing).items():
                what = getattr(what, "__func__", what)
                if not member.startswith("_") and (inspect.isfunction(what) or isinstance(what, property)):
                    yield f"{name}.{member}", what


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_and_class_of_the_module_has_a_docstring(name):
    module = importlib.import_module(name)
    assert documented(module, name)
    missing = [found for found, thing in public(module) if not documented(thing, found)]
    assert missing == []


def test_the_search_for_docstrings_finds_functions_methods_and_kernels():
    def names(module):
        return {name for name, _ in public(importlib.import_module(module))}

    assert {"fit", "epoch_bar"} <= names("minidst.training.run")
    assert {"Network.predict", "Network.outputs"} <= names("minidst.nn.network")
    assert {"spmm", "spmv", "sddmm"} <= names("minidst.kernels.csr")
