"""The three products of a sparse layer: Y = W X compared with PyTorch's and SciPy's CSR, and the FLOP/s of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

from ..formats import COO, CSR, Condensed
from .peers import Peers
from .race import FULL, INDICES, QUICK, check_agreement, faster_index, figures, race, samples, torch_csr, weight
from .result import Part, Result, Say, Subject, draw_densities

BATCH = 128
WIDTHS, DENSITIES = (1024, 4096), (0.2, 0.1, 0.05, 0.02, 0.01)
COLUMNS = {
    "n": ("n", ",d"), "density": ("density", "g"), "csr_ms": ("CSR ms", ".3f"), "spmm_gflops": ("GFLOP/s", ".1f"),
    "torch_ratio": ("PyTorch", ".2f"), "scipy_ratio": ("SciPy", ".2f"), "coo_ratio": ("COO", ".2f"),
    "condensed_ratio": ("Condensed", ".2f"), "sddmm_gflops": ("DW", ".1f"), "transposed_gflops": ("DX", ".1f"),
}  # fmt: skip
NAMES = {"csr": "our CSR", "condensed": "our Condensed", "coo": "our COO", "torch": "PyTorch CSR", "scipy": "SciPy CSR"}
NOTES = (
    "PyTorch, SciPy, COO, Condensed: how many times as long as our CSR they take for Y = W X. PyTorch is the faster "
    "of int32 and int64 indices; Condensed has a graph of its own, of constant fan-in and as many connections.",
    "DW, DX: GFLOP/s of W.grad(DY, X) and W.T @ DY, of our CSR.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every width at every density."""
    rows = []
    for n, density in ((64, 0.2), (64, 0.05)) if quick else product(WIDTHS, DENSITIES):
        say(f"n = {n}, density {density:g}")
        times = faster_index(race(contestants(n, density, found), QUICK if quick else FULL), "torch")
        nnz = round(density * n * n)
        row = {"n": n, "density": density, "connections": nnz, **figures(times, "csr")}
        for name, key in (("csr", "spmm"), ("sddmm", "sddmm"), ("transposed", "transposed")):
            row[f"{key}_gflops"] = 2 * nnz * BATCH / times[name].median / 1e9
        rows.append(row)
    part = Part(f"Y = W X, n × n weights, B = {BATCH}, float32", COLUMNS, rows, NOTES)
    return Result("kernels", found.machine, [part], {"batch": BATCH, "dtype": "float32", "quick": quick})


def contestants(n: int, density: float, found: Peers) -> dict[str, Callable[[], Any]]:
    """The products by name; all that compute Y = W X of the same W have been checked to agree."""
    W, condensed = weight(CSR, (n, n), density), weight(Condensed, (n, n), density)
    coo, X, DY = W.to(COO), samples(n, BATCH), samples(n, BATCH)
    products: dict[str, Callable[[], Any]] = {"csr": lambda: W @ X, "coo": lambda: coo @ X}
    if "scipy" in found:
        S = W.to_scipy()
        products["scipy"] = lambda: S @ X
    if "torch" in found:
        torch = found["torch"]
        Xt = torch.from_numpy(X)
        products |= {f"torch_{index}": partial(torch.matmul, torch_csr(torch, W, index), Xt) for index in INDICES}
    check_agreement(products, W @ X)
    others = {"condensed": lambda: condensed @ X, "sddmm": lambda: W.grad(DY, X), "transposed": lambda: W.T @ DY}
    return products | others


draw = partial(draw_densities, title=f"Y = W X, B = {BATCH}", names=NAMES)
KERNELS = Subject("kernels", "the three products of a sparse layer", measure, draw, ("scipy", "torch"))
