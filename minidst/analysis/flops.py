"""Floating-point operations of training, by the formulas that the records carry (Evci et al. 2020, appendix A).

f_S = 2·nnz is one forward pass of one sample, a multiplication and an addition for each connection; f_D the same for
the dense network. A step costs 3 f_S: forward, error backward, gradient of the active weights. What pruning, losses
and biases cost is left out, as in the paper. An update comes once in ΔT + 1 steps.

    static, SET, SNIP   3 f_S                                   dense   3 f_S, with f_S = f_D
    SNFS                2 f_S + f_D                             the gradient of all weights in every step
    RigL                (3 f_S ΔT + 2 f_S + f_D)/(ΔT + 1)       … in one step of ΔT + 1
    GSE                 3 f_S + 2 |S|/(ΔT + 1)

GSE, derived: an update goes forward and back like any step, 3 f_S, and evaluates the gradient on S, a multiplication
and an addition for each connection and sample: 2·|S|, or 2·|S|·B for the batch. (3 f_S ΔT + 3 f_S + 2|S|)/(ΔT + 1) is
the above. With S = ∅ it is SET's; with S = W ∖ A, 2|S| = f_D − f_S, it is RigL's. Micro-batches go through the network
twice at an update, which adds 3 f_S/(ΔT + 1).

Each formula is a function beside its record, such as `dst.papers.rigl.rigl_flops`; its docstring is its text.
"""

from collections.abc import Sequence
from inspect import signature

from ..dst import Method
from ..nn import Network


def inference_flops(net: Network) -> int:
    """f_S = 2 Σ_l nnz_l, one forward pass of one sample."""
    return 2 * net.connections


def dense_flops(net: Network) -> int:
    """f_D = 2 Σ_l n_out·n_in."""
    return 2 * sum(layer.shape[0] * layer.shape[1] for layer in net.weighted)


def training_flops(
    method: Method, f_S: float, f_D: float, every: float | None = None, considered: float | None = None
) -> float:
    """FLOPs of training per sample and step, averaged over updates: the record's own formula, with numbers in it.

    every: ΔT in steps, if not the record's; considered: |S| of one update, all layers together (`Step.considered`).
    Raises ValueError where a number is missing that the formula needs.
    """
    if every is None and method.schedule.every != "epoch":
        every = method.schedule.every
    values = {"f_S": f_S, "f_D": f_D, "ΔT": every, "S": considered}
    wanted = {name: values[name] for name in signature(method.flops).parameters}
    if missing := [name for name, value in wanted.items() if value is None]:
        raise ValueError(
            f"{method.flops.__doc__} needs a value for {', '.join(missing)}; give every= for ΔT, considered= for S"
        )
    return method.flops(**wanted)


def run_flops(method: Method, connections: Sequence[float], samples: int, f_D: float, every: float | None = None,
              considered: float | None = None) -> float:  # fmt: skip
    """FLOPs of a whole run: Σ over epochs of `samples` times `training_flops` at that epoch's connections.

    connections: active ones in each epoch, `[row.connections for row in history.epochs]`; they may change, as under
    gradual pruning.
    """
    return sum(samples * training_flops(method, 2 * n, f_D, every, considered) for n in connections)
