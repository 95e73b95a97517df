"""One layer there and back: Y = W X + b, then ∂L/∂W on the active connections and ∂L/∂X, against all that can do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..formats import CSR
from ..kernels.arrays import Float
from ..kernels.memory import aligned_copy
from .clock import FULL, QUICK, race
from .operands import agree, samples, torch_csr, weight
from .peers import Peers
from .picture import curves, figure
from .result import Part, Result, Say

PEERS = ("torch", "sparseprop", "sparselab")
BATCH = 128
WIDTHS, DENSITIES = (1024, 4096), (0.4, 0.2, 0.1, 0.05, 0.02, 0.01)
NAMES = {
    "ours": "ours",
    "torch": "dense PyTorch",
    "numpy": "dense NumPy",
    "sparseprop": "SparseProp",
    "sparselab": "sparselab",
}
COLUMNS = {
    "n": ("n", ",d"),
    "density": ("density", "g"),
    "ours_ms": ("ours ms", ".3f"),
    **{f"{key}_ratio": (name, ".2f") for key, name in NAMES.items() if key != "ours"},
}
NOTES = (
    "Peers: how many times as long as ours. Dense ones make the gradient of every connection, sparse ones of the "
    "active ones; PyTorch has samples in rows, as nn.Linear, the others in columns.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every width at every density."""
    widths, densities = ((64,), (0.2, 0.05)) if quick else (WIDTHS, DENSITIES)
    rows = []
    for n in widths:
        for density in densities:
            say(f"n = {n}, density {density:g}")
            times = race(contestants(n, density, found), QUICK if quick else FULL)
            row: dict[str, Any] = {"n": n, "density": density}
            for name, taken in times.items():
                row |= {f"{name}_ms": 1e3 * taken.median, f"{name}_least_ms": 1e3 * taken.least}
                row[f"{name}_ratio"] = taken.over(times["ours"])
            rows.append(row)
    part = Part(f"forward and backward of one n × n layer, B = {BATCH}, float32", COLUMNS, rows, NOTES)
    return Result("layer", found.machine, [part], {"batch": BATCH, "dtype": "float32", "quick": quick})


def contestants(n: int, density: float, found: Peers) -> dict[str, Callable[[], Any]]:
    """A forward and a backward pass of each; their outputs Y have been checked to agree."""
    W, X, DY, bias = weight(CSR, (n, n), density), samples(n, BATCH), samples(n, BATCH), np.zeros(n, np.float32)
    D = aligned_copy(W.to_dense(), np.float32)

    def ours() -> Float:
        Y = W.affine(X, bias)
        W.backward(DY, X)
        return Y

    def numpy() -> Float:
        Y = D @ X
        DY @ X.T
        D.T @ DY
        return Y

    passes: dict[str, Callable[[], Any]] = {"ours": ours, "numpy": numpy}
    if "torch" in found:
        passes["torch"] = _torch(found, D, X, DY)
    if "torch" in found and "sparseprop" in found:
        passes["sparseprop"] = _sparseprop(found, W, X, DY)
    if "torch" in found and "sparselab" in found:
        passes["sparselab"] = _sparselab(found, W, X, DY)
    Y = ours()
    for name, there_and_back in passes.items():
        agree(name, there_and_back(), Y)
    return passes


def _torch(found: Peers, D: Float, X: Float, DY: Float) -> Callable[[], Any]:
    torch = found["torch"]
    W, x, dy = torch.from_numpy(D), torch.from_numpy(X).T.contiguous(), torch.from_numpy(DY).T.contiguous()

    def dense() -> Any:
        y = x @ W.T
        dy.T @ x
        dy @ W
        return y.T

    return dense


def _sparseprop(found: Peers, W: CSR, X: Float, DY: Float) -> Callable[[], Any]:
    torch, backend = found["torch"], found["sparseprop"].backend
    S = W.to_scipy()
    csr = torch.tensor(S.indptr).int(), torch.tensor(S.indices).int(), torch.tensor(S.data)
    x, dy = torch.from_numpy(X), torch.from_numpy(DY)

    def sparse() -> Any:
        y, dx, dw = torch.zeros(*DY.shape), torch.zeros(*X.shape), torch.zeros(W.nnz)  # it adds to what is there
        backend.sparse_linear_vectorized_forward(x, *csr, y)
        backend.sparse_linear_vectorized_backward(x, *csr, dy, dx, dw)
        return y

    return sparse


def _sparselab(found: Peers, W: CSR, X: Float, DY: Float) -> Callable[[], Any]:
    torch, sparselab = found["torch"], found["sparselab"]
    P = sparselab.layout.from_torch_sparse_csr(torch_csr(torch, W, "int64"))
    w = torch.from_numpy(np.array(P.values, copy=False)).requires_grad_(True)
    x, dy = torch.from_numpy(X).clone().requires_grad_(True), torch.from_numpy(DY)

    def sparse() -> Any:
        y = sparselab.ops._SpMMFunction.apply(w, P, x, "auto")
        y.backward(dy)
        x.grad = w.grad = None
        return y.detach()

    return sparse


def draw(result: Result) -> Figure:
    """Times against the density, a panel per width."""
    rows = result.parts[0].rows
    widths = sorted({row["n"] for row in rows})
    title = f"one layer, forward and backward, B = {BATCH}"
    picture, panels = figure([f"n = {n:,}" for n in widths], title, result.machine)
    for axes, n in zip(panels, widths, strict=True):
        curves(axes, [row for row in rows if row["n"] == n], "density", {f"{k}_ms": name for k, name in NAMES.items()})
        axes.set(xlabel="density", ylabel="time (ms)")
    return picture
