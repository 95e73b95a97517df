"""A method of dynamic sparse training is a record: what it prunes, where it looks, what it grows, when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from ..kernels.arrays import Float, Offset
from ..nn.network import Network
from .contradictions import contradictions
from .grow import Candidates
from .prune import Criterion, Round
from .schedule import Schedule
from .score import Score


class Exchange(NamedTuple):
    """What one update did: connections pruned, grown, and looked at (|S|; all absent ones for RigL)."""

    pruned: int = 0
    grown: int = 0
    considered: int = 0

    def plus(self, other: Exchange) -> Exchange:
        """Both together."""
        return Exchange(*(a + b for a, b in zip(self, other, strict=True)))


Newborn = Callable[[Offset, Offset, np.random.Generator, Any], Float]
"""(rows of the new connections, fan-in of every row after the update, rng, dtype) → their first weights."""

Batches = Callable[[], Iterator[tuple[Float, Any]]]
"""A call starts a pass over the training set: (X, y) of one batch after the other, X (n_in, B)."""

Begin = Callable[[Network, Batches, np.random.Generator], None]
"""What happens to a network before its first step, such as cutting a dense one down to `net.budget`."""

Update = Callable[[Network, "Method", float, np.random.Generator], Exchange]
"""A topology update of a whole network, for methods that are not prune-then-grow in each layer."""

AfterStep = Callable[[Network, float, np.random.Generator], Exchange]
"""(net, lr, rng): what happens after every optimizer step."""


def zeros(born_rows: Offset, fan_in: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """0: the network's output does not move at the update (RigL)."""
    return np.zeros(born_rows.size, dtype)


def from_init(born_rows: Offset, fan_in: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """N(0, 2/k_i), as at the start, with the fan-in k_i after the update."""
    return (rng.standard_normal(born_rows.size) * np.sqrt(2 / fan_in[born_rows])).astype(dtype)


DEFAULT_SCHEDULE = Schedule(alpha=0.3, every=100, until=0.75)  # RigL's


@dataclass(frozen=True)
class Method:
    """One row of the method table; `dst.update` and the trainer read it and know no method by name.

    name, paper, summary, memory, flops: for people; the last two are formulas, per layer and per training sample.
    start: "sparse", a random graph; "dense", every connection; "small-dense", a narrower dense network.
    format: how layers are stored, "csr" unless the method needs another.
    begin: done once before the first step.
    prune: score of active connections, the lowest go; None: nothing is pruned by score.
    candidates, score: growth (see `dst.grow`, `dst.score`); score None grows any k of the candidates.
    newborn: first weights of the grown; momentum starts at 0.
    schedule: when, and which fraction α_t.
    round: of α_t·nnz to a whole number k.
    scope: are k, the pruned and the grown chosen in each layer, or among all connections of the network?
    order: "prune_then_grow", or "grow_then_prune": G is chosen, with its random draws, while all of A is active and
    nothing has been scored for pruning; then as many go. Methods with an `update` of their own have their own order.
    regrow_pruned: may a connection dropped in this update be grown in it? keep_value_on_regrow: if so, does it keep
    its weight and momentum (several codes) instead of starting anew (the papers)?
    skip_optimizer_step: the update takes the place of the optimizer's step (Evci et al. 2020, algorithm 1).
    update: replaces prune-then-grow as a whole; after_step: done after every optimizer step.
    micro_batches: into how many parts the batch of an update is cut, for guided samples (see `dst.micro`).
    rounds: sparsities of successive trainings, rewound to the first weights in between (lottery tickets).
    needs_dense: True if it ever holds n_out·n_in numbers of a layer.
    Raises ValueError for a record that contradicts itself.
    """

    name: str
    paper: str
    summary: str
    memory: str = "O(nnz)"
    flops: str = "3 f_S"
    start: Literal["sparse", "dense", "small-dense"] = "sparse"
    format: str = "csr"
    begin: Begin | None = None
    prune: Criterion | None = None
    candidates: Candidates | None = None
    score: Score | None = None
    newborn: Newborn = zeros
    schedule: Schedule = DEFAULT_SCHEDULE
    round: Round = "floor"
    scope: Literal["layer", "global"] = "layer"
    order: Literal["prune_then_grow", "grow_then_prune"] = "prune_then_grow"
    regrow_pruned: bool = True
    keep_value_on_regrow: bool = False
    skip_optimizer_step: bool = True
    update: Update | None = None
    after_step: AfterStep | None = None
    micro_batches: int = 1
    rounds: tuple[float, ...] = ()
    needs_dense: bool = False

    def __post_init__(self) -> None:
        for contradiction, remedy in contradictions(self):
            if contradiction:
                raise ValueError(f"method {self.name!r} {remedy}")

    @property
    def dynamic(self) -> bool:
        """Whether it ever changes a topology that it started with."""
        return self.prune is not None or self.update is not None or self.after_step is not None


def name_of(part: Any) -> str:
    """A record's part as tables print it: `per sign`, `graest sample, γ = 1`, `—` for none."""
    return "—" if part is None else (getattr(part, "__name__", None) or str(part)).replace("_", " ")
