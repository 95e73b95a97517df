"""Theorem 10, by the FLOPs columns of RigL's figure 2, recomputed from the layers of ResNet-50."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..theory import erk_densities, forward_flops, resnet50, train_flops
from .theorem import Cases, Theorem

EVERY = 100  # ΔT
FIRST_SIDE, PER_OUTPUT = 115, 1
"""As the authors' code counts: the first convolution padded twice, so 115×115 outputs for 112×112; ReLU is a FLOP."""


class TableRow(NamedTuple):
    """A line of the table at one sparsity: method, kind of densities, training length, and the FLOPs printed."""

    method: str
    kind: str
    sparsity: float
    length: float
    train: float
    test: float


TABLE = (
    TableRow("static", "first dense", 0.8, 1, 0.23, 0.23),
    TableRow("snip", "first dense", 0.8, 1, 0.23, 0.23),
    TableRow("set", "first dense", 0.8, 1, 0.23, 0.23),
    TableRow("rigl", "first dense", 0.8, 1, 0.23, 0.23),
    TableRow("rigl", "first dense", 0.8, 5, 1.14, 0.23),
    TableRow("static", "erk", 0.8, 1, 0.42, 0.42),
    TableRow("rigl", "erk", 0.8, 1, 0.42, 0.42),
    TableRow("rigl", "erk", 0.8, 5, 2.09, 0.42),
    TableRow("snfs", "erk", 0.8, 1, 0.61, 0.42),
    TableRow("dense", "first dense", 0.8, 1, 1.00, 0.23),  # pruning while training, counted as dense
    TableRow("dense", "first dense", 0.8, 1.5, 1.50, 0.23),
    TableRow("static", "uniform", 0.9, 1, 0.10, 0.10),  # the first layer as sparse as the others, against section 3(1)
    TableRow("snip", "uniform", 0.9, 1, 0.10, 0.10),
    TableRow("static", "narrow .34", 0.9, 1, 0.12, 0.12),
    TableRow("set", "uniform", 0.9, 1, 0.10, 0.10),
    TableRow("rigl", "uniform", 0.9, 1, 0.10, 0.10),
    TableRow("static", "narrow .34", 0.9, 5, 0.60, 0.12),
    TableRow("rigl", "uniform", 0.9, 5, 0.52, 0.10),
    TableRow("static", "erk", 0.9, 1, 0.24, 0.24),
    TableRow("rigl", "erk", 0.9, 1, 0.25, 0.24),
    TableRow("rigl", "erk", 0.9, 5, 1.23, 0.24),
    TableRow("snfs", "erk", 0.9, 1, 0.50, 0.24),
    TableRow("dense", "uniform", 0.9, 1, 1.00, 0.10),
    TableRow("dense", "uniform", 0.9, 1.5, 1.50, 0.10),
)
"""All rows except DSR's, whose layers get their densities in training, and SMALL_DENSE. "first dense": uniform, with
a dense first layer. That the uniform rows at 0.9 have a sparse one is inferred from their numbers: see the proof."""

SMALL_DENSE = (
    TableRow("static", "narrow .465", 0.8, 1, 0.20, 0.20),
    TableRow("static", "narrow .465", 0.8, 5, 1.01, 0.20),
)
"""Not reproduced, and not among the cases: at the width in the authors' notebook these are 0.22 and 1.11."""

RELEASED = (TableRow("rigl", "first dense", 0.9, 1, 0.13, 0.13), TableRow("rigl", "first dense", 0.9, 5, 0.66, 0.13))
"""From the README of the authors' code, for uniform densities at 0.9."""


def share(kind: str, sparsity: float, first_side: int = FIRST_SIDE, per_output: int = PER_OUTPUT) -> float:
    """f_S/f_D of ResNet-50."""
    layers = resnet50(first_side=first_side)
    ones, f_D = [1.0] * len(layers), forward_flops(layers, [1] * len(layers), per_output)
    if kind.startswith("narrow"):
        narrow = resnet50(float(kind.removeprefix("narrow ")), first_side)
        return float(forward_flops(narrow, ones, per_output) / f_D)
    densities = np.full(len(layers), 1 - sparsity)
    if kind == "erk":
        densities = erk_densities([shape for shape, _ in layers], 1 - sparsity)
    elif kind == "first dense":
        densities[0] = 1
    return float(forward_flops(layers, densities.tolist(), per_output) / f_D)


def disagreements(
    rows: tuple[TableRow, ...], first_side: int = FIRST_SIDE, per_output: int = PER_OUTPUT
) -> Iterator[str]:
    """A line for every number that differs from the printed one, rounded to its two digits."""
    for row in rows:
        f_S = share(row.kind, row.sparsity, first_side, per_output)
        train = row.length * train_flops(row.method, f_S, 1, EVERY) / train_flops("dense", f_D=1)
        for value, printed in ((train, row.train), (f_S, row.test)):
            if round(value, 2) != printed:
                yield f"{row.method} {row.kind} {row.sparsity} ×{row.length}: {value:.4f}, printed {printed}"


def cases() -> Cases:
    """How many of the printed numbers differ, the dense network's 8e9 and 3e18 among them."""
    layers = resnet50(first_side=FIRST_SIDE)
    f_D = forward_flops(layers, [1] * len(layers), PER_OUTPUT)
    yield 1, f"{f_D:.0e}" != "8e+09"
    yield 1, f"{train_flops('dense', f_D=f_D) * 32_000 * 4096:.0e}" != "3e+18"
    yield 2 * len(TABLE + RELEASED), sum(1 for _ in disagreements(TABLE + RELEASED))


THEOREM = Theorem(
    name="train_flops", source="RigL, appendix A, section 3(4) and figure 2",
    statement="3f_S; 2f_S + f_D for SNFS; RigL's extra over 3f_S is below f_S/(ΔT(1 − s)), small if ΔT > 1/(1 − s)",
    cases=cases, how="symbolic; 54 published FLOPs of ResNet-50 to their digits, counted as the authors' code does",
    held="the formulas do; in the table small-dense at 0.8 differs, uniform at 0.9 unless its first layer is sparse",
)  # fmt: skip
