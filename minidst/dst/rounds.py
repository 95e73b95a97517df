"""Several trainings of one network, each with fewer connections than the last and all from the same first weights."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..nn.network import Network
from .cut import cut

FIRST = "first"  # beside the optimizer's state, so that it follows the connections wherever that does


def rounds(net: Network, sparsities: Sequence[float]) -> Iterator[int]:
    """Before each training, make `net` ready for it and yield how many connections it has.

    That is one training of the network as it stands; or, with sparsities, one at each of those that leaves more than
    `net.budget` connections, then one at the budget. In between the largest |θ| of all layers are kept, and weights and
    biases are set back to what they were before the first training, without momentum.
    """
    if not sparsities:
        yield net.connections
        return
    for p in net.parameters():
        p.state[FIRST] = p.values.reshape(-1).copy()
    for keep in counts(net.connections, net.budget, sparsities):
        if keep < net.connections:
            cut(net, [np.abs(layer.weight.values.reshape(-1)) for layer in net.weighted], keep)
        rewind(net)
        if keep == net.budget:
            for p in net.parameters():
                del p.state[FIRST]
        yield keep


def counts(total: int, budget: int, sparsities: Sequence[float]) -> list[int]:
    """(1 − s)·total for each sparsity s, as long as that is more than the budget; then the budget."""
    before = [round((1 - s) * total) for s in sparsities]
    return [*(count for count in before if count > budget), budget]


def rewind(net: Network) -> None:
    """Every parameter at its first values, as if no optimizer had ever seen it."""
    for p in net.parameters():
        p.values.reshape(-1)[:] = p.state[FIRST]
        p.state = {FIRST: p.state[FIRST]}
        p.grad, p.steps = None, 0
