"""A narrower network that computes the same function, without hidden neurons that are constant or that no output reads.

A neuron without inputs always outputs the same number, the activation c of its bias: SRigL's ablated neurons do, and
so does a neuron of any other format whose row is empty. The bias of the next layer takes up such a constant:

    b′_i = b_i + Σ_{j removed} W_ij·c_j

By hand, with a ReLU between: neuron 1 has no input and a bias of .5, and neuron 0 of the next layer reads it with
weight 2. Its own bias .1 becomes .1 + 2·.5 = 1.1; neuron 1 and the connection are removed. At a bias of −.5 the
constant is 0, and they are removed without a trace. A neuron whose inputs are all removed is constant in its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from ..formats import CSR, Condensed, Sparse
from ..kernels.arrays import Bool, Float, Offset
from .activations import Dropout, LeakyReLU, ReLU
from .layer import Layer
from .linear import Linear, SparseLinear

Weighted = SparseLinear | Linear


def compact_layers(layers: Sequence[Layer], rng: np.random.Generator) -> tuple[list[Layer], np.random.Generator]:
    """Copies of the layers with fewer neurons, and of rng; they compute the same (see `Network.compact`)."""
    copied: dict[int, Any] = {}
    rng = deepcopy(rng, copied)  # a Dropout that draws from rng will draw from the copy
    weighted = [layer for layer in layers if isinstance(layer, Weighted)]
    read = iter(_read_by_outputs(weighted))
    compacted: list[Layer] = []
    kept = np.arange(weighted[0].shape[1])
    dtype = weighted[0].weight.values.dtype
    constant = np.zeros(kept.size, dtype)  # output of each removed unit; 0 for those kept
    for layer in layers:
        if isinstance(layer, Weighted):
            rows, cols, values = _connections(layer)
            fold = np.bincount(rows, values.astype(np.float64) * constant[cols], layer.shape[0])
            bias = (layer.bias.values + fold).astype(dtype)
            varies = np.bincount(rows[np.isin(cols, kept)], minlength=layer.shape[0]) > 0
            inputs, kept = kept, np.flatnonzero(next(read) & (varies | (layer is weighted[-1])))
            kept = kept if kept.size else np.arange(1)
            constant = np.where(varies, 0, bias)
            constant[kept] = 0
            compacted.append(_part(layer, kept, inputs, bias[kept]))
        elif isinstance(layer, ReLU | LeakyReLU | Dropout):
            compacted.append(deepcopy(layer, copied))
            constant = compacted[-1].forward(constant[:, None])[:, 0]
        elif kept.size == constant.size:
            compacted.append(deepcopy(layer, copied))
        else:
            raise ValueError(
                f"{constant.size - kept.size} neurons could go before a {type(layer).__name__} layer, but what it "
                "makes of a constant is unknown; compact folds through ReLU, LeakyReLU and Dropout"
            )
    return compacted, rng


def _read_by_outputs(weighted: Sequence[Weighted]) -> list[Bool]:
    """For every weight layer: which of its neurons the network's outputs depend on, (n_out,)."""
    read = [np.ones(weighted[-1].shape[0], bool)]
    for layer in reversed(weighted[1:]):
        rows, cols, _ = _connections(layer)
        inputs = np.zeros(layer.shape[1], bool)
        inputs[cols[read[0][rows]]] = True
        read.insert(0, inputs)
    return read


def _connections(layer: Weighted) -> tuple[Any, Any, Float]:
    """Output, input and weight of every connection, (nnz,) each."""
    if isinstance(layer, SparseLinear):
        return *layer.W.connections(), layer.weight.values
    return *np.divmod(np.arange(layer.connections), layer.shape[1]), layer.weight.values.reshape(-1)


def _part(layer: Weighted, outputs: Offset, inputs: Offset, bias: Float) -> Weighted:
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
