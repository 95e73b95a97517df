"""A′ = (A ∖ P) ∪ G: survivors keep weight and state to the last bit, new connections start at state 0.

Evci et al. 2020 (RigL), arXiv:1911.11134, section 3, steps (3) and (4); proofs/rewiring.md.
"""

import numpy as np

from .arrays import Array


def rewiring(
    places: int, keys: Array, values: Array, state: Array, drop: Array, born: Array, born_values: Array
) -> tuple[Array, Array, Array]:
    """A layer after one update, computed with a mask over dense arrays: O(places) memory.

    places: n_out·n_in; keys i·n_in + j, values, state: (nnz,) each, of the active connections A; drop (P): positions
    in them; born (G): new keys, with their values, disjoint from A ∖ P. Returns the new keys, in order, values, state.
    """
    for name, numbers, end in (("keys", keys, places), ("born", born, places), ("drop", drop, keys.size)):
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < end:
            raise ValueError(f"{name} run from {numbers.min()} to {numbers.max()}; give numbers from 0 to {end - 1}")
    exists, weight, moment = np.zeros(places, bool), np.zeros(places, values.dtype), np.zeros(places, state.dtype)
    exists[keys], weight[keys], moment[keys] = True, values, state
    exists[keys[drop]] = False
    if exists[born].any():
        raise ValueError(f"connection {born[exists[born]].min()} is born and active; drop it first")
    exists[born], weight[born], moment[born] = True, born_values, 0
    after = np.flatnonzero(exists)
    return after, weight[after], moment[after]
