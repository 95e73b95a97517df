"""A method of dynamic sparse training is a record: what it prunes, where it looks, what it grows, when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from ..given import is_whole, is_within, quoted
from ..kernels.arrays import Float, Offset
from ..nn.network import Network
from .grow import Candidates, all_absent
from .prune import ROUNDS, Criterion, Round
from .schedule import Schedule
from .score import Score, gradient


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
        for contradiction, remedy in self._contradictions():
            if contradiction:
                raise ValueError(f"method {self.name!r} {remedy}")

    def _contradictions(self) -> Iterator[tuple[bool, str]]:
        grows, own_update = self.candidates is not None, self.update is not None
        yield (
            not own_update and (self.prune is None) != (not grows),
            "must both prune and grow, or neither: set prune and candidates",
        )
        yield self.score is not None and not grows, "scores candidates and has none; set candidates, or score=None"
        yield (
            self.candidates is all_absent and self.score is None,
            "needs a score for all absent connections; or use candidates=random_absent",
        )
        starts = ("sparse", "dense", "small-dense")
        yield self.start not in starts, f"has start {quoted(self.start)}; choose one of {', '.join(map(repr, starts))}"
        for part in ("prune", "candidates", "newborn", "begin", "update", "after_step"):
            given = getattr(self, part)
            none = given is None and part != "newborn"
            yield not none and not callable(given), f"has {part}={quoted(given)}; give a function of minidst.dst"
        for part in ("name", "paper", "summary", "memory", "flops"):
            given = getattr(self, part)
            yield not isinstance(given, str) or not given, f"has {part}={quoted(given)}; give a text"
        for part in ("regrow_pruned", "keep_value_on_regrow", "skip_optimizer_step", "needs_dense"):
            given = getattr(self, part)
            yield not isinstance(given, bool), f"has {part}={quoted(given)}; give True or False"
        yield (
            not isinstance(self.schedule, Schedule),
            f"has schedule={quoted(self.schedule)}; give a dst.Schedule, such as dst.Cosine(alpha=0.3, every=100)",
        )
        formats = ("csr", "coo", "condensed")
        yield self.format not in formats, f"has format {quoted(self.format)}; choose one of {', '.join(formats)}"
        yield (
            self.score is not None and not isinstance(self.score, Score),
            f"has score={quoted(self.score)}; give a dst.Score, a number for every connection, such as gradient",
        )
        yield self.start != "sparse" and not self.needs_dense, "starts dense, so it must say needs_dense=True"
        yield (
            self.start != "sparse" and self.prune is not None and not own_update,
            "starts dense and has no absent connection to grow; set prune=None",
        )
        yield (
            self.keep_value_on_regrow and not self.regrow_pruned,
            "keeps values on regrowth, which regrow_pruned=False rules out",
        )
        yield (
            self.order == "grow_then_prune" and self.regrow_pruned,
            "grows before it prunes, so what it prunes cannot be regrown; set regrow_pruned=False, "
            "or order='prune_then_grow'",
        )
        yield (
            self.order == "grow_then_prune" and not (self.prune and grows and not own_update),
            "has nothing to put in order 'grow_then_prune', or an update with an order of its own; "
            "set order='prune_then_grow'",
        )
        yield (
            self.scope == "global" and grows and self.score is None and not own_update,
            "chooses growth in the whole network, which needs a score to compare layers by; or use scope='layer'",
        )
        yield (
            not is_whole(self.micro_batches),
            f"has micro_batches {quoted(self.micro_batches)}; 1 takes a batch whole, a larger whole number cuts it",
        )
        in_parts = getattr(self.candidates, "in_parts", False) and self.score == gradient and not own_update
        yield (
            self.micro_batches > 1 and (not in_parts or self.regrow_pruned or not self.skip_optimizer_step),
            f"has micro_batches {self.micro_batches}, which needs a guided sample scored by gradient, "
            "regrow_pruned=False and skip_optimizer_step=True, as in GSE's records; or set micro_batches=1",
        )
        orders = ("prune_then_grow", "grow_then_prune")
        yield self.order not in orders, f"has order {self.order!r}; choose one of {', '.join(map(repr, orders))}"
        yield self.round not in [*ROUNDS], f"has round {self.round!r}; choose one of {', '.join(ROUNDS)}"
        yield self.scope not in ("layer", "global"), f"has scope {self.scope!r}; choose 'layer' or 'global'"
        yield (
            not isinstance(self.rounds, tuple | list)
            or not all(is_within(s, "[0, 1)") for s in self.rounds)
            or list(self.rounds) != sorted(self.rounds),
            f"has rounds {quoted(self.rounds)}; give a tuple of sparsities that rise within [0, 1)",
        )

    @property
    def dynamic(self) -> bool:
        """Whether it ever changes a topology that it started with."""
        return self.prune is not None or self.update is not None or self.after_step is not None


def name_of(part: Any) -> str:
    """A record's part as tables print it: `per sign`, `graest sample, γ = 1`, `—` for none."""
    return "—" if part is None else (getattr(part, "__name__", None) or str(part)).replace("_", " ")
