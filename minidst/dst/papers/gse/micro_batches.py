"""GSE's update from a batch cut into micro-batches: it never holds the activations of more than one of them.

1. First pass: the micro-batches go forward and backward one after the other, and each layer adds up the sums that f and
   g are made of (`Tally`).
2. S is drawn in every layer, before any layer changes.
3. Second pass over the same micro-batches: each layer adds up its gradient on S, and that of its active connections.
4. P and G are chosen as without micro-batches.

The result is that of the whole batch up to rounding: the same f, g and, from the same rng, S and G (GraEst draws the
signs of all layers first, so there S is the same in a network of one layer, and of the same distribution in others).
It costs a forward and a backward pass more. Dropout draws its masks anew in each pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from ...._support.validation import check_integer
from ....kernels.arrays import Float, Offset
from ....nn.linear import SparseLinear
from ....nn.network import Network
from ...grow import GrowthContext, Score, gradient, gradient_at
from ...method import Exchange, Method
from ...update import quotas, update_topology
from .distributions import Sketch, Tally
from .gse import GuidedSample


@dataclass(frozen=True)
class MicroBatches:
    """An `UpdateStep` for records with a GuidedSample. parts: how many micro-batches, ≥ 1."""

    parts: int

    def __post_init__(self) -> None:
        check_integer("micro-batches", self.parts)

    def __call__(
        self, net: Network, method: Method, batch: Any, fraction: float, rng: np.random.Generator
    ) -> tuple[float, Exchange]:
        """(mean loss of the batch, what was done)."""
        return update_in_parts(net, method, batch.size, lambda: _passes(net, batch, self.parts), fraction, rng)


def update_in_parts(
    net: Network, method: Method, B: int, passes: Callable[[], Iterator[float]], fraction: float,
    rng: np.random.Generator,
) -> tuple[float, Exchange]:  # fmt: skip
    """(loss of the batch, what was done). B: samples of the batch.

    Each call of `passes` takes the micro-batches forward and backward, one a step, and yields their parts of the loss.
    """
    sample, layers = method.candidates, net.sparse
    assert isinstance(sample, GuidedSample), "micro_batched requires it"
    guide = sample.distribution
    tallies = [Tally(guide, layer.shape, B, rng) for layer in layers] if isinstance(guide, Sketch) else []
    total = 0.0
    for loss in passes():
        total += loss
        if not isfinite(loss):
            return total, Exchange()
        for tally, layer in zip(tallies, layers, strict=False):  # no tallies: f and g do not depend on the data
            tally.add(*layer.last_batch())

    S: dict[SparseLinear, Offset] = {}
    quota = quotas(layers, method, fraction)
    for l, layer in enumerate(layers):
        context = GrowthContext.of(layer, net)
        f, g = tallies[l].finished() if tallies else guide(context, rng)
        S[layer] = sample.draw(context, quota[l][1], f, g, rng)

    nabla = {layer: np.zeros(S[layer].size, net.dtype) for layer in layers}
    active = {layer: np.zeros(layer.connections, net.dtype) for layer in layers}
    for _ in passes():
        for layer in layers:
            nabla[layer] += gradient_at(*layer.last_batch(), S[layer])
            active[layer] += layer.gradient
    for layer in layers:
        layer.weight.grad = active[layer]

    def drawn(context: GrowthContext, k: int, rng: np.random.Generator) -> Offset:
        assert context.layer is not None, "update_topology passes it"
        return S[context.layer]

    def known(context: GrowthContext, keys: Offset) -> Float:
        assert context.layer is not None, "update_topology passes it"
        return np.abs(nabla[context.layer][np.searchsorted(S[context.layer], keys)])

    known_gradient = replace(method, candidates=drawn, score=Score("gradient", known))
    return total, update_topology(net, known_gradient, fraction, rng)


def _passes(net: Network, batch: Any, parts: int) -> Iterator[float]:
    """Forward and backward through each micro-batch, weighted by its share of the samples; yield its part of the loss.

    The parts add up to the mean loss of the batch, and the gradients they leave to the gradient of the batch.
    """
    for part in batch.split(min(parts, batch.size)):
        share = part.size / batch.size
        loss, DZ = net.loss(net.forward(part.X, training=True), part.y)
        if isfinite(loss):
            net.backward(DZ * net.dtype.type(share))
        yield share * loss


def micro_batched_flops(f_S: float, ΔT: float, S: float) -> float:
    """3 f_S + 2 |S|/(ΔT + 1) + 3 f_S/(ΔT + 1)"""
    return 3 * f_S + 2 * S / (ΔT + 1) + 3 * f_S / (ΔT + 1)


def micro_batched(record: Method, parts: int) -> Method:
    """A GSE record whose updates take their batch in `parts` micro-batches, for less memory.

    Raises ValueError for a record without a guided sample scored by gradient, or one that regrows what it prunes or
    takes an optimizer step at an update: both need the batch as a whole.
    """
    sample = record.candidates
    guided = isinstance(sample, GuidedSample) and sample.in_parts and record.score == gradient and not record.update
    if not guided or record.regrow_pruned or not record.skip_optimizer_step:
        raise ValueError(
            f"method {record.name!r} cannot take its updates in micro-batches, which need a guided sample scored by "
            "gradient, regrow_pruned=False and skip_optimizer_step=True, as in GSE's records"
        )
    return replace(record, update_step=MicroBatches(parts), flops=micro_batched_flops)
