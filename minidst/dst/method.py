"""A method of dynamic sparse training is a record: what it prunes, where it looks, what it grows, when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..kernels.arrays import Float, Offset
from .grow import Candidates, Score, all_absent
from .prune import ROUNDS, Criterion, Round
from .schedule import Schedule

Newborn = Callable[[Offset, Offset, np.random.Generator, Any], Float]
"""(rows of the new connections, rows of all connections after the update, rng, dtype) → their first weights."""


def zeros(born_rows: Offset, rows: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """0: the network's output does not move at the update (RigL)."""
    return np.zeros(born_rows.size, dtype)


def from_init(born_rows: Offset, rows: Offset, rng: np.random.Generator, dtype: Any) -> Float:
    """N(0, 2/k_i), as at the start, with the fan-in k_i after the update (SET)."""
    fan_in = np.bincount(rows)
    return (rng.standard_normal(born_rows.size) * np.sqrt(2 / fan_in[born_rows])).astype(dtype)


DEFAULT_SCHEDULE = Schedule(alpha=0.3, every=100, until=0.75)  # RigL's


@dataclass(frozen=True)
class Method:
    """One row of the method table; `dst.update` is the only code that reads it.

    name, paper, summary: for people.
    start: "sparse", a random graph, or "dense", every connection.
    prune: score of active connections, the lowest go; None: the topology never changes.
    candidates, score: growth (see `dst.grow`); score None grows any k of the candidates.
    newborn: first weights of the grown; momentum starts at 0.
    schedule: when, and which fraction α_t.
    round: of α_t·nnz to a whole number k.
    regrow_pruned: may a connection dropped in this update be grown in it? keep_value_on_regrow: if so, does it keep
    its weight and momentum (several codes) instead of starting anew (the papers)?
    skip_optimizer_step: the update takes the place of the optimizer's step (Evci et al. 2020, algorithm 1).
    needs_dense: True if it ever holds n_out·n_in numbers of a layer.
    Raises ValueError for a record that contradicts itself.
    """

    name: str
    paper: str
    summary: str
    start: Literal["sparse", "dense"] = "sparse"
    prune: Criterion | None = None
    candidates: Candidates | None = None
    score: Score | None = None
    newborn: Newborn = zeros
    schedule: Schedule = DEFAULT_SCHEDULE
    round: Round = "floor"
    regrow_pruned: bool = True
    keep_value_on_regrow: bool = False
    skip_optimizer_step: bool = True
    needs_dense: bool = False

    def __post_init__(self) -> None:
        if (self.prune is None) != (self.candidates is None):
            raise ValueError(f"method {self.name!r} must both prune and grow, or neither: set prune and candidates")
        if self.score is not None and self.candidates is None:
            raise ValueError(f"method {self.name!r} scores candidates and has none; set candidates, or score=None")
        if self.candidates is all_absent and self.score is None:
            raise ValueError(f"method {self.name!r} needs a score for all absent connections; or use random_absent")
        if self.start not in ("sparse", "dense"):
            raise ValueError(f"method {self.name!r} has start {self.start!r}; choose 'sparse' or 'dense'")
        if self.start == "dense" and not self.needs_dense:
            raise ValueError(f"method {self.name!r} starts dense, so it must say needs_dense=True")
        if self.start == "dense" and self.prune is not None:
            raise ValueError(f"method {self.name!r} starts dense and has no absent connection to grow; set prune=None")
        if self.keep_value_on_regrow and not self.regrow_pruned:
            raise ValueError(f"method {self.name!r} keeps values on regrowth, which regrow_pruned=False rules out")
        if self.round not in ROUNDS:
            raise ValueError(f"round {self.round!r} is unknown; choose one of {', '.join(ROUNDS)}")

    @property
    def dynamic(self) -> bool:
        """Whether the topology changes at all."""
        return self.prune is not None


def name_of(part: Any) -> str:
    """A record's part as tables print it: `per sign`, `graest sample, γ = 1`, `—` for none."""
    return "—" if part is None else (getattr(part, "__name__", None) or str(part)).replace("_", " ")
