"""Theorem 5, by every mask and every sign of the weights: ReLU(z)² + ReLU(−z)² = z², so signs stand for the normal."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, prod

import numpy as np

from ..theory import init_gain, outputs_without_input
from .theorem import Cases, Theorem

INPUTS = np.array([3, -1, 4, 0, -5])  # x; any other vector would do


def enumerated(n_in: int, fan_in: int) -> Fraction:
    """E[ReLU(Σ_j W_j x_j)²]/(‖x‖²/n_in) over all sets of inputs and all W_j = ±√2 on them, for 2/κ with κ = 1.

    x: the first n_in of INPUTS.
    """
    x = INPUTS[:n_in]
    rows = [list(row) for row in combinations(range(n_in), fan_in)]
    signs = np.array(list(product((-1, 1), repeat=fan_in))).reshape(2**fan_in, fan_in)
    total = sum(int((np.maximum(signs @ x[row], 0) ** 2).sum()) for row in rows)
    return Fraction(2 * total * n_in, len(rows) * len(signs) * int(x @ x))


def cases() -> Cases:
    """Every layer of up to three outputs and five inputs, under both initialisations; then every random graph."""
    for n_in in range(1, 6):
        rows = [enumerated(n_in, k) for k in range(n_in + 1)]  # at κ = 1
        for n_out in (1, 2, 3):
            for fan_ins in product(range(n_in + 1), repeat=n_out):
                k = np.array([Fraction(one) for one in fan_ins])
                for kappa in (k, n_in):
                    used = np.broadcast_to(kappa, k.shape)
                    found = sum(rows[own] / max(one, 1) for own, one in zip(fan_ins, used, strict=True)) / n_out
                    yield 1, abs(found - init_gain(k, kappa))
    for n_in, n_out in product(range(1, 5), repeat=2):
        for nnz in range(n_in * n_out + 1):
            empty, graphs = empty_outputs(n_in, n_out, nnz)
            yield 1, abs(empty / (graphs * n_out) - outputs_without_input(n_in, n_out, nnz))


def empty_outputs(n_in: int, n_out: int, nnz: int) -> tuple[int, int]:
    """(outputs without input in all graphs together, graphs): every way to spread nnz connections over fan-ins."""
    empty = graphs = 0
    for fan_ins in product(range(n_in + 1), repeat=n_out):
        if sum(fan_ins) == nnz:
            ways = prod(comb(n_in, k) for k in fan_ins)
            graphs += ways
            empty += ways * fan_ins.count(0)
    return empty, graphs


THEOREM = Theorem(
    name="init_gain", source="He 2015; Evci 2022; SRigL, appendix A",
    statement="E of ReLU(Wx)'s mean square is that of x under N(0, 2/k_i), and density times it under N(0, 2/n_in)",
    cases=cases, how="exhaustive; Monte-Carlo for `he_normal`, 1e-6", held="yes, except for outputs without input",
)  # fmt: skip
