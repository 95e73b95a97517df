"""How an X that the products gather rows from is brought through the cache: in panels of rows, its tiles packed.

A row that does not begin on a cache line has every load touch two of them; and rows of a wide batch lie a large power
of two of bytes apart, where a cache keeps few of them at a time. A copy of the one tile that is being multiplied has
neither fault. To copy a row costs as much as is lost by a dozen loads of it.
"""

from collections.abc import Iterable, Iterator
from math import ceil

from .arrays import Float
from .jit import jit
from .memory import aligned
from .simd.tiles import MOST, REGISTER_BYTES, Size, load, store, tiles

CACHE = 1 << 20  # bytes of activations that stay in a core's second-level cache
PER_VISIT = 25  # connections of a row that make up for fetching its tile, where X is visited in panels
WORTH_PACKING = 12  # loads that make up for copying a row
CALL = 600  # the fixed cost of packing, in rows copied

Piece = tuple[Float, int, int, int, Size]
"""(M, first, end, origin, size): tiles of one size for samples `first` to `end`; sample b is in M[:, b − origin]."""


def samples_of(piece: Piece) -> int:
    """How many samples it holds."""
    return piece[2] - piece[1]


def panel(X: Float, per_row: float, out: Float | None = None) -> int:
    """How many rows of X (or of DY, for Wᵀ) to visit at a time: all of them if their tiles fit into the cache.

    per_row: connections of a row of W (or a column); out: of the forward product alone. Each visit of a row of `out`
    loads and stores its tile, so visits are fewer where `out` does not fit either.
    """
    row = min(X.shape[1] * X.itemsize, MOST * REGISTER_BYTES)  # bytes of a tile
    narrow = out is not None and row < MOST * REGISTER_BYTES  # there a visit costs more than what a panel gains
    if len(X) * row <= (CACHE if narrow else CACHE // 4):
        return len(X)
    least_rows = 2048 if out is not None and len(out) * row > CACHE else 128
    visits = min(round(per_row / PER_VISIT), len(X) // least_rows)
    return ceil(len(X) / max(1, visits))


@jit
def copy_tile(M: Float, b: int, out: Float, c: int, size: Size) -> None:
    """out[i, c : c + samples] = M[i, b : b + samples] as far as out's rows go, and 0 where M's have ended."""
    for i in range(M.shape[0]):
        store(load(M, i, b, size), out, i, c)


def _lies_well(M: Float, size: Size) -> bool:
    """Whether a load of a register touches one cache line, and the rows of M leave each other in the cache."""
    register = size.lanes * M.itemsize
    if M.strides[0] % register or (M.shape[1] > size.samples and M.nbytes > 2 * CACHE):
        return False
    return register <= 16 or M.ctypes.data % register == 0  # NumPy's own arrays begin on 16 bytes


def pieces(M: Float, loads: int) -> Iterable[Piece]:
    """All samples of M, (n, B), packed where it pays.

    loads: how many rows the kernel loads for each tile of samples. A piece is used up before the next one is asked for:
    they share memory.
    """
    if loads < WORTH_PACKING * (len(M) + CALL):
        return [(M, first, end, 0, size) for first, end, size in tiles(M)]
    return _packed(M)


def _packed(M: Float) -> Iterator[Piece]:
    for first, end, size in tiles(M):
        if _lies_well(M, size):
            yield M, first, end, 0, size
            continue
        packed = aligned((len(M), size.samples), M.dtype)
        for b in range(first, max(end, 1), size.samples):  # no samples are one tile too: its sums are 0
            copy_tile(M, b, packed, 0, size)
            yield packed, b, min(b + size.samples, end), b, size
