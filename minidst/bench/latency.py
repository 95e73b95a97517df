"""One sample through one layer: y = W x + b at the sizes of a transformer's feed-forward block."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..formats import CSR, Condensed
from ..kernels.memory import aligned_copy
from .clock import FULL, QUICK, race
from .operands import agree, samples, torch_csr, weight
from .peers import Peers
from .picture import bars, figure
from .result import Part, Result, Say

PEERS = ("scipy", "torch")
SHAPES, SPARSITIES = ((3072, 768), (768, 3072)), (0.9, 0.99)
NAMES = {
    "condensed": "our Condensed",
    "csr": "our CSR",
    "torch_csr": "PyTorch CSR",
    "scipy": "SciPy CSR",
    "dense": "dense PyTorch",
    "numpy": "dense NumPy",
}
COLUMNS = {
    "shape": ("W", "s"),
    "sparsity": ("sparsity", ".0%"),
    "condensed_us": ("Condensed µs", ".1f"),
    "csr_ratio": ("CSR", ".2f"),
    "torch_csr_ratio": ("PyTorch CSR", ".2f"),
    "scipy_ratio": ("SciPy", ".2f"),
    "dense_ratio": ("dense", ".2f"),
    "numpy_ratio": ("NumPy", ".2f"),
}
NOTES = (
    "W: (n_out, n_in), of constant fan-in, the same for all. CSR is ours; dense is PyTorch, NumPy dense too; each "
    "figure says how many times as long as our Condensed it takes, calls from Python included. PyTorch CSR is the "
    "faster of int32 and int64 indices.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every shape at every sparsity."""
    rows = []
    for shape in ((24, 32),) if quick else SHAPES:
        for sparsity in SPARSITIES[: 1 if quick else None]:
            say(f"{shape}, {sparsity:.0%}")
            times = race(contestants(shape, 1 - sparsity, found), QUICK if quick else FULL)
            if "torch_int32" in times:
                times["torch_csr"] = min(times["torch_int32"], times["torch_int64"], key=lambda taken: taken.median)
            row: dict[str, Any] = {"shape": "{}×{}".format(*shape), "sparsity": sparsity}
            for name, taken in times.items():
                row |= {f"{name}_us": 1e6 * taken.median, f"{name}_least_us": 1e6 * taken.least}
                row[f"{name}_ratio"] = taken.over(times["condensed"])
            rows.append(row)
    part = Part("y = W x + b for a single sample, float32", COLUMNS, rows, NOTES)
    return Result("latency", found.machine, [part], {"batch": 1, "quick": quick})


def contestants(shape: tuple[int, int], density: float, found: Peers) -> dict[str, Callable[[], Any]]:
    """The product of each; all have been checked to agree."""
    condensed, x = weight(Condensed, shape, density), samples(shape[1], 1)[:, 0]
    csr = deepcopy(condensed.to(CSR))  # or it would find in the cache the values that Condensed has just read
    b = np.ones(shape[0], np.float32)
    dense = aligned_copy(condensed.to_dense(), np.float32)
    products: dict[str, Callable[[], Any]] = {
        "condensed": lambda: condensed.affine(x, b),
        "csr": lambda: csr.affine(x, b),
        "numpy": lambda: dense @ x + b,
    }
    if "scipy" in found:
        S = csr.to_scipy()
        products["scipy"] = lambda: S @ x + b
    if "torch" in found:
        torch = found["torch"]
        D, T32, T64 = torch.from_numpy(dense), torch_csr(torch, csr, "int32"), torch_csr(torch, csr, "int64")
        xt, bt = torch.from_numpy(x), torch.from_numpy(b)
        products["torch_int32"] = lambda: torch.addmv(bt, T32, xt)
        products["torch_int64"] = lambda: torch.addmv(bt, T64, xt)
        products["dense"] = lambda: torch.nn.functional.linear(xt, D, bt)
    y = csr.affine(x, b)
    for name, product in products.items():
        agree(name, product(), y)
    return products


def draw(result: Result) -> Figure:
    """A panel per shape and sparsity, a bar per contestant."""
    rows = result.parts[0].rows
    titles = [f"{row['shape']}, {row['sparsity']:.0%} zeros" for row in rows]
    picture, panels = figure(titles, "one sample through one layer", result.machine)
    for axes, row in zip(panels, rows, strict=True):
        measured = [key for key in NAMES if f"{key}_us" in row]
        bars(axes, [NAMES[key] for key in measured], [row[f"{key}_us"] for key in measured])
        axes.set(xlabel="time (µs)")
    return picture
