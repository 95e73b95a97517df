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
from ..kernels.select import k_largest
from ..nn.layers import SparseLinear
from ..nn.network import Network
from .grow import Site, gradient_at
from .method import Exchange, Method
from .papers.distributions import Sketch, Tally
from .papers.gse import GuidedSample
from .update import quotas, split, update

Pass = Callable[[], Iterator[float]]
"""A call starts a pass: each part of the batch goes forward and backward when the iterator moves on to it, weighted so
that its gradients and its loss, which is yielded, add up to those of the batch."""


def update_in_parts(
    net: Network, method: Method, B: int, parts: Pass, fraction: float, rng: np.random.Generator
) -> tuple[float, Exchange]:
    """(loss of the batch, what was done). B: samples of all parts together; method: has a GuidedSample."""
    sample = method.candidates
    assert isinstance(sample, GuidedSample), "Method refuses others"
    guide, layers = sample.distribution, [layer for layer in net.sparse if layer.W.density < 1]
    tallies = [Tally(guide, layer.shape, B, rng) for layer in layers] if isinstance(guide, Sketch) else []
    loss = 0.0
    for part in parts():
        loss += part
        for tally, layer in zip(tallies, layers, strict=False):  # no tallies: f and g do not depend on the data
            tally.add(*layer.last_batch())

    S: dict[SparseLinear, Offset] = {}
    asked = quotas(layers, method, fraction)
    for l, layer in enumerate(layers):
        site = Site(layer.shape, layer.W.keys(), *layer.last_batch(), net, layer)
        f, g = tallies[l].finished() if tallies else guide(site, rng)
        S[layer] = sample.draw(site, asked[l][1], f, g, rng)
    considered = sum(keys.size for keys in S.values())

    nabla = {layer: np.zeros(S[layer].size, net.dtype) for layer in layers}
    active = {layer: np.zeros(layer.connections, net.dtype) for layer in layers}
    for _ in parts():
        for layer in layers:
            nabla[layer] += gradient_at(*layer.last_batch(), S[layer])
            active[layer] += layer.gradient
    for layer in layers:
        layer.weight.grad = active[layer]
    if method.scope == "global" and layers:
        _keep_largest(S, nabla, asked[0][0])

    def drawn(site: Site, k: int, rng: np.random.Generator) -> Offset:
        assert site.layer is not None, "update names it"
        return S[site.layer]

    def largest(site: Site, keys: Offset | None, k: int) -> Offset:
        assert site.layer is not None, "update names it"
        return S[site.layer][k_largest(np.abs(nabla[site.layer]), k)]

    known = replace(method, micro_batches=1, candidates=drawn, score=largest)
    return loss, update(net, known, fraction, rng)._replace(considered=considered)


def _keep_largest(S: dict[SparseLinear, Offset], nabla: dict[SparseLinear, Float], k: int) -> None:
    """Leave in S the k of all layers' candidates with the largest |∇|."""
    best = k_largest(np.abs(np.concatenate(list(nabla.values()))), k)
    for layer, chosen in zip(list(S), split(best, [keys.size for keys in S.values()]), strict=True):
        S[layer], nabla[layer] = S[layer][chosen], nabla[layer][chosen]
