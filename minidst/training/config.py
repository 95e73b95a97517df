"""How to train: one validated record."""

from dataclasses import dataclass

from .._support.validation import check_callable, check_integer, check_interval, check_type
from ..nn import SGD, Optimizer, Rate, Steps


@dataclass(frozen=True)
class Config:
    """How to train. The defaults suit `digits`.

    epochs, batch: counts; lr: base learning rate, times `rate` at every step, which first falls when topology updates
    usually end, since new weights cannot catch up at a small rate; patience: epochs without a lower validation loss
    before stopping, None never; validation: fraction of the training set held out for that.
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
        check_integer("epochs", self.epochs)
        check_integer("batch", self.batch)
        check_interval("lr", self.lr, "(0, ∞)", "0.1 is a good start for SGD, 0.001 for Adam")
        check_callable("rate", self.rate, 'a schedule, such as Steps() or Decay("cosine")')
        check_type("optimizer", self.optimizer, Optimizer, "an optimizer, such as SGD() or Adam()")
        check_interval("validation", self.validation, "[0, 1)", "it is a fraction of the training set")
        if self.patience is not None:
            check_integer("patience", self.patience)
            if self.validation == 0:
                raise ValueError(
                    f"patience {self.patience} with validation {self.validation} has nothing to watch; "
                    "early stopping needs samples held out, such as validation=0.1"
                )
