"""A trainable array with its gradient and the optimizer's state, all aligned entry by entry."""

from dataclasses import dataclass, field

from ..kernels.arrays import Float, Offset
from ..topology import carry


@dataclass(eq=False)
class Parameter:
    """values: any shape, written in place; grad and every array of `state`: (values.size,), aligned to it.

    For a sparse weight an entry is an active connection, so momentum costs as many bytes as there are connections.
    """

    values: Float
    grad: Float | None = None
    state: dict[str, Float] = field(default_factory=dict)
    steps: int = 0

    def carried(self, values: Float, source: Offset) -> "Parameter":
        """This parameter after `rewire`: state follows the survivors, newborns start at 0."""
        state = {name: carry(array, source) for name, array in self.state.items()}
        return Parameter(values, None if self.grad is None else carry(self.grad, source), state, self.steps)
