"""The classifier and the regressor: their targets, losses, predictions and scores."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ..data import Dataset
from ..kernels.arrays import Float
from ..nn import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from .perceptron import SparseMLP


class SparseMLPClassifier(ClassifierMixin, SparseMLP):  # type: ignore[misc]
    """A sparse multi-layer perceptron for two classes, which share one output, or more, which have one each.

    Labels are strings, booleans or whole numbers; the loss is cross-entropy. Parameters and attributes are those of
    `minidst.estimator.SparseMLP`, and classes_: (classes,), the sorted labels.
    """

    _y_checks: ClassVar[dict[str, bool]] = {}

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on X and y, which may be a part of the data. classes: all labels, needed by the first call.

        Raises ValueError as `fit` does.
        """
        if classes is None and not hasattr(self, "network_"):
            raise ValueError("classes is None; give all labels at the first call of partial_fit, as np.unique(y) does")
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X: Any) -> Any:
        """Return the most probable label of each sample, (samples,)."""
        Z = self._outputs(X)
        return self.classes_[(Z[:, 0] > 0).astype(int) if self.n_outputs_ == 1 else Z.argmax(axis=1)]

    def decision_function(self, X: Any) -> Float:
        """Return the logits, (samples, classes); for two classes log p₁/p₀, (samples,)."""
        Z = self._outputs(X)
        return Z[:, 0] if self.n_outputs_ == 1 else Z

    def predict_proba(self, X: Any) -> Float:
        """Return the probability of each label, (samples, classes), in the order of `classes_`."""
        return np.asarray(softmax(_per_class(self._outputs(X)), axis=1))

    def predict_log_proba(self, X: Any) -> Float:
        """Return the logarithm of the probabilities; it is finite where a probability underflows."""
        return np.asarray(log_softmax(_per_class(self._outputs(X)), axis=1))

    def _check_targets(self, y: Any, resumes: bool, classes: Any) -> tuple[Any, int]:
        """Return (indices into classes_, number of classes), and set classes_ unless training resumes."""
        check_classification_targets(y)
        found = np.unique(y if classes is None else classes)
        if not resumes:
            if found.size < 2:
                raise ValueError(f"y has 1 class, {found.tolist()[0]!r}; give samples of two or more classes")
            self.classes_ = found
        elif classes is not None and not np.array_equal(found, self.classes_):
            raise ValueError(f"classes={found} are not those of the first call, {self.classes_}; they cannot change")
        known = np.isin(y, self.classes_)
        if not known.all():
            raise ValueError(f"y has {y[~known].tolist()[0]!r}, which is none of the classes {self.classes_}; fit anew")
        return np.searchsorted(self.classes_, y), len(self.classes_)

    def _loss_for(self, data: Dataset) -> tuple[Loss, int]:
        self.out_activation_ = "logistic" if data.classes == 2 else "softmax"
        return (BinaryCrossEntropy(), 1) if data.classes == 2 else (CrossEntropy(), data.classes)

    def _score_of(self, held_out: Dataset) -> float:
        guess = self.network_.predict(held_out.x_train)
        return float(accuracy_score(held_out.y_train, guess, sample_weight=held_out.weights))


def _per_class(Z: Float) -> Float:
    """One logit per class: softmax of (0, z) is (1 − σ(z), σ(z))."""
    return np.hstack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z


class SparseMLPRegressor(RegressorMixin, SparseMLP):  # type: ignore[misc]
    """A sparse multi-layer perceptron for real targets, y (samples,) or (samples, outputs).

    The loss is the mean squared error, which is twice what scikit-learn's MLPRegressor calls loss. y is not scaled:
    scale targets that are far from 0 ± 1, as TransformedTargetRegressor does. Parameters and attributes are those of
    `minidst.estimator.SparseMLP`.
    """

    _y_checks: ClassVar[dict[str, bool]] = {"multi_output": True, "y_numeric": True}

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on X and y, which may be a part of the data. Raises ValueError as `fit` does."""
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Any:
        """Return the predicted targets, (samples,) or (samples, outputs) as y was."""
        Z = self._outputs(X)
        return Z[:, 0] if self.n_outputs_ == 1 else Z

    def _check_targets(self, y: Any, resumes: bool, classes: Any) -> tuple[Any, int]:
        """Return (targets as a matrix, 0 for no classes)."""
        Y = column_or_1d(y, warn=True)[:, None] if y.ndim == 1 or y.shape[1] == 1 else y
        if resumes and Y.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {Y.shape[1]} numbers a sample and the network {self.n_outputs_} outputs; fit anew")
        return Y, 0

    def _loss_for(self, data: Dataset) -> tuple[Loss, int]:
        self.out_activation_ = "identity"
        return MeanSquaredError(), int(data.y_train.shape[1])

    def _score_of(self, held_out: Dataset) -> float:
        guess = self.network_.outputs(held_out.x_train)
        return float(r2_score(held_out.y_train, guess, sample_weight=held_out.weights))
