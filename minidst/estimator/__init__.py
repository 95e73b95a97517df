"""Estimators for scikit-learn: sparse perceptrons with `fit` and `predict`. They need the extra `sklearn`."""

try:
    from .estimators import SparseMLPClassifier, SparseMLPRegressor
    from .perceptron import SparseMLP
except ImportError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    raise ImportError("minidst.estimator needs scikit-learn 1.6 or newer, which minidst itself does not: "
                      "pip install 'minidst[sklearn]'") from error  # fmt: skip

__all__ = ["SparseMLP", "SparseMLPClassifier", "SparseMLPRegressor"]
