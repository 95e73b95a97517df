"""The evaluation: how well a network does on samples it may never have seen."""

from typing import Any

import numpy as np

from .nn import Network
from .nn.losses import mean, split


def evaluate(net: Network, x: Any, y: Any) -> tuple[float, float]:
    """(mean loss, accuracy) over samples; under a squared error the second is the loss again. y: maybe `Weighted`."""
    with np.errstate(over="ignore", invalid="ignore"):
        Z = np.ascontiguousarray(net.outputs(x).T)
        loss, _ = net.loss(Z, y)
    guess, (labels, weights) = net.loss.predict(Z), split(y)
    return loss, mean(guess == labels, weights) if guess.ndim == 1 else loss
