"""What a layer is: what it can do, the parameters that it trains, and how their weights start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..kernels.arrays import Float, Index, Offset
from ..topology import carry


@runtime_checkable
class Layer(Protocol):
    """What a layer can do. It keeps between `forward` and `backward` whatever arrays it needs, as attributes."""

    def forward(self, X: Float, training: bool = False) -> Float:
        """Y from X: (n_in, B)."""
        ...

    def backward(self, DY: Float, needs_input_grad: bool = True) -> Float | None:
        """DX from DY: (n_out, B), if it is needed; leaves the gradients of its parameters in them."""
        ...

    def parameters(self) -> list[Parameter]:
        """What it trains."""
        ...


@dataclass(eq=False)
class Parameter:
    """A trainable array with its gradient and the optimizer's state, all aligned entry by entry.

    values: any shape, written in place; grad and every array of `state`: (values.size,); steps: of the optimizer. For
    a sparse weight an entry is an active connection, so momentum costs as many bytes as there are connections.
    """

    values: Float
    grad: Float | None = None
    state: dict[str, Float] = field(default_factory=dict)
    steps: int = 0

    def carried(self, values: Float, source: Offset) -> Parameter:
        """This parameter after `topology.rewire`: state follows the survivors, new connections start at 0."""
        new = Parameter(values, None if self.grad is None else carry(self.grad, source), {}, self.steps)
        for name, array in self.state.items():
            new.state[name] = carry(array, source)
        return new


def he_normal(rows: Index, rng: np.random.Generator, dtype: Any = np.float32) -> Float:
    """θ_ij ~ N(0, 2/k_i), k_i the neuron's actual number of inputs (Evci et al. 2019; He et al. 2015).

    rows: output i of every connection, (nnz,). With the dense fan-in n_in in place of k_i the signal would shrink by
    √density in every layer. Returns (nnz,).
    """
    fan_in = np.bincount(rows)[rows]
    return (rng.standard_normal(rows.size) * np.sqrt(2 / fan_in)).astype(dtype)


def hidden_bias(n_out: int, dtype: Any = np.float32) -> Float:
    """b_i = 0.03: at a density of 1 % many neurons have no input at first, and their output is their bias alone.

    At b = 0 they would sit exactly on ReLU's kink, where its derivative is 0, and no gradient would ever ask for a
    connection to them; a little above it, they can be grown. Returns (n_out,).
    """
    return np.full(n_out, 0.03, dtype)
