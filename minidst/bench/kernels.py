"""The three products of a sparse layer: Y = W X compared with PyTorch's and SciPy's CSR, and the FLOP/s of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ..formats import COO, CSR, Condensed
from .peers import Peers
from .race import (
    BATCHES,
    FULL,
    INDICES,
    QUICK,
    Effort,
    check_agreement,
    faster_index,
    figures,
    per_sample,
    race,
    samples,
    skewed_weight,
    torch_csr,
    weight,
)
from .result import Part, Result, Say, Subject, draw_densities

BATCH = 128
WIDTHS, DENSITIES = (1024, 4096), (0.2, 0.1, 0.05, 0.02, 0.01)
SWEPT = (1024, 0.05), (4096, 0.01)  # at every batch size
COLUMNS = {
    "n": ("n", ",d"), "density": ("density", "g"), "csr_ms": ("CSR ms", ".3f"), "spmm_gflops": ("GFLOP/s", ".1f"),
    "torch_ratio": ("PyTorch", ".2f"), "scipy_ratio": ("SciPy", ".2f"), "coo_ratio": ("COO", ".2f"),
    "condensed_ratio": ("Condensed", ".2f"), "sddmm_gflops": ("DW", ".1f"), "transposed_gflops": ("DX", ".1f"),
}  # fmt: skip
BATCH_COLUMNS = {
    "n": ("n", ",d"), "density": ("density", "g"), "B": ("B", ",d"), "csr_sample_us": ("µs/sample", ".2f"),
    "torch_ratio": ("PyTorch", ".2f"), "scipy_ratio": ("SciPy", ".2f"), "coo_ratio": ("COO", ".2f"),
    "condensed_ratio": ("Condensed", ".2f"), "sddmm_ratio": ("DW", ".2f"), "transposed_ratio": ("DX", ".2f"),
}  # fmt: skip
SHAPE_COLUMNS = {
    "weights": ("W", "s"), "B": ("B", ",d"), "csr_ms": ("CSR ms", ".3f"), "torch_ratio": ("PyTorch", ".2f"),
    "scipy_ratio": ("SciPy", ".2f"), "coo_ratio": ("COO", ".2f"), "sddmm_ratio": ("DW", ".2f"),
    "transposed_ratio": ("DX", ".2f"),
}  # fmt: skip
NAMES = {"csr": "our CSR", "condensed": "our Condensed", "coo": "our COO", "torch": "PyTorch CSR", "scipy": "SciPy CSR"}
NOTES = (
    "PyTorch, SciPy, COO, Condensed: how many times as long as our CSR they take for Y = W X. PyTorch is the faster "
    "of int32 and int64 indices; Condensed has a graph of its own, of constant fan-in and as many connections.",
    "DW, DX: GFLOP/s of W.grad(DY, X) and W.T @ DY, of our CSR.",
)
BATCH_NOTES = (
    "All but µs and ms: how many times as long as our CSR takes for Y = W X; DW and DX too, which are ours.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every width at every density; then every batch size; then weights of other shapes."""
    effort = QUICK if quick else FULL
    swept, batches = (((64, 0.2),), (1, 10)) if quick else (SWEPT, BATCHES)
    parts = [
        by_density(tuple(product((64,) if quick else WIDTHS, (0.2, 0.05) if quick else DENSITIES)), found, effort, say),
        by_batch(swept, batches, found, effort, say),
        by_shape(quick, found, effort, say),
    ]
    return Result("kernels", found.machine, parts, {"batch": BATCH, "dtype": "float32", "quick": quick})


def by_density(sizes: tuple[tuple[int, float], ...], found: Peers, effort: Effort, say: Say) -> Part:
    """One row for each n and density."""
    rows = []
    for n, density in sizes:
        say(f"n = {n}, density {density:g}")
        condensed = weight(Condensed, (n, n), density)
        times = timed(weight(CSR, (n, n), density), BATCH, found, effort, condensed)
        nnz = round(density * n * n)
        row = {"n": n, "density": density, "connections": nnz, **figures(times, "csr")}
        for name, key in (("csr", "spmm"), ("sddmm", "sddmm"), ("transposed", "transposed")):
            row[f"{key}_gflops"] = 2 * nnz * BATCH / times[name].median / 1e9
        rows.append(row)
    return Part(f"Y = W X, n × n weights, B = {BATCH}, float32", COLUMNS, rows, NOTES)


def by_batch(
    swept: tuple[tuple[int, float], ...], batches: tuple[int, ...], found: Peers, effort: Effort, say: Say
) -> Part:
    """One row for each of these weights and each number of samples."""
    rows = []
    for (n, density), B in product(swept, batches):
        say(f"n = {n}, density {density:g}, B = {B}")
        condensed = weight(Condensed, (n, n), density)
        times = timed(weight(CSR, (n, n), density), B, found, effort, condensed)
        rows.append({"n": n, "density": density, "B": B, **figures(times, "csr"), **per_sample(times, B)})
    return Part("Y = W X at every batch size B, float32", BATCH_COLUMNS, rows, BATCH_NOTES)


def by_shape(quick: bool, found: Peers, effort: Effort, say: Say) -> Part:
    """Weights as they also occur: rectangles, double precision, hardly any fan-in, popular inputs."""
    n, wide = (32, 64) if quick else (1024, 4096)
    weights = {
        "10×1000, 50 %": weight(CSR, (10, 1000), 0.5), "300×3072, 5 %": weight(CSR, (300, 3072), 0.05),
        f"{n}×{n}, 5 %, float64": in_double(weight(CSR, (n, n), 0.05)),
        f"{n}×{n}, 5 %, skewed": skewed_weight((n, n), 0.05),
        **{f"{wide}×{wide}, fan-in {k}": weight(CSR, (wide, wide), k / wide) for k in (1, 2, 3)},
    }  # fmt: skip
    rows = []
    for (name, W), B in product(weights.items(), (10, BATCH)):
        say(f"{name}, B = {B}")
        rows.append({"weights": name, "B": B, **figures(timed(W, B, found, effort), "csr")})
    note = (
        "skewed: inputs are drawn by a power law, so that fan-outs differ many times. It is harsher than what SET "
        "does in six epochs of Fashion-MNIST, where fan-outs have a standard deviation of a seventh of their mean."
    )
    return Part("Y = W X of other weights", SHAPE_COLUMNS, rows, (*BATCH_NOTES, note))


def in_double(W: CSR) -> CSR:
    """The same weights in float64."""
    return CSR.from_connections(W.shape, *W.connections(), W.values.astype(np.float64))


def timed(W: CSR, B: int, found: Peers, effort: Effort, condensed: Condensed | None = None) -> Any:
    """Race all contestants; PyTorch counts with the faster index type."""
    return faster_index(race(contestants(W, B, found, condensed), effort), "torch")


def contestants(W: CSR, B: int, found: Peers, condensed: Condensed | None = None) -> dict[str, Callable[[], Any]]:
    """The products by name; all that compute Y = W X of the same W have been checked to agree."""
    (n_out, n_in), coo = W.shape, W.to(COO)
    X, DY = samples(n_in, B, W.dtype), samples(n_out, B, W.dtype)
    products: dict[str, Callable[[], Any]] = {"csr": lambda: W @ X, "coo": lambda: coo @ X}
    if "scipy" in found:
        S = W.to_scipy()
        products["scipy"] = lambda: S @ X
    if "torch" in found:
        torch = found["torch"]
        Xt = torch.from_numpy(X)
        products |= {f"torch_{index}": partial(torch.matmul, torch_csr(torch, W, index), Xt) for index in INDICES}
    check_agreement(products, W @ X)
    if condensed is not None:
        products["condensed"] = lambda: condensed @ X
    return products | {"sddmm": lambda: W.grad(DY, X), "transposed": lambda: W.T @ DY}


draw = partial(draw_densities, title="Y = W X", names=NAMES)
KERNELS = Subject("kernels", "the three products of a sparse layer", measure, draw, ("scipy", "torch"))
