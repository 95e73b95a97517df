"""A narrower network that computes the same: hidden neurons that say nothing, or that nobody hears, are removed.

A neuron without inputs always gives the same number, the activation c of its bias: SRigL's ablated neurons do, and
so does any neuron of another format whose row is empty. Such a constant belongs into the bias of the next layer:

    b′_i = b_i + Σ_{j removed} W_ij·c_j

By hand, with a ReLU between: neuron 1 has no input and a bias of .5, and neuron 0 of the next layer reads it with
weight 2. Its own bias .1 becomes .1 + 2·.5 = 1.1; neuron 1 and the connection go. At a bias of −.5 the constant is 0,
and they simply go. A neuron that had no other inputs than such ones is itself constant now, and goes in its turn.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from ..formats import CSR, Condensed, Sparse
from ..kernels.arrays import Bool, Float, Offset
from .activations import Dropout, LeakyReLU, ReLU
from .layers import Linear, SparseLinear
from .network import Layer, Network


def compact(net: Network) -> Network:
    """The same function with fewer neurons, as a new network; `net` stays as it is.

    Removed are hidden neurons without inputs, their constant folded into the next bias, and hidden neurons whose
    output no connection carries on. Inputs and outputs all stay, and at least one neuron of every hidden layer.
    Outputs are the same but for rounding, since sums lose terms and are grouped anew. A Condensed layer stays one
    where its neurons still have equal fan-ins, and becomes CSR elsewhere. Gradients and optimizer state start anew.
    Raises ValueError if a removed neuron's output passes any other layer than ReLU, LeakyReLU or Dropout.
    """
    copied: dict[int, Any] = {}
    rng = deepcopy(net.rng, copied)  # a Dropout that draws from net.rng will draw from the copy
    layers: list[Layer] = []
    heard = iter(_heard(net))
    kept = np.arange(net.sizes[0])
    constant = np.zeros(net.sizes[0], net.dtype)  # what each removed unit gives; 0 for those kept
    for layer in net.layers:
        if isinstance(layer, SparseLinear | Linear):
            rows, cols, values = _connections(layer)
            fold = np.bincount(rows, values.astype(np.float64) * constant[cols], layer.shape[0])
            bias = (layer.bias.values + fold).astype(net.dtype)
            speaks = np.bincount(rows[np.isin(cols, kept)], minlength=layer.shape[0]) > 0
            inputs, kept = kept, np.flatnonzero(next(heard) & (speaks | (layer is net.weighted[-1])))
            kept = kept if kept.size else np.arange(1)
            constant = np.where(speaks, 0, bias)
            constant[kept] = 0
            layers.append(_part(layer, kept, inputs, bias[kept]))
        elif isinstance(layer, ReLU | LeakyReLU | Dropout):
            layers.append(deepcopy(layer, copied))
            constant = layers[-1].forward(constant[:, None])[:, 0]
        elif kept.size == constant.size:
            layers.append(deepcopy(layer, copied))
        else:
            raise ValueError(
                f"{constant.size - kept.size} neurons could go before a {type(layer).__name__} layer, but what it "
                "makes of a constant is unknown; compact folds through ReLU, LeakyReLU and Dropout"
            )
    return Network(layers, net.loss, rng)


def _heard(net: Network) -> list[Bool]:
    """For every weight layer which outputs reach the network's output by some path of connections, (n_out,) each."""
    heard = [np.ones(net.sizes[-1], bool)]
    for layer in reversed(net.weighted[1:]):
        rows, cols, _ = _connections(layer)
        read = np.zeros(layer.shape[1], bool)
        read[cols[heard[0][rows]]] = True
        heard.insert(0, read)
    return heard


def _connections(layer: SparseLinear | Linear) -> tuple[Any, Any, Float]:
    """Output, input and weight of every connection, (nnz,) each."""
    if isinstance(layer, SparseLinear):
        return *layer.W.connections(), layer.weight.values
    return *np.divmod(np.arange(layer.connections), layer.shape[1]), layer.weight.values.reshape(-1)


def _part(layer: SparseLinear | Linear, outputs: Offset, inputs: Offset, bias: Float) -> SparseLinear | Linear:
    """The layer between these inputs and these outputs (sorted), with a new bias."""
    if isinstance(layer, Linear):
        return Linear(layer.weight.values[np.ix_(outputs, inputs)], bias)
    rows, cols, values = _connections(layer)
    stays = np.isin(rows, outputs) & np.isin(cols, inputs)
    rows = np.searchsorted(outputs, rows[stays]).astype(np.int32)
    cols = np.searchsorted(inputs, cols[stays]).astype(np.int32)
    fan_ins = np.unique(np.bincount(rows))
    equal = fan_ins[fan_ins > 0].size == 1
    format: type[Sparse] = CSR if isinstance(layer.W, Condensed) and not equal else type(layer.W)
    return SparseLinear(format.from_connections((outputs.size, inputs.size), rows, cols, values[stays]), bias)
