"""The perceptron: what classifier and regressor have in common, which is all but their targets."""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data import Dataset
from ..kernels.arrays import Float
from ..models.mlp import mlp
from ..nn import SparseLinear
from ..training.config import check_data, check_start
from ..training.loop import Progress
from . import settings
from .epochs import Best, mean_losses
from .samples import checked_weights, validation_split


class SparseMLP(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One `minidst.Network` behind scikit-learn's conventions; what its targets are is said by the two classes below.

    Parameters that minidst adds:
    density, allocation, format: see `minidst.mlp`; a density that leaves a layer empty is refused.
    method: a name of `minidst.METHODS`, whose updates are spread over the first three quarters of `max_iter` epochs,
    50 of them or one step in five if that is less; or a `minidst.Method`, which keeps its own schedule. Those that
    take several trainings (lottery) are refused.
    weight_decay: λ ≥ 0 of the optimizer, on biases too; scikit-learn's alpha is another number, divided by the batch.

    Parameters that mean what they do in `sklearn.neural_network.MLPClassifier`, with the same defaults but one:
    hidden_layer_sizes, batch_size, learning_rate_init, max_iter, random_state, tol, verbose, warm_start, momentum,
    nesterovs_momentum, early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change; solver is
    "adam" or "sgd", and learning_rate "constant", or "linear" or "cosine" for one that falls to 0. The one is
    learning_rate_init=0.01, not 0.001: a neuron with few weights does not overshoot as soon as one with many.
    Those left out have no meaning here: the activation is ReLU, and every epoch has a new order of samples.

    What differs: `max_iter` is how long a training is planned to be, for the method's updates end at three quarters
    of it, so reaching it is no failure and warns of nothing. `fit` with warm_start trains the network it finds, with
    its connections and its optimizer's state, for another `max_iter`; what networks are made of is not looked at
    again. The n-th `partial_fit` is epoch n of such a training. X is not scaled; scale it, as with StandardScaler.
    The network computes in X's own float32 or float64.

    Attributes: network_ (the `minidst.Network`), coefs_, intercepts_, n_iter_, loss_, loss_curve_ (mean loss of each
    epoch), best_loss_, validation_scores_, best_validation_score_, t_ (samples seen), n_layers_, n_outputs_,
    n_features_in_, feature_names_in_.
    """

    _asked_of_y: ClassVar[dict[str, bool]]

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        *,
        density: float = 0.1,
        method: Any = "rigl",
        allocation: str = "erk",
        format: str | None = None,
        solver: str = "adam",
        weight_decay: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.01,
        max_iter: int = 200,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.density = density
        self.method = method
        self.allocation = allocation
        self.format = format
        self.solver = solver
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on X, (samples, features), and y, a target for each sample.

        sample_weight: (samples,), how much each counts, at least 0; one of weight 0 is as good as absent.
        Raises ValueError for what does not fit, and for a training that diverges.
        """
        settings.check(self)
        goes_on = bool(self.warm_start) and hasattr(self, "network_")
        data = self._checked(X, y, sample_weight, goes_on)
        if not goes_on:
            self._make_network(data)
        self._epoch = 0
        held_out = None
        if self.early_stopping:
            data, held_out = validation_split(data, self.validation_fraction, self.network_.rng)
        self._train(data, range(self.max_iter), held_out, goes_on)
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """One more epoch."""
        settings.check(self)
        if self.early_stopping:
            raise ValueError("early_stopping=True holds samples out, which partial_fit cannot; set it to False, or fit")
        goes_on = hasattr(self, "network_")
        data = self._checked(X, y, sample_weight, goes_on, classes)
        if not goes_on:
            self._make_network(data)
        self._train(data, range(self._epoch, self._epoch + 1), None, goes_on)
        return self

    def _checked(self, X: Any, y: Any, sample_weight: Any, goes_on: bool, classes: Any = None) -> Dataset:
        """What is handed in, as a data set without the samples of weight 0. goes_on: it must suit the network."""
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), reset=not goes_on, **self._asked_of_y)
        weights = None
        if sample_weight is not None:
            weights = checked_weights(sample_weight, len(X))
            X, y, weights = (array[weights > 0] for array in (X, y, weights))
        Y, count = self._check_targets(y, goes_on, classes)
        dtype = self.network_.dtype if goes_on else X.dtype
        return Dataset(X, Y, X[:1], Y[:1], count, "the training set", weights, dtype)  # nobody reads its test part

    def _make_network(self, data: Dataset) -> None:
        """A new network for such data, and nothing learnt yet. Raises ValueError if they do not fit."""
        record = settings.record(self)
        loss, outputs = self._loss_for(data)
        network = mlp(
            (data.features, *settings.hidden(self), outputs),
            density=self.density,
            method=record,
            allocation=self.allocation,  # type: ignore[arg-type]  # mlp checks it
            format=self.format,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            loss=loss,
            dtype=data.dtype,
        )
        check_start(network, data, record)
        self.network_ = network
        self.n_layers_, self.n_outputs_ = len(network.sizes), outputs
        self._epoch, self.n_iter_, self.t_ = 0, 0, 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None

    def _train(self, data: Dataset, epochs: range, held_out: Dataset | None, begun: bool) -> None:
        """Take these epochs of a training of `max_iter`, fewer if nothing gets better; then keep the best held out."""
        net, n = self.network_, len(data.x_train)
        config = settings.config(self, n, max(self.max_iter, epochs.stop))
        per_epoch = ceil(n / config.batch)
        record = settings.scheduled(self, self.max_iter * per_epoch, begun)
        if begun and record.start == "dense":
            check_data(net, data)  # it may be sparse by now
        else:
            check_start(net, data, record)
        best = Best(self.tol, copies=held_out is not None)
        at = Progress(epochs.start * per_epoch)
        for _, loss in zip(epochs, mean_losses(net, data, record, config, at), strict=False):
            self._note(loss, n)
            score = -loss if held_out is None else self._judge(held_out)
            if record.start == "dense" and record.dynamic and net.connections > net.budget:
                continue  # still to be pruned
            if best.after(net, score) > self.n_iter_no_change:
                if self.verbose:
                    print(f"Stopped: no better by tol={self.tol:g} in more than {self.n_iter_no_change} iterations")
                break
        self.network_ = best.network or net
        self.network_.release()
        self.best_loss_ = None if held_out else min(self.loss_curve_)
        self.best_validation_score_ = best.score if held_out else None

    def _note(self, loss: float, samples: int) -> None:
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
        """Z of checked samples, (samples, n_outputs_)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        Z = self.network_.outputs(X)
        self.network_.release()
        return Z

    @property
    def coefs_(self) -> list[Any]:
        """Weights of each layer, (units below, units above), as SciPy CSR arrays: no number for an absent one."""
        return [
            layer.W.to_scipy().T.tocsr() if isinstance(layer, SparseLinear) else csr_array(layer.weight.values.T)
            for layer in self.network_.weighted
        ]

    @property
    def intercepts_(self) -> list[Float]:
        """Biases of each layer, (units above,)."""
        return [layer.bias.values.copy() for layer in self.network_.weighted]
