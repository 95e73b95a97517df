"""A network: layers in a row, a loss at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .._support.validation import A_GENERATOR, as_array, check_integer, check_type
from ..kernels.arrays import Float
from ..kernels.dense import as_columns
from ..kernels.threads import one_blas_thread
from .activations import ReLU
from .compact import compact_layers
from .layer import Layer, Parameter
from .linear import Linear, SparseLinear
from .losses import CrossEntropy, Loss, targets_and_weights, weighted_mean

PREDICTED_AT_ONCE = 1 << 18  # activations of the widest level: predicting many samples needs no more memory


class Network:
    """Layers applied in order. Inside, samples are columns; `predict` and `outputs` take and give them as rows.

    layers: any objects with forward, backward and parameters; rng: the one source of randomness of all that is done
    to this network; budget: how many connections it is to have in the end, if not those it has now; memory: arrays
    that a method keeps from update to update; sizes: units per level, inputs first; dtype: float32 or float64.
    Raises ValueError if two consecutive weight layers do not fit.
    """

    def __init__(self, layers: Sequence[Layer], loss: Loss | None = None, rng: np.random.Generator | None = None,
                 budget: int | None = None) -> None:  # fmt: skip
        check_type("layers", layers, Sequence, "a list of layers, such as [Linear(W), ReLU(), Linear(V)]")
        for l, layer in enumerate(layers):
            check_type(f"layers[{l}]", layer, Layer, "an object with forward, backward and parameters")
        self.layers = list(layers)
        self.loss: Loss = CrossEntropy() if loss is None else loss
        check_type("loss", self.loss, Callable, "a loss, such as CrossEntropy() or MeanSquaredError()")
        self.rng = np.random.default_rng(0) if rng is None else rng
        check_type("rng", self.rng, np.random.Generator, A_GENERATOR)
        self.memory: dict[str, Any] = {}
        weighted = self.weighted
        if not weighted:
            raise ValueError("a network needs at least one SparseLinear or Linear layer; it was given none")
        self.sizes: tuple[int, ...] = (weighted[0].shape[1],)
        for l, layer in enumerate(weighted):
            n_out, n_in = layer.shape
            if n_in != self.sizes[-1]:
                raise ValueError(f"layer {l - 1} gives {self.sizes[-1]} outputs and layer {l} takes {n_in}")
            self.sizes += (n_out,)
        self.dtype: np.dtype[Any] = weighted[0].weight.values.dtype
        self.budget = self.connections if budget is None else budget
        check_integer("budget", self.budget, 0, why="it counts the connections in the end")

    @property
    def weighted(self) -> list[SparseLinear | Linear]:
        """The layers with weights, in order: what the papers number l = 1 … L."""
        return [layer for layer in self.layers if isinstance(layer, SparseLinear | Linear)]

    @property
    def sparse(self) -> list[SparseLinear]:
        """The layers whose topology can change."""
        return [layer for layer in self.layers if isinstance(layer, SparseLinear)]

    @property
    def connections(self) -> int:
        """Active connections in all layers."""
        return sum(layer.connections for layer in self.weighted)

    @property
    def densities(self) -> list[float]:
        """nnz_l/(n_out·n_in) of every weight layer, first to last; sparsities are 1 − these."""
        return [layer.connections / (layer.shape[0] * layer.shape[1]) for layer in self.weighted]

    def parameters(self) -> Iterator[Parameter]:
        """Every trainable array, first layer first."""
        for layer in self.layers:
            yield from layer.parameters()

    def forward(self, X: Float, training: bool = False) -> Float:
        """Z = f(X). X: (n_in, B)."""
        for layer in self.layers:
            X = layer.forward(X, training)
        return X

    def backward(self, DZ: Float) -> None:
        """Leaves every gradient in its Parameter. DZ = ∂L/∂Z: (n_out, B). ∂L/∂X of the input is not computed."""
        DY: Float | None = DZ
        for l, layer in reversed(list(enumerate(self.layers))):
            assert DY is not None
            DY = layer.backward(DY, l > 0)

    def outputs(self, x: Float) -> Float:
        """Z for x: (samples, n_in), as (samples, n_out). Raises ValueError if x has another number of features."""
        x = as_array("x", x)
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ValueError(f"x has shape {x.shape}; this network takes (samples, {self.sizes[0]})")
        if x.dtype.kind not in "biuf":
            raise ValueError(f"x has dtype {x.dtype}, which is not real numbers; convert it to {self.dtype}")
        if x.dtype not in (np.float32, np.float64):
            x = x.astype(self.dtype)
        Z = np.empty((x.shape[0], self.sizes[-1]), self.dtype)
        with one_blas_thread():
            samples = max(32, PREDICTED_AT_ONCE // max(self.sizes))
            for start in range(0, x.shape[0], samples):
                batch = np.arange(start, min(start + samples, x.shape[0]))
                Z[batch] = self.forward(as_columns(x, batch, self.dtype)).T
        return Z

    def predict(self, x: Float) -> Any:
        """Labels (samples,), or values (samples, n_out) under a squared error. Raises ValueError for NaN and ±∞."""
        Z = self.outputs(x)
        if not np.isfinite(x).all():  # argmax would take such a sample for class 0
            row, column = (int(at) for at in np.argwhere(~np.isfinite(x))[0])
            raise ValueError(f"x[{row}, {column}] is {np.asarray(x)[row, column]}; drop that sample or fill the gap")
        return self.loss.predict(np.ascontiguousarray(Z.T))

    def evaluate(self, x: Float, y: Any) -> tuple[float, float]:
        """(mean loss, accuracy) over samples; under a squared error the second is the loss again. y: maybe Weighted."""
        with np.errstate(over="ignore", invalid="ignore"):
            Z = np.ascontiguousarray(self.outputs(x).T)
            loss, _ = self.loss(Z, y)
        guess, (labels, weights) = self.loss.predict(Z), targets_and_weights(y)
        return loss, weighted_mean(guess == labels, weights) if guess.ndim == 1 else loss

    def compact(self) -> Network:
        """The same function with fewer neurons, as a new network; this one stays as it is (see nn/compact.py).

        Removed are hidden neurons without inputs, their constant folded into the next bias, and hidden neurons that no
        output depends on. Inputs and outputs all stay, and at least one neuron of every hidden layer. Outputs are the
        same but for rounding, since sums lose terms and are grouped anew. A Condensed layer stays one where its neurons
        still have equal fan-ins, and becomes CSR elsewhere. Gradients and optimizer state start anew. Raises ValueError
        if a removed neuron's output passes any other layer than ReLU, LeakyReLU or Dropout.
        """
        layers, rng = compact_layers(self.layers, self.rng)
        return Network(layers, self.loss, rng)

    def state_bytes(self) -> int:
        """Bytes of what training keeps from step to step: values, indices, and the state of optimizer and method."""
        total = 0
        for p in self.parameters():
            for array in (p.values, *p.state.values()):
                total += array.nbytes
        for layer in self.sparse:
            total += layer.W.index_bytes()
        for kept in self.memory.values():
            total += kept.nbytes if isinstance(kept, np.ndarray) else 0
        return total

    def memory_bytes(self) -> dict[str, int]:
        """Bytes held now: values (with biases), indices (with views by columns), gradients, optimizer_state,
        method_state (what a method remembers), activations. And temporaries: the most that the trainer needs beside
        them for a moment, a layer's new gradient or its rewiring and, unless every ReLU works in place, an array of
        activations; 0 before training.

        Their sum is the peak of training within 25 %, but for what starts dense and for gse-2022 and snfs, whose
        updates look at several times as many candidates as there are connections.
        """
        parameters, activations = list(self.parameters()), {id(a): a.nbytes for a in self._activations()}
        trained = any(p.grad is not None for p in parameters)
        most = max(layer.temporary_bytes() for layer in self.weighted)
        others = [layer for layer in self.layers if not isinstance(layer, SparseLinear | Linear)]
        if not all(isinstance(layer, ReLU) and layer.in_place for layer in others):
            most += max(activations.values(), default=0)
        return {
            "values": sum(p.values.nbytes for p in parameters),
            "indices": sum(layer.W.index_bytes() for layer in self.sparse),
            "gradients": sum(p.grad.nbytes for p in parameters if p.grad is not None),
            "optimizer_state": sum(array.nbytes for p in parameters for array in p.state.values()),
            "method_state": sum(kept.nbytes for kept in self.memory.values() if isinstance(kept, np.ndarray)),
            "activations": sum(activations.values()),
            "temporaries": most if trained else 0,
        }

    def release(self) -> None:
        """Let go of the activations and gradients of the last batch, which a copy or a file need not carry."""
        for layer in self.layers:
            for name in [name for name, kept in vars(layer).items() if isinstance(kept, np.ndarray)]:
                setattr(layer, name, None)
        for p in self.parameters():
            p.grad = None

    def _activations(self) -> Iterator[Float]:
        """The arrays that layers keep from `forward` and `backward`; two layers may keep the same one."""
        for layer in self.layers:
            yield from (kept for kept in vars(layer).values() if isinstance(kept, np.ndarray))
