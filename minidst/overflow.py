"""What is said of a training whose numbers stop being finite: where it began, and what to try."""

from __future__ import annotations

import numpy as np

from .kernels.arrays import Float
from .nn import Network

REMEDY = "lower lr (now {lr:g}), warm it up with rate=Warmup(…), or scale the inputs"


def stop_unless_finite(net: Network, t: int, epoch: int, lr: float) -> None:
    """Weights that the last optimizer step drove out of range are no ground for a topology update."""
    for l, layer in enumerate(net.weighted):
        if not np.isfinite(layer.weight.values).all():
            raise FloatingPointError(
                f"weights stopped being finite at step {t} (epoch {epoch + 1}), in layer {l} first; "
                f"{REMEDY.format(lr=lr)}"
            )


def blame(net: Network, Z: Float, lr: float) -> str:
    """Which layer's output first stopped being finite, and what to try."""
    after = [*(layer.X for layer in net.weighted), Z]  # what enters each layer, and what leaves the last
    bad = [l for l, X in enumerate(after) if X is not None and not np.isfinite(X).all()]
    where = "every layer's output is finite"
    if bad:
        where = f"the output of layer {bad[0] - 1} is the first that is not finite" if bad[0] else "the data are not"
    return f"{where}: {REMEDY.format(lr=lr)}"
