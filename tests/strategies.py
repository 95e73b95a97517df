"""What the tests draw from: the Hypothesis profile, and random topologies."""

import os
from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

WITHOUT_JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") == "1"

# The first call of a kernel compiles it, so no example has a deadline; pure Python kernels get fewer examples.
settings.register_profile("minidst", deadline=None, max_examples=15 if WITHOUT_JIT else 60)
settings.load_profile("minidst")

DTYPES = [np.float32, np.float64]


@dataclass(frozen=True)
class Topology:
    """Connections in row-major order and a seed for the numbers that go with them."""

    shape: tuple[int, int]
    rows: np.ndarray
    cols: np.ndarray
    seed: int

    @property
    def nnz(self) -> int:
        return self.rows.size

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return list(zip(self.rows.tolist(), self.cols.tolist(), strict=True))

    @property
    def rng(self) -> np.random.Generator:
        """The same numbers at every call."""
        return np.random.default_rng(self.seed)

    def weights(self, values) -> dict[tuple[int, int], float]:
        """{(i, j): value}, as naive.py wants it."""
        return dict(zip(self.pairs, np.ravel(values).tolist(), strict=True))


def rows_and_cols(fan_ins, n_in, rng):
    """`fan_ins[i]` distinct inputs for every output i, both ends int32 and in row-major order."""
    cols = [np.sort(rng.permutation(n_in)[:k]) for k in fan_ins]
    rows = np.repeat(np.arange(len(fan_ins)), fan_ins).astype(np.int32)
    return rows, np.concatenate(cols).astype(np.int32)


@st.composite
def topologies(draw, max_out=6, max_in=20, constant=False):
    """Any topology: empty rows, empty columns, one row, one column, nothing at all; or one fan-in k ≥ 1 for all."""
    n_out, n_in = draw(st.integers(1, max_out)), draw(st.integers(1, max_in))
    if constant:
        fan_ins = [draw(st.integers(1, n_in))] * n_out
    else:
        fan_ins = draw(st.lists(st.integers(0, n_in), min_size=n_out, max_size=n_out))
    seed = draw(st.integers(0, 2**16))
    return Topology((n_out, n_in), *rows_and_cols(fan_ins, n_in, np.random.default_rng(seed)), seed)


def whole(rng, *shape, dtype=np.float64):
    """Whole numbers from −4 to 4, zeros among them: sums of their products are exact in any order and any width."""
    return rng.integers(-4, 5, shape).astype(dtype)


class Told:
    """Stands in for a Generator: `random(n)` returns the next list it was given, which must have n numbers."""

    def __init__(self, *lists):
        self.lists = [np.array(numbers, float) for numbers in lists]

    def random(self, n):
        numbers = self.lists.pop(0)
        assert numbers.shape == (n,)
        return numbers


def frozen(array):
    """Index arrays reach the kernels read-only; Numba compiles once for that and once for writable ones."""
    array.flags.writeable = False
    return array


def damaged(*originals):
    """Bytes from nothing, and originals with pieces overwritten, cut out, doubled or cut off."""

    @st.composite
    def draw_one(draw):
        content = bytearray(draw(st.sampled_from(originals)))
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(content)))
            piece = draw(st.binary(max_size=8))
            match draw(st.sampled_from(["overwrite", "insert", "cut", "end"])):
                case "overwrite":
                    content[at : at + len(piece)] = piece
                case "insert":
                    content[at:at] = piece
                case "cut":
                    del content[at : at + len(piece)]
                case "end":
                    del content[at:]
        return bytes(content)

    return st.one_of(draw_one(), st.binary(max_size=200))


def pointer(ends, n):
    """Where the connections of each of n rows (or columns) begin: 0, then running counts."""
    counts = [0] * n
    for end in ends:
        counts[end] += 1
    return np.cumsum([0, *counts]).astype(np.int64)


def csc(shape, rows, cols):
    """(colptr, rows column by column, here): connections from the top in each column; where each row begins."""
    order = sorted(range(len(cols)), key=lambda e: (cols[e], rows[e]))
    return frozen(pointer(cols, shape[1])), frozen(rows[order]), pointer(rows, shape[0])[:-1]


def columns(max_B):
    """Activations h and gradients δ of a small layer, a column per sample, with squares that fit float64."""
    numbers = st.integers(-(10**6), 10**6).map(lambda n: n / 1024)
    return st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, max_B)).flatmap(
        lambda size: st.tuples(*(arrays(float, (n, size[2]), elements=numbers) for n in size[:2]))
    )
