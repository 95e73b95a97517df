"""A method of dynamic sparse training is a record: what it prunes, where it looks, what it grows, when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from .._support.validation import check_choice, in_interval, quoted
from ..formats import FORMATS
from ..kernels.arrays import Float
from ..nn.network import Network
from .grow import Candidates, InitialWeight, Score, all_absent, zeros
from .prune import ROUNDS, Criterion, Round
from .schedule import Schedule


class Exchange(NamedTuple):
    """What one update did: connections pruned, grown, and looked at (|S|; all absent ones for RigL)."""

    pruned: int = 0
    grown: int = 0
    considered: int = 0

    def plus(self, other: Exchange) -> Exchange:
        """The sums of both."""
        return Exchange(self.pruned + other.pruned, self.grown + other.grown, self.considered + other.considered)


Batches = Callable[[], Iterator[tuple[Float, Any]]]
"""A call starts a pass over the training set: (X, y) of one batch after the other, X (n_in, B)."""

Begin = Callable[[Network, Batches, np.random.Generator], None]
"""Called once before the first step, such as to prune a dense network down to `net.budget`."""

Update = Callable[[Network, "Method", float, np.random.Generator], Exchange]
"""A topology update of a whole network, for methods that are not prune-then-grow in each layer."""

UpdateStep = Callable[[Network, "Method", Any, float, np.random.Generator], tuple[float, Exchange]]
"""A whole update step, forward and backward passes included: (net, method, batch, fraction, rng) → (loss, what it did).

batch: a `training.loop.Batch`, with its X (n_in, B), y and size made on demand, and split(parts). At a loss that is not
finite the step returns at once, and the trainer says where that began.
"""

AfterStep = Callable[[Network, float, np.random.Generator], Exchange]
"""(net, lr, rng): called after every optimizer step."""

Flops = Callable[..., float]
"""FLOPs of training per sample, of some of the arguments f_S, f_D, ΔT and S; its docstring is the formula."""


def sparse_flops(f_S: float) -> float:
    """3 f_S"""
    return 3 * f_S


CHOICES = {
    "start": ("sparse", "dense", "small-dense"),
    "format": ("csr", "coo", "condensed"),
    "order": ("prune_then_grow", "grow_then_prune"),
    "round": tuple(ROUNDS),
    "scope": ("layer", "global"),
}
FUNCTIONS = ("prune", "candidates", "begin", "update", "update_step", "after_step")  # each may be None
TEXTS = ("name", "paper", "summary", "memory")
FLAGS = ("regrow_pruned", "keep_value_on_regrow", "skip_optimizer_step", "needs_dense")


@dataclass(frozen=True)
class Method:
    """One row of the method table; `dst.update` and the trainer read it and know no method by name.

    name, paper, summary, memory: for people, memory being a formula for one layer.
    flops: per training sample, see `Flops`.
    start: "sparse", a random graph; "dense", every connection; "small-dense", a narrower dense network.
    format: how layers are stored, "csr" unless the method needs another.
    begin: called once before the first step.
    prune: score of active connections, the lowest go; None: nothing is pruned by score.
    candidates, score: growth (see `dst.grow`); score None grows any k of the candidates.
    initial_weight: first weights of grown connections; their momentum starts at 0.
    schedule: when, and which fraction α_t.
    round: how α_t·nnz becomes an integer k.
    scope: are k, the pruned and the grown chosen in each layer, or among all connections of the network?
    order: "prune_then_grow", or "grow_then_prune": G is chosen, with its random draws, while all of A is active and
    nothing has been scored for pruning; then as many go. Methods with an `update` of their own have their own order.
    regrow_pruned: may a connection dropped in this update be grown in it? keep_value_on_regrow: if so, does it keep
    its weight and momentum (several codes) instead of starting anew (the papers)?
    skip_optimizer_step: the update takes the place of the optimizer's step (Evci et al. 2020, algorithm 1).
    update: replaces prune-then-grow as a whole; update_step: replaces the whole step of an update, forward and
    backward passes included; after_step: called after every optimizer step.
    rounds: sparsities of successive trainings, rewound to the first weights in between (lottery tickets).
    needs_dense: True if it ever holds n_out·n_in numbers of a layer.
    Raises ValueError for a record that contradicts itself, naming the field and the remedy.
    """

    name: str
    paper: str
    summary: str
    memory: str = "O(nnz)"
    flops: Flops = sparse_flops
    start: Literal["sparse", "dense", "small-dense"] = "sparse"
    format: str = "csr"
    begin: Begin | None = None
    prune: Criterion | None = None
    candidates: Candidates | None = None
    score: Score | None = None
    initial_weight: InitialWeight = zeros
    schedule: Schedule = Schedule(alpha=0.3, every=100, until=0.75)  # noqa: RUF009  frozen itself; RigL's
    round: Round = "floor"
    scope: Literal["layer", "global"] = "layer"
    order: Literal["prune_then_grow", "grow_then_prune"] = "prune_then_grow"
    regrow_pruned: bool = True
    keep_value_on_regrow: bool = False
    skip_optimizer_step: bool = True
    update: Update | None = None
    update_step: UpdateStep | None = None
    after_step: AfterStep | None = None
    rounds: tuple[float, ...] = ()
    needs_dense: bool = False

    def __post_init__(self) -> None:
        for problem in self._wrong_fields():
            raise ValueError(f"method {self.name!r} has {problem}")
        for problem in self._contradictions():
            raise ValueError(f"method {self.name!r} {problem}")

    def _wrong_fields(self) -> Iterator[str]:
        """Each field that holds a value of another kind, with what to set instead."""

        def has(field: str, remedy: str) -> str:
            return f"{field}={quoted(getattr(self, field))}; {remedy}"

        for field in FUNCTIONS:
            if getattr(self, field) is not None and not callable(getattr(self, field)):
                yield has(field, "give a function of minidst.dst")
        if not callable(self.initial_weight):
            yield has("initial_weight", "give a function of minidst.dst")
        if not callable(self.flops):
            yield has("flops", "give a function whose docstring is the formula, such as dst.papers.rigl.rigl_flops")
        for field in TEXTS:
            if not (isinstance(getattr(self, field), str) and getattr(self, field)):
                yield has(field, "give a text")
        for field in FLAGS:
            if not isinstance(getattr(self, field), bool):
                yield has(field, "give True or False")
        for field, choices in CHOICES.items():
            if not isinstance(getattr(self, field), str) or getattr(self, field) not in choices:
                yield has(field, f"choose one of {', '.join(map(repr, choices))}")
        if not isinstance(self.schedule, Schedule):
            yield has("schedule", "give a dst.Schedule, such as dst.Cosine(alpha=0.3, every=100)")
        if self.score is not None and not isinstance(self.score, Score):
            yield has("score", "give a dst.Score, a number for every connection, such as gradient")
        rounds = self.rounds
        sparsities = isinstance(rounds, tuple | list) and all(in_interval(s, "[0, 1)") for s in rounds)
        if not sparsities or list(rounds) != sorted(rounds):
            yield has("rounds", "give a tuple of sparsities that rise within [0, 1)")

    def _contradictions(self) -> Iterator[str]:
        """Each pair of fields that cannot both hold, with what to set instead."""
        prunes, grows, own_update = self.prune is not None, self.candidates is not None, self.update is not None
        if prunes != grows and not own_update:
            yield "must both prune and grow, or neither: set prune and candidates"
        if self.score is not None and not grows:
            yield "scores candidates and has none; set candidates, or score=None"
        if self.candidates is all_absent and self.score is None:
            yield "needs a score for all absent connections; or use candidates=random_absent"
        if self.scope == "global" and grows and self.score is None and not own_update:
            yield "chooses growth in the whole network, which needs a score to compare layers by; or use scope='layer'"
        if self.start != "sparse" and not self.needs_dense:
            yield "starts dense, so it must say needs_dense=True"
        if self.start != "sparse" and prunes and not own_update:
            yield "starts dense and has no absent connection to grow; set prune=None"
        if self.keep_value_on_regrow and not self.regrow_pruned:
            yield "keeps values on regrowth, which regrow_pruned=False rules out"
        if self.order == "grow_then_prune" and self.regrow_pruned:
            yield "grows before it prunes, so what it prunes cannot be regrown; set regrow_pruned=False, " \
                "or order='prune_then_grow'"  # fmt: skip
        if self.order == "grow_then_prune" and (own_update or not (prunes and grows)):
            yield "has nothing to put in order 'grow_then_prune', or an update with an order of its own; " \
                "set order='prune_then_grow'"  # fmt: skip
        if self.update_step is not None and not (prunes or own_update):
            yield "has an update_step and no update; set prune and candidates, or update"

    @property
    def dynamic(self) -> bool:
        """Whether it ever changes a topology that it started with."""
        return self.prune is not None or self.update is not None or self.after_step is not None

    def check_format(self, format: str) -> None:
        """Raise ValueError if the name is unknown, or the method cannot keep its layers in that format."""
        check_choice("format", format, FORMATS)
        if self.dynamic and format != self.format and "condensed" in (format, self.format):
            fan_in = "gives neurons different fan-ins" if format == "condensed" else "keeps a constant fan-in"
            raise ValueError(
                f"method {self.name!r} {fan_in}, so its layers cannot be {format!r}; use format={self.format!r}"
            )


def name_of(part: Any) -> str:
    """A record's part as tables print it: `per sign`, `graest sample, γ = 1`, `—` for None."""
    return "—" if part is None else (getattr(part, "__name__", None) or str(part)).replace("_", " ")
