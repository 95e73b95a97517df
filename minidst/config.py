"""How to train: one validated record."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from .nn import SGD, Optimizer, Rate, Steps


@dataclass(frozen=True)
class Config:
    """How to train. The defaults suit `digits`.

    epochs, batch: counts; lr: base learning rate, times `rate` at every step, which first falls when topology updates
    usually end, since newborn weights cannot catch up at a small rate; patience: epochs without a lower
    validation loss before stopping, None never; validation: fraction of the training set held out for that.
    Raises ValueError for numbers out of range.
    """

    epochs: int = 30
    batch: int = 32
    lr: float = 0.1
    rate: Rate = Steps()  # noqa: RUF009  frozen itself
    optimizer: Optimizer = SGD()  # noqa: RUF009
    validation: float = 0.0
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if not isinstance(getattr(self, name), int | np.integer) or getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} must be a whole number, at least 1")
        if not (self.lr > 0 and isfinite(self.lr)):
            raise ValueError(f"lr {self.lr} must be positive and finite; 0.1 is a good start for SGD, 0.001 for Adam")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation {self.validation} must lie in [0, 1): it is a fraction of the training set")
        if self.patience is not None and (self.patience < 1 or self.validation == 0):
            raise ValueError(
                f"patience {self.patience} with validation {self.validation}: early stopping needs patience ≥ 1 "
                "and something to watch, such as validation=0.1"
            )
