"""Train in this checkout and in another one, and compare everything that comes out bit for bit.

`python tests/same_bits.py OTHER_PYTHON` runs every method, format, optimizer and estimator briefly under the Python
that runs this and under another one, such as that of a clone of an earlier commit (`git worktree add`, then a .venv in
it), and prints what differs. Only public names are used, so that it works across renamings inside of the package.
"""

import hashlib
import json
import subprocess
import sys
import warnings

import numpy as np


def digest(net, history):
    """Of weights, topology, generator, and of a history without its times."""
    found = hashlib.sha256()
    for layer in net.weighted:
        for name in ("rows", "cols", "indptr", "indices", "values"):
            found.update(np.asarray(getattr(getattr(layer, "W", None), name, 0)).tobytes())
        found.update(layer.weight.values.tobytes() + layer.bias.values.tobytes())
    found.update(repr(net.rng.bit_generator.state).encode())
    found.update(repr({k: v for k, v in history.to_dict().items() if k not in ("seconds", "earlier")}).encode())
    return found.hexdigest()[:16]


def trainings():
    """Name → digest."""
    import minidst
    from minidst import dst, nn

    digits, config = minidst.load("digits"), minidst.Config(epochs=3)
    pruning = [f"{p}-{g}" for p in ("snip", "per_sign", "reciprocal_sensitivity") for g in ("random", "gradient")]
    records = {name: minidst.method(name) for name in [*minidst.METHODS, *pruning]}
    quick = {n: r if r.start == "dense" or not r.dynamic else minidst.method(n, schedule=dst.Cosine(0.3, every=9))
             for n, r in records.items()}  # fmt: skip
    grabo, rigl = quick["gse-grabo"], quick["rigl"]
    cases = {name: (record, {}, config) for name, record in quick.items()}
    for kind in ("graest", "uniform", "synflow"):
        cases[f"micro-{kind}"] = (minidst.method(quick[f"gse-{kind}"], micro_batches=3), {}, config)
    changed = {"global": {"scope": "global"}, "keep": {"keep_value_on_regrow": True},
               "no-regrow": {"regrow_pruned": False}, "init": {"newborn": dst.from_init}}  # fmt: skip
    for name, changes in changed.items():
        cases[name] = (minidst.method(rigl, **changes), {}, config)
    cases["coo"] = (rigl, {"format": "coo"}, config)
    cases["float64"] = (grabo, {"dtype": "float64", "density": 0.02, "allocation": "uniform"}, config)
    stopping = minidst.Config(
        epochs=6, batch=50, optimizer=nn.Adam(), lr=0.01, rate=nn.Warmup(9), validation=0.2, patience=2
    )
    cases["adam"] = (rigl, {}, stopping)
    for name, (record, build, settings) in cases.items():
        net = minidst.mlp((64, 100, 60, 10), **{"density": 0.05, "method": record, "seed": 3, **build})
        yield name, digest(net, minidst.fit(net, digits, record, settings, progress=False))
    yield from estimators()


def estimators():
    from sklearn.datasets import load_breast_cancer, load_diabetes

    from minidst.estimator import SparseMLPClassifier, SparseMLPRegressor

    for model, (x, y) in ((SparseMLPClassifier, load_breast_cancer(return_X_y=True)),
                          (SparseMLPRegressor, load_diabetes(return_X_y=True))):  # fmt: skip
        x = (x - x.mean(0)) / x.std(0)
        fitted = model((50,), max_iter=12, random_state=0, early_stopping=True).fit(x, y)
        yield model.__name__, hashlib.sha256(np.asarray(fitted.predict(x)).tobytes()).hexdigest()[:16]


def main():
    if sys.argv[1:] == ["--print"]:
        warnings.simplefilter("ignore", DeprecationWarning)
        print(json.dumps(dict(trainings())))
        return 0
    here, there = (
        json.loads(subprocess.run([python, __file__, "--print"], capture_output=True, text=True, check=True).stdout)
        for python in (sys.executable, *sys.argv[1:])
    )
    different = [name for name in here.keys() | there.keys() if here.get(name) != there.get(name)]
    print(f"{len(here)} trainings, {len(different)} differ", *sorted(different), sep="\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
