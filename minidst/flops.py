"""Floating-point operations, by the formulas that the records themselves state (Evci et al. 2020, appendix A).

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
"""

import re
from collections.abc import Mapping, Sequence

from .dst import Method
from .nn import Network

SYMBOLS = ("f_S", "f_D", "ΔT", "|S|")
TOKEN = re.compile(r"\d+(?:\.\d+)?|f_S|f_D|ΔT|\|S\||[-+·/()]")


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
    known: dict[str, float] = {"f_S": f_S, "f_D": f_D}
    if every is not None or method.schedule.every != "epoch":
        known["ΔT"] = float(every if every is not None else method.schedule.every)
    if considered is not None:
        known["|S|"] = considered
    second_pass = evaluate("3 f_S/(ΔT + 1)", known) if method.micro_batches > 1 else 0.0
    return evaluate(method.flops, known) + second_pass


def run_flops(
    method: Method,
    connections: Sequence[float],
    samples: int,
    f_D: float,
    every: float | None = None,
    considered: float | None = None,
) -> float:
    """FLOPs of a whole run: Σ over epochs of `samples` times `training_flops` at that epoch's connections.

    connections: active ones in each epoch, `[row.connections for row in history.epochs]`; they may change, as under
    gradual pruning.
    """
    return sum(samples * training_flops(method, 2 * n, f_D, every, considered) for n in connections)


def evaluate(formula: str, known: Mapping[str, float]) -> float:
    """The value of a formula such as "(3 f_S ΔT + 2 f_S + f_D)/(ΔT + 1)"; neighbours are multiplied; text after a
    comma explains and does not count.

    Raises ValueError for what is not a formula, and for a symbol whose value is not known.
    """
    text = formula.split(",")[0]
    tokens = TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        raise ValueError(f"{formula!r} is not a formula in numbers, {', '.join(SYMBOLS)}, + - · / and parentheses")
    if missing := [s for s in SYMBOLS if s in tokens and s not in known]:
        raise ValueError(f"{formula!r} needs a value for {', '.join(missing)}; give every= for ΔT, considered= for |S|")

    def total() -> float:
        value = product()
        while tokens and tokens[0] in "+-":
            value += product() if tokens.pop(0) == "+" else -product()
        return value

    def product() -> float:
        value = factor()
        while tokens and tokens[0] not in "+-)":
            if tokens[0] == "/":
                tokens.pop(0)
                value /= factor()
            else:
                if tokens[0] == "·":
                    tokens.pop(0)
                value *= factor()
        return value

    def factor() -> float:
        token = tokens.pop(0) if tokens else ""
        if token == "(":
            value = total()
            if not tokens or tokens.pop(0) != ")":
                raise ValueError(f"{formula!r} has a parenthesis that is not closed")
            return value
        if token in known:
            return float(known[token])
        if not token or not token[0].isdigit():
            raise ValueError(f"{formula!r} has {token or 'its end'!r} where a number or symbol is expected")
        return float(token)

    value = total()
    if tokens:
        raise ValueError(f"{formula!r} has {tokens[0]!r} where it should end")
    return value
