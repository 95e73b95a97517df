"""Several trainings of one network, each with fewer connections than the last and all from the same first weights."""

from collections.abc import Sequence

import numpy as np

from ..nn.network import Network
from .cut import cut

FIRST = "first"  # beside the optimizer's state, so that it follows the connections wherever that does


def plan(net: Network, sparsities: Sequence[float]) -> tuple[int, ...]:
    """How many connections each training has: one of the network as it stands; or, with sparsities, see `counts`."""
    return tuple(counts(net.connections, net.budget, sparsities)) if sparsities else (net.connections,)


def counts(total: int, budget: int, sparsities: Sequence[float]) -> list[int]:
    """(1 − s)·total for each sparsity s, as long as that is more than the budget; then the budget."""
    before = [round((1 - s) * total) for s in sparsities]
    return [*(count for count in before if count > budget), budget]


def make_ready(net: Network, planned: Sequence[int], number: int) -> None:
    """Make `net` ready for training `number`, from 0, of those planned.

    The largest |θ| of all layers are kept, as many as planned, and weights and biases are set back to what they were
    before the first training, without momentum.
    """
    if number == 0:
        for p in net.parameters():
            p.state[FIRST] = p.values.reshape(-1).copy()
    if planned[number] < net.connections:
        cut(net, [np.abs(layer.weight.values.reshape(-1)) for layer in net.weighted], planned[number])
    rewind(net)
    if number == len(planned) - 1:
        for p in net.parameters():
            del p.state[FIRST]


def rewind(net: Network) -> None:
    """Every parameter at its first values, as if no optimizer had ever seen it."""
    for p in net.parameters():
        p.values.reshape(-1)[:] = p.state[FIRST]
        p.state = {FIRST: p.state[FIRST]}
        p.grad, p.steps = None, 0
