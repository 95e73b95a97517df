"""E[mean square of ReLU(Wx)]/(mean square of x) = (1/n_out) Σ_i k_i/κ_i with weights N(0, 2/κ_i).

He et al. 2015 for dense layers, Evci et al. 2022, arXiv:2010.03533, for sparse ones; proofs/init_gain.md.
"""

from math import comb

import numpy as np

from .._support.validation import check_integer, quoted
from .arrays import Array, Number


def init_gain(fan_in: Array, assumed: Array | int) -> Number:
    """E[(‖ReLU(Wx)‖²/n_out)/(‖x‖²/n_in)] = (1/n_out) Σ_i k_i/κ_i, W_ij ~ N(0, 2/κ_i) where a connection is.

    fan_in: k_i, the inputs of each output, (n_out,); any k_i of the n_in inputs equally likely. assumed: κ_i, the
    fan-in that the initialisation assumes. κ_i = k_i: the share of outputs with at least one input; κ_i = n_in: the
    layer's density. A Fraction for k_i that are Fractions. Raises ValueError where κ_i = 0 and k_i > 0.
    """
    if np.size(fan_in) == 0 or np.min(fan_in) < 0 or np.shape(assumed) not in ((), np.shape(fan_in)):
        raise ValueError(
            f"fan_in {quoted(fan_in)} and assumed {quoted(assumed)} must be one number for each output, at least 0"
        )
    k, kappa = np.broadcast_arrays(fan_in, assumed)
    on = k > 0
    if not kappa[on].all():
        raise ValueError(f"assumed fan-in {kappa.tolist()} is 0 where the fan-in {k.tolist()} is not: infinite weights")
    return (k[on] / kappa[on]).sum() / k.size


def outputs_without_input(n_in: int, n_out: int, nnz: int) -> float:
    """C(n_in·n_out − n_in, nnz)/C(n_in·n_out, nnz): the expected share in a uniformly random graph."""
    check_integer("nnz", nnz, 0, n_in * n_out, "a layer has n_in·n_out places")
    return comb(n_in * n_out - n_in, nnz) / comb(n_in * n_out, nnz)
