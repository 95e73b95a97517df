"""A guided update from a batch cut into micro-batches: it never holds the activations of more than one of them.

1. First pass: the micro-batches go forward and backward one after the other, and each layer adds up what f and g are
   made of (`Tally`); a sample keeps its own sign, whichever micro-batch it is in.
2. S is drawn in every layer, before any layer changes.
3. Second pass over the same micro-batches: each layer adds up its gradient on S, and that of its active connections.
4. P and G are chosen as ever.

The result is that of the whole batch up to rounding: the same f, g and, from the same rng, S and G (GraEst draws the
signs of all layers first, so there S is the same in a network of one layer, and of the same distribution in others).
It costs a forward and a backward pass more. Dropout draws its masks anew in each pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..kernels.arrays import Float, Offset
from ..nn.layers import SparseLinear
from ..nn.network import Network
from .grow import Site
from .method import Exchange, Method
from .papers.distributions import Sketch, Tally
from .papers.gse import GuidedSample
from .score import Score, gradient_at
from .update import quotas, update

Pass = Callable[[], Iterator[float]]
"""A call starts a pass: each part of the batch goes forward and backward when the iterator moves on to it, weighted so
that its gradients and its loss, which is yielded, add up to those of the batch."""


def update_in_parts(
    net: Network, method: Method, B: int, parts: Pass, fraction: float, rng: np.random.Generator
) -> tuple[float, Exchange]:
    """(loss of the batch, what was done). B: samples of all parts together; method: has a GuidedSample."""
    sample = method.candidates
    assert isinstance(sample, GuidedSample), "Method refuses others"
    guide, layers = sample.distribution, net.sparse
    tallies = [Tally(guide, layer.shape, B, rng) for layer in layers] if isinstance(guide, Sketch) else []
    loss = 0.0
    for part in parts():
        loss += part
        for tally, layer in zip(tallies, layers, strict=False):  # no tallies: f and g do not depend on the data
            tally.add(*layer.last_batch())

    S: dict[SparseLinear, Offset] = {}
    asked = quotas(layers, method, fraction)
    for l, layer in enumerate(layers):
        site = Site.of(layer, net)
        f, g = tallies[l].finished() if tallies else guide(site, rng)
        S[layer] = sample.draw(site, asked[l][1], f, g, rng)

    nabla = {layer: np.zeros(S[layer].size, net.dtype) for layer in layers}
    active = {layer: np.zeros(layer.connections, net.dtype) for layer in layers}
    for _ in parts():
        for layer in layers:
            nabla[layer] += gradient_at(*layer.last_batch(), S[layer])
            active[layer] += layer.gradient
    for layer in layers:
        layer.weight.grad = active[layer]

    def drawn(site: Site, k: int, rng: np.random.Generator) -> Offset:
        assert site.layer is not None, "update names it"
        return S[site.layer]

    def known(site: Site, keys: Offset) -> Float:
        assert site.layer is not None, "update names it"
        return np.abs(nabla[site.layer][np.searchsorted(S[site.layer], keys)])

    after_both = replace(method, micro_batches=1, candidates=drawn, score=Score("gradient", known))
    return loss, update(net, after_both, fraction, rng)
