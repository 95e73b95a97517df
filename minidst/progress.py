"""The progress of a run: how far it is, and what its present epoch has added up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .history import Epoch, History
from .kernels.arrays import Offset
from .metrics import densities
from .nn import Network
from .train import Position, Step


@dataclass
class Sums:
    """What the steps of an epoch add up to. most: bytes held, at its start or after one of them."""

    most: int = 0
    losses: list[float] = field(default_factory=list)
    exchanged: int = 0
    considered: int = 0
    seconds: float = 0.0

    def add(self, step: Step, net: Network) -> None:
        """One more step, after which `net` is as it is."""
        self.most = max(self.most, held(net))
        self.losses.append(step.loss)
        self.exchanged += step.grown
        self.considered += step.considered
        self.seconds += step.seconds

    def row(self, last: Step, net: Network, score: float, validation_loss: float | None) -> Epoch:
        """The row of the history, once all steps are in."""
        return Epoch(
            epoch=last.epoch + 1,
            loss=float(np.mean(self.losses)),
            score=score,
            validation_loss=validation_loss,
            lr=last.lr,
            exchanged=self.exchanged,
            connections=net.connections,
            densities=tuple(densities(net)),
            bytes=self.most,
            seconds=self.seconds,
            considered=self.considered,
        )


@dataclass
class Progress:
    """How far a run is: with its settings and the network as it stands, all that it takes to go on.

    plan: connections of each of its trainings, of which there are several if the method has `rounds`; drawn: the
    order of the samples of which the first ones were held out, empty if none; history: the epochs so far; at: the
    place in the present training; sums: of its present epoch.
    """

    plan: tuple[int, ...]
    drawn: Offset
    history: History
    at: Position = field(default_factory=Position)
    sums: Sums = field(default_factory=Sums)

    @property
    def last(self) -> bool:
        """Whether the present training is the last one."""
        return len(self.history.earlier) + 1 == len(self.plan)

    def next_training(self) -> None:
        """Put the history of the present training to the earlier ones, and begin another."""
        done, self.at = self.history, Position()
        self.history = History(done.method, done.data, measure=done.measure, earlier=[*done.earlier, done])
        done.earlier = []


def held(net: Network) -> int:
    """Bytes of the network and of what its optimizer and its method remember."""
    memory = net.memory_bytes()
    return memory["values"] + memory["indices"] + memory["optimizer_state"] + memory["method_state"]
