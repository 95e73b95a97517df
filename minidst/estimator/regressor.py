"""The regressor: one number for each sample, or several."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d

from ..data import Dataset
from ..nn import Loss, MeanSquaredError
from .perceptron import SparseMLP


class SparseMLPRegressor(RegressorMixin, SparseMLP):  # type: ignore[misc]
    """A sparse multi-layer perceptron for numbers, y (samples,) or (samples, outputs).

    The loss is the mean squared error, which is twice what scikit-learn's MLPRegressor calls loss; y is not scaled, so
    targets far from 0 ± 1 are better scaled before, as TransformedTargetRegressor does. Parameters and attributes are
    those of `minidst.estimator.SparseMLP`.
    """

    _asked_of_y: ClassVar[dict[str, bool]] = {"multi_output": True, "y_numeric": True}

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch over X and y, which may be a part of the data. Raises ValueError as `fit` does."""
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Any:
        """The numbers of each sample, (samples,) or (samples, outputs) as y was."""
        Z = self._outputs(X)
        return Z[:, 0] if self.n_outputs_ == 1 else Z

    def _check_targets(self, y: Any, goes_on: bool, classes: Any) -> tuple[Any, int]:
        """(targets as a matrix, 0 for no classes)."""
        Y = column_or_1d(y, warn=True)[:, None] if y.ndim == 1 or y.shape[1] == 1 else y
        if goes_on and Y.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {Y.shape[1]} numbers a sample and the network {self.n_outputs_} outputs; fit anew")
        return Y, 0

    def _loss_for(self, data: Dataset) -> tuple[Loss, int]:
        self.out_activation_ = "identity"
        return MeanSquaredError(), int(data.y_train.shape[1])

    def _score_of(self, held_out: Dataset) -> float:
        guess = self.network_.outputs(held_out.x_train)
        return float(r2_score(held_out.y_train, guess, sample_weight=held_out.weights))
