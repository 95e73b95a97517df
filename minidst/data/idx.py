"""The IDX file: the array format of MNIST, plain or gzipped.

Layout, big-endian: two zero bytes, a dtype code (8 = uint8), the number of dimensions, one uint32 per
dimension, then the elements in C order.
Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", section on file formats.
"""

import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minidst.data.checksums import check_digest
from minidst.data.reading import DEFLATE_RATIO, reading, shown

UINT8 = 8
REMEDY = "fetch the file again"


def read_idx(path: Path, ndim: int, array: str | None = None) -> NDArray[np.uint8]:
    """Read a uint8 array of `ndim` dimensions from the IDX file `path`; gzip is told by its first two bytes.

    array: name under which `minidst.data.checksums.KNOWN` may have a digest; None skips that check.
    Raises ValueError for anything but exactly the bytes the header promises.
    """
    head_length = 4 + 4 * ndim
    with reading(path, "IDX file", REMEDY):
        packed = path.read_bytes()
        content = _Content(packed)
        head = content.take(head_length)
    if len(head) < head_length:
        raise ValueError(f"{shown(path)} holds {len(head)} bytes, an IDX header takes {head_length}: {REMEDY}")
    zero, dtype, dimensions = struct.unpack(">HBB", head[:4])
    if (zero, dtype, dimensions) != (0, UINT8, ndim):
        raise ValueError(
            f"{shown(path)} starts with {head[:4].hex()}, an IDX file of {ndim}-dimensional uint8 starts with "
            f"0000{UINT8:02x}{ndim:02x}: {REMEDY}"
        )
    shape = struct.unpack(f">{ndim}I", head[4:])
    promised = math.prod(shape)  # Python integers: no header overflows this
    total = head_length + promised
    if promised == 0:
        raise ValueError(f"{shown(path)} has shape {shape}, no element at all: {REMEDY}")
    # Nothing is allocated for elements that a file of this size cannot hold.
    if promised > content.most:
        raise ValueError(f"{shown(path)} is {len(packed)} bytes, its header promises {total}: {REMEDY}")
    with reading(path, "IDX file", REMEDY):
        body = content.take(promised + 1)
    if len(body) != promised:
        held = f"more than {total}" if len(body) > promised else f"{head_length + len(body)}"
        raise ValueError(f"{shown(path)} holds {held} bytes, its header promises {total}: {REMEDY}")
    if not content.ended:
        raise ValueError(f"{shown(path)}: its gzip stream lacks its end or is followed by other bytes: {REMEDY}")
    if array is not None:
        check_digest(array, path, head + body)
    return np.frombuffer(body, np.uint8).reshape(shape)


class _Content:
    """The bytes of a plain or gzipped file, taken from the front piece by piece."""

    def __init__(self, packed: bytes) -> None:
        self._left = packed
        self._gzip = zlib.decompressobj(wbits=31) if packed[:2] == b"\x1f\x8b" else None
        self.most = len(packed) * (DEFLATE_RATIO if self._gzip else 1)

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer where the file ends; raises zlib.error on a damaged stream."""
        if self._gzip is None:
            taken, self._left = self._left[:count], self._left[count:]
            return taken
        taken = self._gzip.decompress(self._left, count)
        self._left = self._gzip.unconsumed_tail
        return taken

    @property
    def ended(self) -> bool:
        """Whether nothing is left, and a gzip stream came to its end with the right checksum."""
        return not self._left if self._gzip is None else self._gzip.eof and not self._gzip.unused_data
