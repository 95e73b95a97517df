"""Σ_e θ_e ∂R/∂θ_e = R in every layer, R = 1ᵀ|θ⁽ᴸ⁾| … |θ⁽¹⁾|1, less what biases contribute.

Tanaka et al. 2020, arXiv:2006.05467, theorems 1 and 2; Anonymous 2022, equations 2 and 3;
proofs/synflow_conservation.md.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import Array


def synaptic_flow(theta: Sequence[Array], bias: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """f⁽ˡ⁾ = |θ⁽ˡ⁾|f⁽ˡ⁻¹⁾ + |b⁽ˡ⁾| from f⁽⁰⁾ = 1, and g⁽ˡ⁻¹⁾ = |θ⁽ˡ⁾|ᵀg⁽ˡ⁾ from g⁽ᴸ⁾ = 1: flow into and out of units.

    theta: an (n_out, n_in) array per layer; bias: (n_out,) per layer, 0 for the network of the paper. Returns f and g
    of the levels 0 … L, level 0 being the inputs: R = Σ f⁽ᴸ⁾, and g = ∂R/∂f.
    """
    met = [W.shape[1:] for W in theta[1:]] == [W.shape[:1] for W in theta[:-1]]
    if not theta or not met or [W.shape[:1] for W in theta] != [b.shape for b in bias]:
        raise ValueError(f"theta of {[W.shape for W in theta]} and bias of {[b.shape for b in bias]} do not form a "
                         "network; give (n_out, n_in) and (n_out,) for each layer")  # fmt: skip
    f, g = [np.ones_like(theta[0][0])], [np.ones_like(bias[-1])]
    for W, b in zip(theta, bias, strict=True):
        f.append(np.abs(W) @ f[-1] + np.abs(b))
    for W in reversed(theta):
        g.append(np.abs(W).T @ g[-1])
    return f, g[::-1]


def synflow_scores(theta: Sequence[Array], bias: Sequence[Array]) -> list[Array]:
    """θ_ij ∂R/∂θ_ij = g_i⁽ˡ⁾ |θ_ij| f_j⁽ˡ⁻¹⁾ of each layer, (n_out, n_in): the flow lost with the connection."""
    f, g = synaptic_flow(theta, bias)
    return [above[:, None] * np.abs(W) * below for above, W, below in zip(g[1:], theta, f, strict=False)]


def synflow_conservation(theta: Sequence[Array], bias: Sequence[Array]) -> list[Array]:
    """Σ_e θ_e ∂R/∂θ_e of layer l = R − Σ_{m ≥ l} g⁽ᵐ⁾·|b⁽ᵐ⁾|: R in every layer if there are no biases."""
    f, g = synaptic_flow(theta, bias)
    total, sums = f[-1].sum(), []
    for above, b in zip(reversed(g), reversed(bias), strict=False):
        total = total - above @ np.abs(b)
        sums.append(total)
    return sums[::-1]
