"""Ranks of several treatments over several blocks: whether any differs (Friedman), and which (Nemenyi), with a diagram.

Source: Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, section 3.2.2; so used by
Nowak et al. 2023, figure 3, where a block is a model, a density and a growth criterion.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from ...plots import styled_figure
from .figures import add_caption
from .grouped import Report


@dataclass(frozen=True)
class Ranks:
    """Average ranks (1 is best) of k treatments over N blocks, with Friedman's test that they are all alike.

    critical: ranks that differ by more differ significantly at 5 % (Nemenyi); incomplete: blocks that lack a treatment.
    """

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    blocks: int
    statistic: float
    p: float
    critical: float
    incomplete: int = 0

    def alike(self) -> list[tuple[int, int]]:
        """(first, last) positions of the longest runs, in the order of ranks, that do not differ significantly."""
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
    """Rank (blocks, treatments) scores; ties share their mean rank. Raises ValueError for fewer than (2, 3)."""
    scores = np.asarray(scores, float)
    if scores.ndim != 2 or scores.shape[1] < 3 or scores.shape[0] < 2:
        raise ValueError(f"scores of shape {scores.shape} cannot be ranked; it takes 2 blocks of 3 treatments")
    mean = rankdata(-scores if higher_is_better else scores, axis=1).mean(axis=0)
    order = np.argsort(mean, kind="stable")
    with np.errstate(invalid="ignore", divide="ignore"):  # if all are equal in every block, the test gives nan
        statistic, p = friedmanchisquare(*scores.T)
    return Ranks(tuple(names[i] for i in order), tuple(float(mean[i]) for i in order), len(scores), float(statistic),
                 float(p), nemenyi(scores.shape[1], len(scores)), incomplete)  # fmt: skip


def ranked(report: Report, where: Callable[[dict[str, Any]], bool] = lambda block: True) -> Ranks | None:
    """The series of a report, ranked in each block by their mean scores; None if there are too few to rank.
    Baselines and series in at most half of the blocks are left out. where: whether a block counts.
    """
    tables = [
        {report.label(cell): cell.mean("score") for cell in cells if not cell.is_baseline_in(block)}
        for block, cells in report.blocks().items()
        if where(dict(block))
    ]
    present = Counter(name for table in tables for name in table)
    names = tuple(name for name, count in present.items() if 2 * count > len(tables))
    full = [[table[name] for name in names] for table in tables if table.keys() >= set(names)]
    if len(names) < 3 or len(full) < 2:
        return None
    return rank(full, names, higher_is_better=report.higher_is_better, incomplete=len(tables) - len(full))


def critical_difference(report: Report, found: Mapping[str, Ranks]) -> Figure:
    """A diagram per entry, under its heading: average ranks on a line, best on the left, and bars over treatments that
    do not differ significantly (Nowak et al. 2023, figure 3).
    """
    height = max(len(ranks.names) for ranks in found.values())
    with styled_figure(7, len(found) * (1.3 + 0.17 * height), **{"axes.grid": False}) as figure:
        for axes, (heading, ranks) in zip(figure.subplots(len(found), squeeze=False).flat, found.items(), strict=True):
            _draw_diagram(axes, ranks)
            p = f"p = {ranks.p:.2g}" if ranks.p == ranks.p else "no test, all are equal"
            axes.set_title(f"{heading}: {ranks.blocks} blocks, Friedman {p}", fontsize=9)
        add_caption(figure, report, "average ranks, bars join what is not told apart at 5 %")
    return figure


def _draw_diagram(axes: Any, ranks: Ranks) -> None:
    k = len(ranks.names)
    low, high = 1, max(k, 2)  # all possible ranks, so that diagrams can be compared side by side
    groups, half = ranks.alike(), ceil(k / 2)
    depth = 0.5 + 0.28 * len(groups)
    axes.hlines(0, low, high, color="black", linewidth=1)
    for tick in range(low, high + 1):
        axes.vlines(tick, 0, 0.25, color="black", linewidth=1)
        axes.text(tick, 0.35, str(tick), ha="center", va="bottom", fontsize=8)
    margin = 0.06 * (high - low)
    for i, (name, rank) in enumerate(zip(ranks.names, ranks.ranks, strict=True)):
        left = i < half
        level = -depth - 0.55 * (i if left else k - 1 - i)
        edge = low - margin if left else high + margin
        axes.plot([rank, rank, edge], [0, level, level], color="0.4", linewidth=0.8)
        axes.text(edge, level, f" {name} {rank:.2f} ", ha="right" if left else "left", va="center", fontsize=8)
    for number, (first, last) in enumerate(groups):
        ends = ranks.ranks[first] - 0.3 * margin, ranks.ranks[last] + 0.3 * margin
        axes.hlines(-0.25 - 0.28 * number, *ends, color="black", linewidth=3.5)
    width = min(ranks.critical, high - low)
    axes.plot([low, low + width], [1.3, 1.3], color="#D55E00", linewidth=2, marker="|")
    cut = "" if width == ranks.critical else ", longer than the axis"
    axes.text(low, 1.45, f"critical difference {ranks.critical:.2f}{cut}", fontsize=8, va="bottom", color="#D55E00")
    axes.set(xlim=(low - 7 * margin, high + 7 * margin), ylim=(-depth - 0.55 * half, 2.2))
    axes.set_axis_off()
