"""The epochs: a training seen an epoch at a time, and the best of them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from math import ceil

import numpy as np

from ..data import Dataset
from ..dst import Method
from ..nn import Network
from ..training.config import Config, check_weights
from ..training.loop import Progress, steps


def mean_losses(net: Network, data: Dataset, method: Method, config: Config, at: Progress) -> Iterator[float]:
    """Mean loss of each epoch that a training has left. Raises ValueError when it diverges."""
    per_epoch = ceil(len(data.x_train) / config.batch)
    training = steps(net, data, method, config, at)
    while at.t < config.epochs * per_epoch:
        epoch = at.t // per_epoch
        try:
            losses = [step.loss for step in islice(training, per_epoch)]
            check_weights(net, at.t, epoch, config.lr)
        except FloatingPointError as error:
            raise ValueError(
                f"training diverged: {str(error).partition(';')[0]}; lower learning_rate_init (now {config.lr:g}), "
                "or scale X and, for regression, y, as with StandardScaler"
            ) from error
        yield float(np.mean(losses))


class Best:
    """The best score so far, and how long ago that was. tol: what it takes to be better; copies: keep that network."""

    def __init__(self, tol: float, *, copies: bool) -> None:
        self.tol, self.copies = tol, copies
        self.score, self.idle = -np.inf, 0
        self.network: Network | None = None

    def after(self, net: Network, score: float) -> int:
        """How many epochs in a row have not been better, with this one."""
        self.idle = self.idle + 1 if score < self.score + self.tol else 0
        if score > self.score:
            self.score = score
            if self.copies:
                net.release()
                self.network = deepcopy(net)
        return self.idle
