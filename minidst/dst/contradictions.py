"""Contradictions: what a record of a method must not say, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..given import is_whole, is_within, quoted
from .grow import all_absent
from .prune import ROUNDS
from .schedule import Schedule
from .score import Score, gradient

if TYPE_CHECKING:
    from .method import Method

CHOICES = {
    "start": ("sparse", "dense", "small-dense"),
    "format": ("csr", "coo", "condensed"),
    "order": ("prune_then_grow", "grow_then_prune"),
    "round": tuple(ROUNDS),
    "scope": ("layer", "global"),
}
FUNCTIONS = ("prune", "candidates", "newborn", "begin", "update", "after_step")
TEXTS = ("name", "paper", "summary", "memory", "flops")
FLAGS = ("regrow_pruned", "keep_value_on_regrow", "skip_optimizer_step", "needs_dense")


def contradictions(record: Method) -> Iterator[tuple[bool, str]]:
    """(whether it is one, what the record has and what to set instead), for everything that can be wrong with it."""
    yield from _of_growth(record)
    yield from _of_kind(record)
    yield from _of_start_and_order(record)


def _of_growth(record: Method) -> Iterator[tuple[bool, str]]:
    """Between what is pruned, where one looks, and what is grown."""
    grows, own_update = record.candidates is not None, record.update is not None
    yield (
        not own_update and (record.prune is None) != (not grows),
        "must both prune and grow, or neither: set prune and candidates",
    )
    yield record.score is not None and not grows, "scores candidates and has none; set candidates, or score=None"
    yield (
        record.candidates is all_absent and record.score is None,
        "needs a score for all absent connections; or use candidates=random_absent",
    )
    yield (
        record.scope == "global" and grows and record.score is None and not own_update,
        "chooses growth in the whole network, which needs a score to compare layers by; or use scope='layer'",
    )


def _of_kind(record: Method) -> Iterator[tuple[bool, str]]:
    """Fields that hold what is none of their kind."""

    def has(part: str, wanted: str) -> str:
        return f"has {part}={quoted(getattr(record, part))}; {wanted}"

    def is_function(part: str) -> bool:
        given: Any = getattr(record, part)
        return callable(given) or (given is None and part != "newborn")

    for part in FUNCTIONS:
        yield not is_function(part), has(part, "give a function of minidst.dst")
    for part in TEXTS:
        yield not (isinstance(getattr(record, part), str) and getattr(record, part)), has(part, "give a text")
    for part in FLAGS:
        yield not isinstance(getattr(record, part), bool), has(part, "give True or False")
    for part, choices in CHOICES.items():
        unknown = not isinstance(getattr(record, part), str) or getattr(record, part) not in choices
        yield unknown, has(part, f"choose one of {', '.join(map(repr, choices))}")
    yield (
        not isinstance(record.schedule, Schedule),
        has("schedule", "give a dst.Schedule, such as dst.Cosine(alpha=0.3, every=100)"),
    )
    yield (
        record.score is not None and not isinstance(record.score, Score),
        has("score", "give a dst.Score, a number for every connection, such as gradient"),
    )
    yield (
        not is_whole(record.micro_batches),
        has("micro_batches", "1 takes a batch whole, a larger whole number cuts it"),
    )
    yield (
        not isinstance(record.rounds, tuple | list)
        or not all(is_within(s, "[0, 1)") for s in record.rounds)
        or list(record.rounds) != sorted(record.rounds),
        has("rounds", "give a tuple of sparsities that rise within [0, 1)"),
    )


def _of_start_and_order(record: Method) -> Iterator[tuple[bool, str]]:
    """Between how it starts, in which order an update goes, and what may come back."""
    grows, own_update = record.candidates is not None, record.update is not None
    yield record.start != "sparse" and not record.needs_dense, "starts dense, so it must say needs_dense=True"
    yield (
        record.start != "sparse" and record.prune is not None and not own_update,
        "starts dense and has no absent connection to grow; set prune=None",
    )
    yield (
        record.keep_value_on_regrow and not record.regrow_pruned,
        "keeps values on regrowth, which regrow_pruned=False rules out",
    )
    yield (
        record.order == "grow_then_prune" and record.regrow_pruned,
        "grows before it prunes, so what it prunes cannot be regrown; set regrow_pruned=False, "
        "or order='prune_then_grow'",
    )
    yield (
        record.order == "grow_then_prune" and not (record.prune and grows and not own_update),
        "has nothing to put in order 'grow_then_prune', or an update with an order of its own; "
        "set order='prune_then_grow'",
    )
    in_parts = getattr(record.candidates, "in_parts", False) and record.score == gradient and not own_update
    yield (
        record.micro_batches > 1 and (not in_parts or record.regrow_pruned or not record.skip_optimizer_step),
        f"has micro_batches={record.micro_batches}, which needs a guided sample scored by gradient, "
        "regrow_pruned=False and skip_optimizer_step=True, as in GSE's records; or set micro_batches=1",
    )
