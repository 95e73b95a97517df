"""`python -m minidst.estimator` prints the README's table: these estimators beside scikit-learn's, in a minute.

Five seeds, each with its own stratified split (a quarter to test on), the same for all rows; standardised float32
features; one thread for BLAS and one for minidst; default parameters except those that the row names.
"""

from __future__ import annotations

import pickle
from statistics import mean, median
from time import perf_counter
from typing import Any
from warnings import simplefilter

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from .._support.statistics import half_width
from . import SparseMLPClassifier

SEEDS = 5
DATA = {"digits": load_digits, "breast cancer": load_breast_cancer}
ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "MLPClassifier": (MLPClassifier, {}),
    "MLPClassifier, 10 hidden units": (MLPClassifier, {"hidden_layer_sizes": (10,)}),
    "SparseMLPClassifier": (SparseMLPClassifier, {}),
    "SparseMLPClassifier, density 0.05": (SparseMLPClassifier, {"density": 0.05}),
}


def measured(kind: Any, parameters: dict[str, Any], X: Any, y: Any, seed: int) -> tuple[float, int, float, int, int]:
    """Fit once and return (test accuracy, connections, seconds of `fit`, bytes of the pickle, epochs)."""
    x_train, x_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(x_train)
    estimator = kind(**parameters, random_state=seed)
    start = perf_counter()
    estimator.fit(scaler.transform(x_train), y_train)
    seconds = perf_counter() - start
    connections = sum(coefs.size for coefs in estimator.coefs_)  # size of a CSR array: its stored entries
    accuracy = estimator.score(scaler.transform(x_test), y_test)
    return accuracy, connections, seconds, len(pickle.dumps(estimator)), estimator.n_iter_


def main() -> None:
    """Print the table in Markdown."""
    simplefilter("ignore", ConvergenceWarning)  # of scikit-learn's default of 200 epochs; the table shows their number
    print("| data | estimator | test accuracy % | connections | epochs | fit seconds | pickle kB |")
    print("|---|---|---|---|---|---|---|")
    with threadpool_limits(1):
        for name, load in DATA.items():
            X, y = load(return_X_y=True)
            X = X.astype(np.float32)
            for row, (kind, parameters) in ROWS.items():
                kind(max_iter=1).fit(X, y)  # compiles the kernels before anything is timed
                runs = [measured(kind, parameters, X, y, seed) for seed in range(SEEDS)]
                accuracy, connections, seconds, pickled, epochs = zip(*runs, strict=True)
                print(
                    f"| {name} | {row} | {100 * mean(accuracy):.1f} ± {100 * half_width(np.array(accuracy)):.1f} | "
                    f"{max(connections):,} | {mean(epochs):.0f} | {median(seconds):.2f} | {mean(pickled) / 1000:.1f} |"
                )


if __name__ == "__main__":
    main()
