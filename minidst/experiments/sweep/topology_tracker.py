"""The watch: what becomes of a network's topology during a run, measured after each update."""

from __future__ import annotations

import io

import numpy as np

from ...analysis.metrics import Explored, jaccard
from ...kernels.arrays import Offset
from ...nn import Network
from ...training.loop import Step


class Watch:
    """Compares a network that starts sparse with what it was; of one that starts dense it only counts candidates.

    It holds keys of connections: O(ever active) memory.
    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.places = sum(layer.shape[0] * layer.shape[1] for layer in net.weighted)
        self.updates = self.considered = 0
        self.first = self._keys()
        self.gone: list[Offset] | None = None
        self.explored = Explored(net) if self.first else None

    def after(self, step: Step) -> None:
        """Look at what a step did."""
        if step.considered:
            self.updates += 1
            self.considered += step.considered
        if not (step.grown or step.pruned) or self.explored is None:
            return
        if self.gone is None:
            pairs = zip(self.first, self._keys(), strict=True)
            self.gone = [np.setdiff1d(before, now, assume_unique=True) for before, now in pairs]
        self.explored.add(self.net)

    def numbers(self) -> dict[str, float | None]:
        """itop: share of all connections ever active (R_s); jaccard: J̄ of the first mask and the last; sampled: |S|
        of an update over n_out·n_in, on average. None where there is no such number.
        """
        sparse = self.explored is not None
        pairs = zip(self.first, self._keys(), strict=True) if sparse else ()
        return {
            "itop": self.explored.ratio if self.explored else None,
            "jaccard": float(np.mean([jaccard(a, b) for a, b in pairs])) if sparse else None,
            "sampled": self.considered / self.updates / self.places if self.updates else None,
        }

    def masks(self) -> dict[str, bytes | None]:
        """first, last: the connections at the start and the end; gone: those that the first update took away.

        Gone is P ∖ G: what was pruned and grown again at once is not in it. None for a network that starts dense.
        """
        if not self.first:
            return {}
        sets = {"first": self.first, "last": self._keys(), "gone": self.gone}
        return {name: pack(keys) if keys is not None else None for name, keys in sets.items()}

    def _keys(self) -> list[Offset]:
        return [layer.W.keys() for layer in self.net.sparse]


def pack(keys: list[Offset]) -> bytes:
    """Sorted keys of each layer as compressed differences, about a byte a connection."""
    file = io.BytesIO()
    np.savez_compressed(file, *(np.diff(layer, prepend=0) for layer in keys))
    return file.getvalue()


def unpack(packed: bytes) -> list[Offset]:
    """What was packed."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        return [np.cumsum(file[f"arr_{l}"]) for l in range(len(file.files))]
