"""Random bipartite graphs, drawn in memory proportional to their connections.

A connection (i, j) is named by its key e = i·n_in + j; a graph is its keys in increasing order, int64.
"""

from collections.abc import Sequence

import numpy as np

from .._support.validation import A_GENERATOR, as_array, check_integer, check_interval, check_type, quoted
from ..formats import check
from ..kernels.arrays import Offset
from ..kernels.keys import gaps, sort_keys


def bernoulli(n_out: int, n_in: int, p: float, rng: np.random.Generator) -> Offset:
    """Every connection with probability p, independently: M ~ Binomial(n_out·n_in, p), then G(n, M)."""
    check_interval("p", p, "[0, 1]", "it is a probability")
    check_type("rng", rng, np.random.Generator, A_GENERATOR)
    n_out, n_in = check.shape((n_out, n_in))
    return gnm(n_out, n_in, int(rng.binomial(n_out * n_in, p)), rng)


def gnm(n_out: int, n_in: int, M: int, rng: np.random.Generator) -> Offset:
    """G(n, M) of Erdős and Rényi: exactly M distinct connections, every such set equally likely."""
    n_out, n_in = check.shape((n_out, n_in))
    return distinct([M], n_out * n_in, rng)


def constant_fan_in(n_out: int, n_in: int, k: int, rng: np.random.Generator) -> Offset:
    """Exactly k distinct inputs for each output, every such set equally likely (SRigL's graph)."""
    n_out, n_in = check.shape((n_out, n_in))
    check_integer("k", k, 0, n_in, "no output has more inputs than there are")
    check.count(k * n_out)
    return distinct([k] * n_out, n_in, rng)


def distinct(counts: Sequence[int], n: int, rng: np.random.Generator) -> Offset:
    """From each row i of n keys, `counts[i]` different ones, uniformly over all such sets; in O(Σ counts) memory.

    Draw what is missing, drop what came twice, repeat: that is drawing one at a time and ignoring repeats, so every
    set is equally likely. A row that is to be more than half full draws what it leaves out instead.
    Raises ValueError if a count is not within 0 and n.
    """
    check_type("rng", rng, np.random.Generator, A_GENERATOR)
    check_integer("n", n, 0, 2**62)
    wanted = as_array("counts", counts)
    if wanted.ndim != 1 or (wanted.size and wanted.dtype.kind not in "iu"):
        raise ValueError(f"counts {quoted(counts)} of distinct connections must be whole numbers; ask for 0 to {n}")
    if wanted.min(initial=0) < 0 or wanted.max(initial=0) > n:
        asked = wanted.min() if wanted.min() < 0 else wanted.max()
        raise ValueError(f"{asked} distinct connections were asked of {n} places; ask for 0 to {n}")
    wanted = wanted.astype(np.int64)
    check.count(int(wanted.sum()))
    crowded = wanted > n // 2
    drawn = np.where(crowded, n - wanted, wanted)
    keys = np.empty(0, np.int64)
    while (missing := drawn - np.bincount(keys // n, minlength=drawn.size)).any():
        rows = np.repeat(np.arange(drawn.size), missing)
        keys = np.concatenate([keys, rows * n + rng.integers(n, size=rows.size)])
        sort_keys(keys)
        keys = keys[np.diff(keys, prepend=-1) > 0]
    if not crowded.any():
        return keys
    left_out = crowded[keys // n]
    in_crowded = (np.flatnonzero(crowded)[:, None] * n + np.arange(n)).reshape(-1)
    keys = np.concatenate([keys[~left_out], np.setdiff1d(in_crowded, keys[left_out], assume_unique=True)])
    sort_keys(keys)
    return keys


def absent(ranks: Offset, taken: Offset) -> Offset:
    """The keys that come `ranks`-th (from 0) among those not taken: the r-th gap in a sorted list, in O(nnz) memory.

    Both are sorted. Before the t-th taken key lie `taken[t] − t` free ones, so the r-th free key has as many taken
    keys before it as there are t with taken[t] − t ≤ r.
    """
    keys = np.empty(ranks.size, np.int64)
    gaps(ranks, taken, keys)
    return keys
