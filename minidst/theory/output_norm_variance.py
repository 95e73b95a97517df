"""Var(‖z‖²/‖x‖²) of one sparse ReLU layer at initialisation, for three ways to place its connections.

Lasby et al. 2024 (SRigL), arXiv:2305.02299, appendix B, equations 14, 21 and 25; proofs/output_norm_variance.md.
"""

from typing import Literal

from .._support.validation import check_choice
from .arrays import Number

Placing = Literal["bernoulli", "per_layer", "fan_in"]


def output_norm_variance(kind: Placing, n: Number, k: Number, m: Number = None) -> Number:
    """Var(R), R = (‖z‖²/m)/(‖x‖²/n) and E R = 1, of z = W·ReLU(x), W_ij ~ N(0, 2/k) where a connection is.

        bernoulli   (18n/k + 3m + 2n − 8)/(m(n + 2))     each connection exists with probability k/n
        fan_in      … − 3(n − k)/(k·m(n + 2))             exactly k distinct inputs for each output
        per_layer   … − (n − k)(mn + 5m + 2n − 8)/(k(mn − 1)·m(n + 2))     exactly k·m connections in the layer

    n: inputs; m: outputs, n unless given; k: connections of an output, on average or exactly, 0 < k ≤ n. The direction
    of x is uniform on the sphere. With k a Fraction the result is one, exactly; with integers it is a float.
    Raises ValueError for an unknown kind, or a k that is impossible for it.
    """
    m = n if m is None else m
    check_choice("kind", kind, ("bernoulli", "per_layer", "fan_in"))
    if not 0 < k <= n:
        raise ValueError(f"k {k} must lie in (0, n]: an output has n = {n} inputs")
    if (kind == "fan_in" and k % 1 != 0) or (kind == "per_layer" and k * m % 1 != 0):
        raise ValueError(f"k {k} is impossible for {kind}: {'k' if kind == 'fan_in' else 'k·m'} must be whole")
    independent = (18 * n / k + 3 * m + 2 * n - 8) / (m * (n + 2))
    if kind == "bernoulli" or k == n:  # at density 1 all three are the same layer
        return independent
    fewer = (n - k) / (k * m * (n + 2))
    if kind == "fan_in":
        return independent - 3 * fewer
    return independent - (m * n + 5 * m + 2 * n - 8) * fewer / (m * n - 1)
