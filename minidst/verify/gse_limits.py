"""Theorem 8: every subset, every sequence of draws, and whole updates of every small layer against RigL's."""

from collections import Counter
from itertools import combinations, product
from typing import Any, cast

import numpy as np

from ..dst import GuidedSample, Method, exchange, method
from ..dst.papers.gse.distributions import uniform
from ..formats import CSR
from ..nn import SparseLinear
from ..theory import gse_limits, uniform_sample
from .theorem import Cases, Theorem


def cases() -> Cases:
    """How often each rank is grown, how often each S is drawn, and that GSE with S = W ∖ A is RigL without regrowth."""
    for absent in range(1, 8):
        for n, k in product(range(absent + 1), range(absent + 2)):
            grown = Counter(r for S in combinations(range(absent), n) for r in S[:k])
            counts = gse_limits(absent, n, k)
            yield absent, max(abs(grown[r] - counts[r]) for r in range(absent))
    for places, m in product(range(1, 6), range(6)):
        for active in range(places + 1):
            sequences = product(range(places), repeat=m)
            drawn = Counter(tuple(sorted({e for e in draws if e >= active})) for draws in sequences)
            for n, count in enumerate(uniform_sample(places, active, m)):
                for T in combinations(range(active, places), n):
                    yield 1, abs(drawn[T] - count)
    yield from updates()


def updates() -> Cases:
    """Every |∇| ∈ {0, 1, 2}^(2×2), every non-empty mask, ties among θ and |∇|, half of the connections exchanged."""
    gse = method("gse-uniform", candidates=GuidedSample(uniform, 4))
    rigl = method("rigl", regrow_pruned=False, round="ceil")
    for mask, nabla in product(list(product((0, 1), repeat=4))[1:], product(range(3), repeat=4)):
        W = np.reshape(np.multiply(mask, (3, -1, 2, -1)), (2, 2)).astype(float)
        one, other = (updated(W, nabla, record, 0.5).W.keys().tolist() for record in (gse, rigl))
        yield 1, one != other


class Everything:
    """Stands in for a Generator: uniforms for the outputs, then for the inputs, that together make every pair."""

    def __init__(self, n_out: int, n_in: int) -> None:
        self.ends = [(end.reshape(-1) + 0.5) / (end.max() + 1) for end in np.indices((n_out, n_in))]

    def random(self, m: int) -> Any:
        """One end of all pairs, repeated to m numbers."""
        return np.resize(self.ends.pop(0), m)


def updated(W: Any, nabla: Any, record: Method, fraction: float) -> SparseLinear:
    """A layer of weights W after one update whose gradient of all connections is `nabla`, row by row."""
    layer = SparseLinear(CSR.from_dense(W))
    layer.X, layer.DY = np.eye(W.shape[1]), np.reshape(nabla, W.shape).astype(float)
    layer.weight.grad = layer.W.grad(layer.DY, layer.X)
    exchange(layer, record, fraction, cast(np.random.Generator, Everything(*W.shape)))
    return layer


THEOREM = Theorem(
    name="gse_limits", source="GSE 2022, sec. 3",
    statement="uniform S: the r-th best is grown in Σ_{i<k} C(r, i)C(N′ − 1 − r, n − 1 − i) of the C(N′, n) samples",
    cases=cases, held="SET's growth at one end, yes; RigL at the other only if it regrows nothing it drops",
)  # fmt: skip
