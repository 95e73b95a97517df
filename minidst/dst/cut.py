"""From dense to sparse: keep the best-scored connections of a network and store no other."""

from collections.abc import Sequence

import numpy as np

from ..formats import CSR
from ..kernels.arrays import Float, Offset
from ..kernels.select import k_largest
from ..nn.layers import Linear, SparseLinear
from ..nn.network import Network


def cut(net: Network, scores: Sequence[Float], keep: int) -> None:
    """Keep the `keep` highest scores of all layers together; weights, biases and optimizer state stay as they are.

    scores: one array per weight layer, aligned to its weight's entries (n_out·n_in of a dense layer, in row-major
    order, or nnz of a sparse one). A dense layer becomes a SparseLinear in CSR; ties go to the earlier layer and
    entry. A layer may be left without any connection: that is what its scores say.
    """
    sizes = [score.size for score in scores]
    kept = k_largest(np.concatenate([score.reshape(-1) for score in scores]), keep)
    ends = np.cumsum(sizes)
    parts = np.split(kept, np.searchsorted(kept, ends)[:-1])
    for layer, part, start in zip(net.weighted, parts, ends - sizes, strict=True):
        chosen = part - start
        if isinstance(layer, SparseLinear):
            layer.rewire(np.delete(np.arange(layer.W.nnz), chosen), np.empty(0, np.int64))
        else:
            net.layers[net.layers.index(layer)] = sparse_part(layer, chosen)


def sparse_part(layer: Linear, keys: Offset) -> SparseLinear:
    """The connections i·n_in + j = `keys` (sorted) of a dense layer, as a sparse one with the same bias."""
    rows, cols = np.divmod(keys, layer.shape[1])
    values = layer.weight.values.reshape(-1)[keys]
    W = CSR.from_connections(layer.shape, rows.astype(np.int32), cols.astype(np.int32), values)
    sparse = SparseLinear(W)
    sparse.bias = layer.bias
    sparse.weight.state = {name: array[keys] for name, array in layer.weight.state.items()}
    sparse.weight.steps = layer.weight.steps
    return sparse
