"""Iterative pruning with rewinding: several trainings of one network, each with fewer connections than the last and all
from the same first weights (lottery tickets, dst/papers/lottery.py)."""

from collections.abc import Sequence

import numpy as np

from ..dst.prune import prune_globally
from ..nn import Network

FIRST = "first"  # kept beside the optimizer's state, so that it follows the connections wherever that does


def planned_connections(total: int, budget: int, sparsities: Sequence[float]) -> list[int]:
    """Connections of each training: (1 − s)·total for each sparsity s, while more than the budget; then the budget."""
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
        prune_globally(net, [np.abs(layer.weight.values.reshape(-1)) for layer in net.weighted], planned[number])
    rewind(net)
    if number == len(planned) - 1:
        for p in net.parameters():
            del p.state[FIRST]


def rewind(net: Network) -> None:
    """Every parameter at its first values, as if no optimizer had ever changed it."""
    for p in net.parameters():
        p.values.reshape(-1)[:] = p.state[FIRST]
        p.state = {FIRST: p.state[FIRST]}
        p.grad, p.steps = None, 0
