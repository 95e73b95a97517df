"""The three products of a sparse layer: Y = W X against PyTorch's and SciPy's CSR, and what each of ours reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from ..formats import COO, CSR, Condensed
from .clock import FULL, QUICK, Times, race
from .operands import agree, samples, torch_csr, weight
from .peers import Peers
from .picture import curves, figure
from .result import Part, Result, Say

PEERS = ("scipy", "torch")
BATCH = 128
WIDTHS, DENSITIES = (1024, 4096), (0.2, 0.1, 0.05, 0.02, 0.01)
COLUMNS = {
    "n": ("n", ",d"),
    "density": ("density", "g"),
    "csr_ms": ("CSR ms", ".3f"),
    "spmm_gflops": ("GFLOP/s", ".1f"),
    "torch_ratio": ("PyTorch", ".2f"),
    "scipy_ratio": ("SciPy", ".2f"),
    "coo_ratio": ("COO", ".2f"),
    "condensed_ratio": ("Condensed", ".2f"),
    "sddmm_gflops": ("DW", ".1f"),
    "transposed_gflops": ("DX", ".1f"),
}
NAMES = {
    "csr": "our CSR",
    "condensed": "our Condensed",
    "coo": "our COO",
    "torch": "PyTorch CSR",
    "scipy": "SciPy CSR",
}
NOTES = (
    "PyTorch, SciPy, COO, Condensed: how many times as long as our CSR they take for Y = W X. PyTorch is the faster "
    "of int32 and int64 indices; Condensed has a graph of its own, of constant fan-in and as many connections.",
    "DW, DX: GFLOP/s of W.grad(DY, X) and W.T @ DY, of our CSR.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every width at every density."""
    widths, densities = ((64,), (0.2, 0.05)) if quick else (WIDTHS, DENSITIES)
    effort, rows = QUICK if quick else FULL, []
    for n in widths:
        for density in densities:
            say(f"n = {n}, density {density:g}")
            products, nnz = contestants(n, density, found)
            times = race(products, effort)
            rows.append({"n": n, "density": density, "connections": nnz, **_figures(times, 2 * nnz * BATCH)})
    part = Part(f"Y = W X, n × n weights, B = {BATCH}, float32", COLUMNS, rows, NOTES)
    return Result("kernels", found.machine, [part], {"batch": BATCH, "dtype": "float32", "quick": quick})


def contestants(n: int, density: float, found: Peers) -> tuple[dict[str, Callable[[], Any]], int]:
    """The products by name, and the connections of W. All that compute Y = W X of one W have been checked to agree."""
    W, condensed = weight(CSR, (n, n), density), weight(Condensed, (n, n), density)
    coo, X, DY = W.to(COO), samples(n, BATCH), samples(n, BATCH)
    products: dict[str, Callable[[], Any]] = {"csr": lambda: W @ X, "coo": lambda: coo @ X}
    if "scipy" in found:
        S = W.to_scipy()
        products["scipy"] = lambda: S @ X
    if "torch" in found:
        torch = found["torch"]
        T32, T64, Xt = torch_csr(torch, W, "int32"), torch_csr(torch, W, "int64"), torch.from_numpy(X)
        products |= {"torch int32": lambda: T32 @ Xt, "torch int64": lambda: T64 @ Xt}
    Y = W @ X
    for name, product in products.items():
        agree(name, product(), Y)
    return products | {
        "condensed": lambda: condensed @ X,
        "sddmm": lambda: W.grad(DY, X),
        "transposed": lambda: W.T @ DY,
    }, W.nnz


def _figures(times: dict[str, Times], flops: int) -> dict[str, float]:
    if "torch int32" in times:
        times["torch"] = min(times["torch int32"], times["torch int64"], key=lambda t: t.median)
    figures: dict[str, float] = {}
    for name, taken in times.items():
        key = name.replace(" ", "_")
        figures |= {f"{key}_ms": 1e3 * taken.median, f"{key}_least_ms": 1e3 * taken.least}
        figures[f"{key}_ratio"] = taken.over(times["csr"])
    for name, key in (("csr", "spmm"), ("sddmm", "sddmm"), ("transposed", "transposed")):
        figures[f"{key}_gflops"] = flops / times[name].median / 1e9
    return figures


def draw(result: Result) -> Figure:
    """Times of Y = W X against the density, a panel per width."""
    rows = result.parts[0].rows
    widths = sorted({row["n"] for row in rows})
    picture, panels = figure([f"n = {n:,}" for n in widths], f"Y = W X, B = {BATCH}", result.machine)
    for axes, n in zip(panels, widths, strict=True):
        of_n = [row for row in rows if row["n"] == n]
        curves(axes, of_n, "density", {f"{key}_ms": label for key, label in NAMES.items()})
        axes.set(xlabel="density", ylabel="time (ms)")
    return picture
