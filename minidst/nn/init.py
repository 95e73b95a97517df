"""How weights start."""

from typing import Any

import numpy as np

from ..kernels.arrays import Float, Index


def he_normal(rows: Index, rng: np.random.Generator, dtype: Any = np.float32) -> Float:
    """θ_ij ~ N(0, 2/k_i), k_i the neuron's actual number of inputs (Evci et al. 2019; He et al. 2015).

    rows: output i of every connection, (nnz,). With the dense fan-in n_in in place of k_i the signal would shrink by
    √density in every layer. Returns (nnz,).
    """
    fan_in = np.bincount(rows)[rows]
    return (rng.standard_normal(rows.size) * np.sqrt(2 / fan_in)).astype(dtype)


def hidden_bias(n_out: int, dtype: Any = np.float32) -> Float:
    """b_i = 0.03: at a density of 1 % many neurons have no input at first, and their output is their bias alone.

    At b = 0 they would sit exactly on ReLU's kink, where its derivative is 0, and no gradient would ever ask for a
    connection to them; a little above it, they can be grown. Returns (n_out,).
    """
    return np.full(n_out, 0.03, dtype)
