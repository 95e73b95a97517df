"""Inverse-CDF sampling: draws from a distribution given by its cumulative sums."""

from .arrays import Float, Index
from .jit import jit


@jit
def fill_hints(cumulative: Float, out: Index) -> None:
    """out[g] = where to begin looking for a u ∈ [g, g + 1)/G, g < G = out.size − 1 (Chen and Asau 1974).

    One place early, against rounding. out[G] is where to stop: the last i that has any weight.
    """
    G, total = out.size - 1, cumulative[-1]
    last = cumulative.size - 1
    while last > 0 and cumulative[last - 1] == total:
        last -= 1
    i = 0
    for g in range(G):
        while i < last and cumulative[i] <= total * (g - 1) / G:
            i += 1
        out[g] = i
    out[G] = last


@jit
def draw(cumulative: Float, hints: Index, uniforms: Float, out: Index) -> None:
    """out[m] = the first i with cumulative[i] > u_m·total: `np.searchsorted` from the right, by a table of hints.

    A u that rounding takes to the total or beyond gives the last i that has any weight.
    """
    G, total, last = hints.size - 1, cumulative[-1], hints[-1]
    for m in range(uniforms.size):
        value = uniforms[m] * total
        i = hints[min(int(uniforms[m] * G), G - 1)]
        while i < last and cumulative[i] <= value:
            i += 1
        out[m] = i
