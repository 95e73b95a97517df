"""Ranks: of several treatments over several blocks, whether any differs (Friedman), and which (Nemenyi).

Source: Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, section 3.2.2; so used by
Nowak et al. 2023, figure 3, where a block is a model, a density and a growth criterion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from .grouped import Report, own


@dataclass(frozen=True)
class Ranks:
    """Average ranks (1 is best) of k treatments over N blocks, with Friedman's test that they are all alike.

    critical: two treatments whose ranks differ by more are told apart at 5 % (Nemenyi); incomplete: blocks left out
    because a treatment is missing.
    """

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    blocks: int
    statistic: float
    p: float
    critical: float
    incomplete: int = 0

    def alike(self) -> list[tuple[int, int]]:
        """The longest runs of neighbours, in the order of ranks, that are not told apart: (first, last) positions."""
        found: list[tuple[int, int]] = []
        for first, rank in enumerate(self.ranks):
            last = max(i for i, other in enumerate(self.ranks) if other - rank <= self.critical)
            if last > first and (not found or last > found[-1][1]):
                found.append((first, last))
        return found


def nemenyi(k: int, N: int, level: float = 0.05) -> float:
    """CD = q_α √(k(k + 1)/6N), q_α the studentized range of k groups and ∞ degrees of freedom over √2."""
    return float(studentized_range.ppf(1 - level, k, inf)) / sqrt(2) * sqrt(k * (k + 1) / (6 * N))


def rank(scores: Any, names: tuple[str, ...], *, higher_is_better: bool = True, incomplete: int = 0) -> Ranks:
    """Rank (blocks, treatments) scores; ties share their mean rank. Raises ValueError for fewer than 3 or 2 of them."""
    scores = np.asarray(scores, float)
    if scores.ndim != 2 or scores.shape[1] < 3 or scores.shape[0] < 2:
        raise ValueError(f"scores of shape {scores.shape} cannot be ranked; it takes 2 blocks of 3 treatments")
    mean = rankdata(-scores if higher_is_better else scores, axis=1).mean(axis=0)
    order = np.argsort(mean, kind="stable")
    with np.errstate(invalid="ignore", divide="ignore"):  # where all are equal in every block the test has no answer
        statistic, p = friedmanchisquare(*scores.T)
    return Ranks(tuple(names[i] for i in order), tuple(float(mean[i]) for i in order), len(scores), float(statistic),
                 float(p), nemenyi(scores.shape[1], len(scores)), incomplete)  # fmt: skip


def ranked(report: Report, where: Callable[[dict[str, Any]], bool] = lambda block: True) -> Ranks | None:
    """The series of a report, ranked in each block by their mean scores; None where there are too few to rank.

    Not ranked are baselines, for which a setting of the blocks means nothing, and what is in half of the blocks or
    fewer. where: whether a block counts.
    """
    tables = []
    for block, cells in report.blocks().items():
        if where(dict(block)):
            tables.append({report.label(cell): cell.mean("score") for cell in cells if own(cell, block)})
    present = Counter(name for table in tables for name in table)
    names = tuple(name for name, count in present.items() if 2 * count > len(tables))
    full = [[table[name] for name in names] for table in tables if table.keys() >= set(names)]
    if len(names) < 3 or len(full) < 2:
        return None
    return rank(full, names, higher_is_better=report.higher_is_better, incomplete=len(tables) - len(full))
