"""SynFlow as a guide of GSE's sample (the earlier paper, "Memory efficient dynamic sparse training", section 3.1).

Where much can flow to an input and from an output, the gradient of a connection between them is likely to be large,
because it passes the same weights. In the papers' orientation, θ ∈ R^{n_in×n_out} (equation 3):

    f⁽ˡ⁾ ∝ 1ᵀ Π_{k<l} |θ⁽ᵏ⁾|,    g⁽ˡ⁾ ∝ Π_{k>l} |θ⁽ᵏ⁾| 1

f depends on the layers before l and g on those after it. Neither data nor a copy of the network with absolute weights
is needed. Flows are scaled to a sum of 1 after every layer, or in a deep network they would overflow or vanish.

By hand, in our orientation: W⁽¹⁾ = 2 −1, W⁽²⁾ = 1 −3. For l = 2, f = |W⁽¹⁾|1 = (3, .5), scaled (6/7, 1/7), and g = 1.
                                    0 .5          For l = 1, f = (1, 1), and g = |W⁽²⁾|ᵀ1 = (1, 3), scaled (1/4, 3/4).
"""

import numpy as np

from ....kernels.arrays import Float
from ....nn.linear import Linear, SparseLinear
from ...grow import GrowthContext


def synflow(context: GrowthContext, rng: np.random.Generator) -> tuple[Float, Float]:
    """The flow of ones into each input of the context's layer and out of each of its outputs; 0 without a path.

    One pass over the other layers' connections in float64. Raises ValueError for a context without its network.
    """
    if context.net is None or context.layer is None:
        raise ValueError("synflow needs the whole network, and this context has none: use update(net, …), or grabo")
    layers, sizes = context.net.weighted, context.net.sizes
    l = layers.index(context.layer)
    f: Float = np.ones(sizes[0])
    g: Float = np.ones(sizes[-1])
    for layer in layers[:l]:
        f = _carried(layer, f, backwards=False)
    for layer in reversed(layers[l + 1 :]):
        g = _carried(layer, g, backwards=True)
    return f, g


def _carried(layer: SparseLinear | Linear, flow: Float, *, backwards: bool) -> Float:
    """|θ| f, or gᵀ|θ| backwards, scaled to sum 1; a dense layer's |θ| is computed one row at a time."""
    (n_out, n_in), theta = layer.shape, layer.weight.values
    carried: Float = np.zeros(n_in if backwards else n_out)
    if isinstance(layer, SparseLinear):
        rows, cols = layer.W.connections()
        start, end = (rows, cols) if backwards else (cols, rows)
        carried += np.bincount(end, np.abs(theta) * flow[start], carried.size)
    else:
        for i, row in enumerate(theta):
            if backwards:
                carried += np.abs(row) * flow[i]
            else:
                carried[i] = np.abs(row) @ flow
    return carried / (carried.sum() or 1)
