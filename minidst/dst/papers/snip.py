"""SNIP, single-shot network pruning (Lee et al. 2019, arXiv:1810.02340).

1. Start from a dense network at its first weights.
2. Take the gradient ∇ of the mean loss over one pass of the training set, without a training step.
3. Score every connection by |θ|·|∇|: to first order, the change of the loss when the connection is removed. (It is the
   gradient with respect to a mask c on θ, ∂L(c ⊙ θ)/∂c = θ ⊙ ∇; the paper also divides by the sum, which changes no
   order.)
4. Keep the `budget` highest scores of the whole network for good, and train what is left.

By hand, keep 2: θ = .9 −.1    ∇ = .1 .8    |θ|·|∇| = .09 .08    kept = 1 0
                     .2  .5       −.9 .1              .18 .05           1 0
A large weight with little gradient loses to a small one with much; no weight is changed. When few connections are left,
a layer may lose all of its own, and the network can no longer learn. SynFlow is designed against that.

The paper takes one batch. The mean over all batches, as Heddes et al. (2023, section 4.1) take it, does not depend on
which one. Surviving weights keep the scale of the dense fan-in, too small for a sparse one, as in the authors' code.
"""

import numpy as np

from ...nn.hessian import gradient, mean_over
from ...nn.network import Network
from ..method import Batches, Method
from ..prune import prune_globally, snip


def keep_most_sensitive(net: Network, batches: Batches, rng: np.random.Generator) -> None:
    """Prune `net` to the `budget` connections with the largest |θ|·|∇|; O(n_in·n_out) memory, once."""
    nabla = mean_over(batches(), lambda X, y: gradient(net, X, y))
    theta = [layer.weight.values.reshape(-1) for layer in net.weighted]
    prune_globally(net, [snip(t, g) for t, g in zip(theta, nabla, strict=True)], net.budget)


SNIP = Method(
    name="snip",
    paper="Lee et al. 2019, arXiv:1810.02340",
    summary="keeps the largest |weight × gradient|, before training",
    memory="O(n_in·n_out) until the first step, O(nnz) from then on",
    start="dense",
    begin=keep_most_sensitive,
    skip_optimizer_step=False,
    needs_dense=True,
)
