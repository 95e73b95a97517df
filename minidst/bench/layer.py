"""One layer: forward and backward of a batch against every library that has both, and a single sample forward."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ..formats import CSR, Condensed
from ..kernels.arrays import Float
from ..kernels.memory import aligned_copy
from .peers import Peers
from .race import (
    BATCHES,
    FULL,
    INDICES,
    QUICK,
    check_agreement,
    faster_index,
    figures,
    per_sample,
    race,
    samples,
    torch_csr,
    weight,
)
from .result import Part, Result, Say, Subject, draw_densities, draw_rows

BATCH = 128
WIDTHS, DENSITIES = (1024, 4096), (0.4, 0.2, 0.1, 0.05, 0.02, 0.01)
SWEPT = (1024, 0.05), (4096, 0.01)  # at every batch size
OTHERS = {
    "torch_csr": "PyTorch CSR",
    "torch": "dense PyTorch",
    "numpy": "dense NumPy",
    "sparseprop": "SparseProp",
    "sparselab": "sparselab",
}
HEADINGS = OTHERS | {"torch_csr": "torch CSR", "torch": "dense", "numpy": "NumPy"}
COLUMNS = {
    "n": ("n", ",d"), "density": ("density", "g"), "ours_ms": ("ours ms", ".3f"),
    **{f"{key}_ratio": (name, ".2f") for key, name in HEADINGS.items()},
}  # fmt: skip
BATCH_COLUMNS = {
    "n": ("n", ",d"), "density": ("density", "g"), "B": ("B", ",d"), "ours_sample_us": ("µs/sample", ".2f"),
    **{f"{key}_ratio": (name, ".2f") for key, name in HEADINGS.items()},
}  # fmt: skip
NOTES = (
    "Peers: how many times as long as ours. Dense ones make the gradient of every connection, sparse ones of the "
    "active ones. torch CSR: its three products with a CSR matrix and its transpose; dense: PyTorch's, which has "
    "samples in rows, as nn.Linear, the others in columns; NumPy: dense too.",
)


def measure(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every width at every density, then every batch size."""
    effort, rows, batches = QUICK if quick else FULL, [], []
    for n, density in ((64, 0.2), (64, 0.05)) if quick else product(WIDTHS, DENSITIES):
        say(f"n = {n}, density {density:g}")
        times = faster_index(race(contestants(n, density, BATCH, found), effort), "torch_csr")
        rows.append({"n": n, "density": density, **figures(times, "ours")})
    for (n, density), B in product(((64, 0.2),), (1, 10)) if quick else product(SWEPT, BATCHES):
        say(f"n = {n}, density {density:g}, B = {B}")
        times = faster_index(race(contestants(n, density, B, found), effort), "torch_csr")
        batches.append({"n": n, "density": density, "B": B, **figures(times, "ours"), **per_sample(times, B)})
    title = "forward and backward of one n × n layer"
    parts = [
        Part(f"{title}, B = {BATCH}, float32", COLUMNS, rows, NOTES),
        Part(f"{title} at every batch size B, float32", BATCH_COLUMNS, batches),
    ]
    return Result("layer", found.machine, parts, {"batch": BATCH, "dtype": "float32", "quick": quick})


def contestants(n: int, density: float, B: int, found: Peers) -> dict[str, Callable[[], Any]]:
    """A forward and a backward pass of each; their outputs Y have been checked to agree."""
    W, X, DY, bias = weight(CSR, (n, n), density), samples(n, B), samples(n, B), np.zeros(n, np.float32)
    D = aligned_copy(W.to_dense(), np.float32)

    def ours() -> Any:
        Y = W.affine(X, bias)
        W.backward(DY, X)
        return Y

    def numpy() -> Any:
        Y = D @ X
        DY @ X.T
        D.T @ DY
        return Y

    passes: dict[str, Callable[[], Any]] = {"ours": ours, "numpy": numpy}
    if "torch" in found:  # the other two compute with its tensors
        passes["torch"] = _torch(found["torch"], D, X, DY)
        passes |= {f"torch_{index}": _torch_csr(found["torch"], W, X, DY, index) for index in INDICES}
        rivals = {"sparseprop": _sparseprop, "sparselab": _sparselab}
        passes |= {name: rival(found, W, X, DY) for name, rival in rivals.items() if name in found}
    check_agreement(passes, ours())
    return passes


def _torch(torch: Any, D: Float, X: Float, DY: Float) -> Callable[[], Any]:
    W, x, dy = torch.from_numpy(D), torch.from_numpy(X).T.contiguous(), torch.from_numpy(DY).T.contiguous()

    def dense() -> Any:
        y = x @ W.T
        dy.T @ x
        dy @ W
        return y.T

    return dense


def _torch_csr(torch: Any, W: CSR, X: Float, DY: Float, index: str) -> Callable[[], Any]:
    S, T = torch_csr(torch, W, index), torch_csr(torch, CSR.from_scipy(W.to_scipy().T.tocsr()), index)
    zero = torch.sparse_csr_tensor(S.crow_indices(), S.col_indices(), torch.zeros(W.nnz), W.shape)
    x, dy = torch.from_numpy(X), torch.from_numpy(DY)

    def sparse() -> Any:
        y = S @ x
        torch.sparse.sampled_addmm(zero, dy, x.T, beta=0)
        T @ dy  # Wᵀ was made beforehand: the other contestants' views of it are not timed either
        return y

    return sparse


def _sparseprop(found: Peers, W: CSR, X: Float, DY: Float) -> Callable[[], Any]:
    torch, backend = found["torch"], found["sparseprop"].backend
    S = W.to_scipy()
    csr = torch.tensor(S.indptr).int(), torch.tensor(S.indices).int(), torch.tensor(S.data)
    x, dy = torch.from_numpy(X), torch.from_numpy(DY)

    def sparse() -> Any:
        y, dx, dw = torch.zeros(*DY.shape), torch.zeros(*X.shape), torch.zeros(W.nnz)  # SparseProp adds to its outputs
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


draw = partial(draw_densities, title="one layer, forward and backward", names={"ours": "ours", **OTHERS})
LAYER = Subject("layer", "one layer there and back", measure, draw, ("torch", "sparseprop", "sparselab"))

# one sample, y = W x + b, at the sizes of a transformer's feed-forward block

SHAPES, SPARSITIES = ((3072, 768), (768, 3072)), (0.9, 0.99)
LATENCY_NAMES = {
    "condensed": "our Condensed", "csr": "our CSR", "torch_csr": "PyTorch CSR", "scipy": "SciPy CSR",
    "dense": "dense PyTorch", "numpy": "dense NumPy",
}  # fmt: skip
LATENCY_COLUMNS = {
    "shape": ("W", "s"), "sparsity": ("sparsity", ".0%"), "condensed_us": ("Condensed µs", ".1f"),
    "csr_ratio": ("CSR", ".2f"), "torch_csr_ratio": ("PyTorch CSR", ".2f"), "scipy_ratio": ("SciPy", ".2f"),
    "dense_ratio": ("dense", ".2f"), "numpy_ratio": ("NumPy", ".2f"),
}  # fmt: skip
LATENCY_NOTES = (
    "W: (n_out, n_in), of constant fan-in, the same for all. CSR is ours; dense is PyTorch, NumPy dense too; each "
    "figure says how many times as long as our Condensed it takes, calls from Python included. PyTorch CSR is the "
    "faster of int32 and int64 indices.",
)


def measure_latency(found: Peers, say: Say, *, quick: bool = False) -> Result:
    """Every shape at every sparsity."""
    rows = []
    for shape, sparsity in (((24, 32), 0.9),) if quick else product(SHAPES, SPARSITIES):
        say(f"{shape}, {sparsity:.0%}")
        times = race(latency_contestants(shape, 1 - sparsity, found), QUICK if quick else FULL)
        row = {"shape": "{}×{}".format(*shape), "sparsity": sparsity}
        rows.append(row | figures(faster_index(times, "torch_csr"), "condensed", "us"))
    part = Part("y = W x + b for a single sample, float32", LATENCY_COLUMNS, rows, LATENCY_NOTES)
    return Result("latency", found.machine, [part], {"batch": 1, "quick": quick})


def latency_contestants(shape: tuple[int, int], density: float, found: Peers) -> dict[str, Callable[[], Any]]:
    """The product of each; all have been checked to agree."""
    condensed, x = weight(Condensed, shape, density), samples(shape[1], 1)[:, 0]
    csr = deepcopy(condensed.to(CSR))  # a copy, or the values that Condensed has just read would be in the cache
    b = np.ones(shape[0], np.float32)
    dense = aligned_copy(condensed.to_dense(), np.float32)
    products: dict[str, Callable[[], Any]] = {
        "condensed": lambda: condensed.affine(x, b), "csr": lambda: csr.affine(x, b), "numpy": lambda: dense @ x + b,
    }  # fmt: skip
    if "scipy" in found:
        S = csr.to_scipy()
        products["scipy"] = lambda: S @ x + b
    if "torch" in found:
        torch = found["torch"]
        D, xt, bt = torch.from_numpy(dense), torch.from_numpy(x), torch.from_numpy(b)
        products |= {f"torch_{index}": partial(torch.addmv, bt, torch_csr(torch, csr, index), xt) for index in INDICES}
        products["dense"] = partial(torch.nn.functional.linear, xt, D, bt)
    check_agreement(products, csr.affine(x, b))
    return products


draw_latency = partial(draw_rows, title="one sample through one layer", panel="{shape}, {sparsity:.0%} zeros",
                       names=LATENCY_NAMES, unit="us")  # fmt: skip
LATENCY = Subject("latency", "one sample through one layer", measure_latency, draw_latency, ("scipy", "torch"))
