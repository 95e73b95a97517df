"""`SparseMLP`: the base class of classifier and regressor, which differ in their targets alone."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from math import ceil
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data import Dataset
from ..dst import Method
from ..dst import method as method_named
from ..kernels.arrays import Float
from ..models.mlp import mlp
from ..nn import Network, SparseLinear
from ..training.config import Config, check_data, check_start, check_weights
from ..training.loop import Progress, steps
from . import settings


class SparseMLP(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A `minidst.Network` with scikit-learn's conventions; use its subclasses, the classifier and the regressor.

    Parameters that minidst adds:
    density, allocation, format: see `minidst.mlp`; a density that leaves a layer empty raises ValueError.
    method: a name of `minidst.METHODS`, with 50 updates, but at most one every five steps, spread over the first three
    quarters of `max_iter` epochs; or a `minidst.Method`, which keeps its own schedule. Methods that take several
    trainings (lottery) raise ValueError.
    weight_decay: λ ≥ 0 of the optimizer, on biases too; scikit-learn's alpha is another number, divided by the batch.

    Parameters that mean what they do in `sklearn.neural_network.MLPClassifier`, with the same defaults but one:
    hidden_layer_sizes, batch_size, learning_rate_init, max_iter, random_state, tol, verbose, warm_start, momentum,
    nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change; solver is
    "adam" or "sgd", and learning_rate "constant", or "linear" or "cosine" for one that falls to 0. The exception is
    learning_rate_init=0.01, not 0.001: a neuron with few weights tolerates larger steps than one with many.
    The activation is always ReLU, and samples are shuffled in every epoch.

    What differs: `max_iter` is the planned length of a training, because the method's updates end at three quarters
    of it; reaching it is normal and gives no warning. `fit` with warm_start trains the existing network, with its
    connections and its optimizer's state, for another `max_iter` epochs; parameters of its architecture are then
    ignored. The n-th `partial_fit` is epoch n of such a training. X is not scaled; scale it, as with StandardScaler.
    The network computes in X's own float32 or float64.

    Attributes: network_ (the `minidst.Network`), coefs_, intercepts_, n_iter_, loss_, loss_curve_ (mean loss of each
    epoch), best_loss_, validation_scores_, best_validation_score_, t_ (samples seen), n_layers_, n_outputs_,
    n_features_in_, feature_names_in_.
    """

    _y_checks: ClassVar[dict[str, bool]]

    def __init__(
        self, hidden_layer_sizes: Any = (100,), *, density: float = 0.1, method: Any = "rigl", allocation: str = "erk",
        format: str | None = None, solver: str = "adam", weight_decay: float = 1e-4, batch_size: int | str = "auto",
        learning_rate: str = "constant", learning_rate_init: float = 0.01, max_iter: int = 200,
        random_state: Any = None, tol: float = 1e-4, verbose: bool = False, warm_start: bool = False,
        momentum: float = 0.9, nesterovs_momentum: bool = True, early_stopping: bool = False,
        validation_fraction: float = 0.1, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
    ) -> None:  # fmt: skip
        # scikit-learn reads every parameter back from the attribute of its name, unchanged
        self.__dict__.update({name: value for name, value in locals().items() if name != "self"})

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on X, (samples, features), and y, a target for each sample.

        sample_weight: (samples,), how much each counts, at least 0; a sample of weight 0 is ignored.
        Raises ValueError for invalid parameters, samples or targets, and when training diverges.
        """
        settings.check(self)
        resumes = bool(self.warm_start) and hasattr(self, "network_")
        data, held_out = self._prepared(X, y, sample_weight, resumes), None
        self._epoch = 0
        if self.early_stopping:
            data, held_out = settings.validation_split(data, self.validation_fraction, self.network_.rng)
        self._train(data, range(self.max_iter), held_out, resumes)
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Train one more epoch."""
        settings.check(self)
        if self.early_stopping:
            raise ValueError("early_stopping=True holds samples out, which partial_fit cannot; set it to False, or fit")
        resumes = hasattr(self, "network_")
        data = self._prepared(X, y, sample_weight, resumes, classes)
        self._train(data, range(self._epoch, self._epoch + 1), None, resumes)
        return self

    def _prepared(self, X: Any, y: Any, sample_weight: Any, resumes: bool, classes: Any = None) -> Dataset:
        """Return the samples of weight > 0, checked, and make a network for them unless training resumes."""
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), reset=not resumes, **self._y_checks)
        weights = None
        if sample_weight is not None:
            weights = settings.checked_weights(sample_weight, len(X))
            X, y, weights = (array[weights > 0] for array in (X, y, weights))
        Y, count = self._check_targets(y, resumes, classes)
        dtype = self.network_.dtype if resumes else X.dtype
        data = Dataset(X, Y, X[:1], Y[:1], count, "the training set", weights, dtype)  # its test part is never read
        if not resumes:
            self._make_network(data)
        return data

    def _make_network(self, data: Dataset) -> None:
        """Make an untrained network for the data. Raises ValueError if they do not fit together."""
        method = method_named(self.method)
        loss, outputs = self._loss_for(data)
        sizes = (data.features, *settings.hidden_sizes(self.hidden_layer_sizes), outputs)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        network = mlp(sizes, density=self.density, method=method, allocation=self.allocation, format=self.format,
                      seed=seed, loss=loss, dtype=data.dtype)  # fmt: skip
        check_start(network, data, method)
        self.network_ = network
        self.n_layers_, self.n_outputs_ = len(network.sizes), outputs
        self._epoch, self.n_iter_, self.t_ = 0, 0, 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None

    def _train(self, data: Dataset, epochs: range, held_out: Dataset | None, resumes: bool) -> None:
        """Train these epochs of `max_iter`, fewer if there is no improvement; then keep the best validated network."""
        net, n = self.network_, len(data.x_train)
        config = settings.config(self, n, max(self.max_iter, epochs.stop))
        per_epoch = ceil(n / config.batch)
        method = settings.scheduled(self, self.max_iter * per_epoch, resumes)
        if resumes and method.start == "dense":
            check_data(net, data)  # it may be sparse by now
        else:
            check_start(net, data, method)
        best, best_network, idle = -np.inf, net, 0  # idle: epochs in a row without improvement
        losses = _mean_losses(net, data, method, config, Progress(epochs.start * per_epoch))
        for _, loss in zip(epochs, losses, strict=False):
            self._record(loss, n)
            score = -loss if held_out is None else self._judge(held_out)
            if method.start == "dense" and method.dynamic and net.connections > net.budget:
                continue  # still to be pruned
            idle = idle + 1 if score < best + self.tol else 0
            if score > best:
                best = score
                if held_out is not None:
                    net.release()
                    best_network = deepcopy(net)
            if idle > self.n_iter_no_change:
                if self.verbose:
                    print(f"Stopped: no better by tol={self.tol:g} in more than {self.n_iter_no_change} iterations")
                break
        self.network_ = best_network
        self.network_.release()
        self.best_loss_ = None if held_out else min(self.loss_curve_)
        self.best_validation_score_ = best if held_out else None

    def _record(self, loss: float, samples: int) -> None:
        self._epoch += 1
        self.n_iter_ += 1
        self.t_ += samples
        self.loss_ = loss
        self.loss_curve_.append(loss)
        if self.verbose:
            print(f"Iteration {self.n_iter_}, loss = {loss:.8f}")

    def _judge(self, held_out: Dataset) -> float:
        score: float = self._score_of(held_out)
        self.validation_scores_ = [*(self.validation_scores_ or []), score]
        if self.verbose:
            print(f"Validation score: {score:f}")
        return score

    def _outputs(self, X: Any) -> Float:
        """Check X and return the network's outputs, (samples, n_outputs_)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        Z = self.network_.outputs(X)
        self.network_.release()
        return Z

    @property
    def coefs_(self) -> list[Any]:
        """Weights of each layer, (inputs, outputs), as SciPy CSR arrays that hold the connections alone."""
        return [
            layer.W.to_scipy().T.tocsr() if isinstance(layer, SparseLinear) else csr_array(layer.weight.values.T)
            for layer in self.network_.weighted
        ]

    @property
    def intercepts_(self) -> list[Float]:
        """Biases of each layer, (outputs,)."""
        return [layer.bias.values.copy() for layer in self.network_.weighted]


def _mean_losses(net: Network, data: Dataset, method: Method, config: Config, at: Progress) -> Iterator[float]:
    """Mean loss of each remaining epoch of a training. Raises ValueError when it diverges."""
    per_epoch = ceil(len(data.x_train) / config.batch)
    training = steps(net, data, method, config, at)
    while at.t < config.epochs * per_epoch:
        epoch = at.t // per_epoch
        try:
            losses = [step.loss for step in islice(training, per_epoch)]
            check_weights(net, at.t, epoch, config.lr)
        except FloatingPointError as error:
            raise ValueError(
                f"training diverged: {str(error).partition(';')[0]}; lower learning_rate_init (now {config.lr:g}), "
                "or scale X and, for regression, y, as with StandardScaler"
            ) from error
        yield float(np.mean(losses))
