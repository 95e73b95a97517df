"""The image sets: digits, MNIST, Fashion-MNIST and CIFAR-10, standardised by constants.

Sources: E. Alpaydin and C. Kaynak, https://doi.org/10.24432/C50P49 (digits); Y. LeCun et al., "Gradient-based learning
applied to document recognition", 1998; H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST", arXiv:1708.07747;
A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .image_files import LAYOUTS, check_digest, find
from .npz import read_npz
from .pickled import read_batch_dict
from .reading import DEFLATE_RATIO, reading, shown

# Mean and standard deviation of the training pixels: constants, so that a part of the set, or one image, is scaled
# exactly like the whole. Pixels of the digits are whole numbers 0..16, those of the other sets are scaled to 0..1.
DIGITS_MEAN, DIGITS_STD = np.float32(4.8951), np.float32(6.0211)
MNIST_MOMENTS = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)  # red, green, blue

DIGITS_FILE = Path(__file__).with_name("digits.npz")
CHANNEL = 1024  # pixels of one channel of a CIFAR-10 image
RECORD = 1 + 3 * CHANNEL
IDX_REMEDY = "fetch the file again"
CIFAR_REMEDY = "unpack the archive again"


def load_digits() -> Dataset:
    """Return UCI's handwritten digits: x (1437, 64) and (360, 64), 8×8 pixels row by row; 10 classes.

    They ship with the package, CC BY 4.0, see `digits.LICENSE.md`; the split is stratified and fixed in the file.
    """
    arrays = read_npz(DIGITS_FILE)
    x_train, x_test = ((arrays[key] - DIGITS_MEAN) / DIGITS_STD for key in ("x_train", "x_test"))
    return Dataset(x_train, arrays["y_train"], x_test, arrays["y_test"], 10, "digits")


def load_mnist(name: str, data_dir: object = None, check: bool = True) -> Dataset:
    """Return `mnist` or `fashion-mnist`: x (60000, 784) and (10000, 784), 28×28 grey pixels; 10 classes.

    data_dir: a folder to look in first, see `minidst.data.image_files`. check: compare SHA-256 digests.
    Raises ValueError if files are missing, damaged or not the known ones.
    """
    images_train, y_train, images_test, y_test = (
        read_idx(path, 3 if "images" in array else 1, f"{name}/{array}" if check else None)
        for array, path in find(LAYOUTS[name], data_dir).items()
    )
    scales = _scales(*MNIST_MOMENTS[name])
    x_train, x_test = (scales[images.reshape(len(images), -1)] for images in (images_train, images_test))
    return Dataset(x_train, y_train, x_test, y_test, 10, name)


def read_idx(path: Path, ndim: int, array: str | None = None) -> NDArray[np.uint8]:
    """Read a uint8 array of `ndim` dimensions from an IDX file, plain or gzipped, as its first two bytes tell.

    Layout, big-endian: two zero bytes, a dtype code (8 = uint8), the number of dimensions, one uint32 per dimension,
    the elements in C order. Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits".
    array: name under which `image_files.KNOWN` may have a digest; None skips that check.
    Raises ValueError unless the file holds exactly the bytes that its header says.
    """
    head_length = 4 + 4 * ndim
    with reading(path, "IDX file", IDX_REMEDY):
        packed = path.read_bytes()
        gzip = zlib.decompressobj(wbits=31) if packed[:2] == b"\x1f\x8b" else None
        head = gzip.decompress(packed, head_length) if gzip else packed[:head_length]
    if len(head) < head_length:
        raise ValueError(f"{shown(path)} holds {len(head)} bytes, an IDX header takes {head_length}: {IDX_REMEDY}")
    magic = bytes([0, 0, 8, ndim])
    if head[:4] != magic:
        raise ValueError(f"{shown(path)} starts with {head[:4].hex()}, an IDX file of {ndim}-dimensional uint8 starts "
                         f"with {magic.hex()}: {IDX_REMEDY}")  # fmt: skip
    shape = struct.unpack(f">{ndim}I", head[4:])
    size = math.prod(shape)  # Python integers: no header overflows this
    total = head_length + size
    if size == 0:
        raise ValueError(f"{shown(path)} has shape {shape}, no element at all: {IDX_REMEDY}")
    # Nothing is allocated for elements that a file of this size cannot hold.
    if size > len(packed) * (DEFLATE_RATIO if gzip else 1):
        raise ValueError(f"{shown(path)} is {len(packed)} bytes, its header claims {total}: {IDX_REMEDY}")
    with reading(path, "IDX file", IDX_REMEDY):
        # One byte more than there should be shows whether others follow.
        body = gzip.decompress(gzip.unconsumed_tail, size + 1) if gzip else packed[head_length : total + 1]
    if len(body) != size:
        held = f"more than {total}" if len(body) > size else f"{head_length + len(body)}"
        raise ValueError(f"{shown(path)} holds {held} bytes, its header claims {total}: {IDX_REMEDY}")
    if gzip and (not gzip.eof or gzip.unused_data):
        raise ValueError(f"{shown(path)}: its gzip stream lacks its end or is followed by other bytes: {IDX_REMEDY}")
    if array is not None:
        check_digest(array, path, head + body)
    return np.frombuffer(body, np.uint8).reshape(shape)


def load_cifar10(data_dir: object = None, check: bool = True) -> Dataset:
    """Return CIFAR-10: x (50000, 3072) and (10000, 3072), 32×32 pixels, channels first; 10 classes.

    Standardised per channel. data_dir, check: as for `load_mnist`.
    Raises ValueError if files are missing, damaged or not the known ones.
    """
    files = find(LAYOUTS["cifar10"], data_dir)
    *batches, test = (read_batch(path, f"cifar10/{array}" if check else None) for array, path in files.items())
    train = np.concatenate(batches)
    return Dataset(_cifar_pixels(train), train[:, 0], _cifar_pixels(test), test[:, 0], 10, "cifar10")


def read_batch(path: Path, array: str | None = None) -> NDArray[np.uint8]:
    """Return the records of a CIFAR-10 batch, (samples, 3073) uint8: 1 label, then 1024 red, green and blue pixels.

    A name ending in `.bin` means the binary version, which is these records; others are pickles, see `pickled.py`.
    array: name under which `image_files.KNOWN` may have a digest; None skips that check.
    """
    if path.suffix != ".bin":
        pixels, labels = read_batch_dict(path, 3 * CHANNEL)
        records = np.concatenate([labels[:, None], pixels], axis=1)
    else:
        with reading(path, "CIFAR-10 batch", CIFAR_REMEDY):
            content = path.read_bytes()
        if not content or len(content) % RECORD:
            raise ValueError(
                f"{shown(path)} holds {len(content)} bytes, not one or more records of {RECORD}: {CIFAR_REMEDY}"
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    if array is not None:
        check_digest(array, path, records.data)
    return records


def _cifar_pixels(records: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the pixels of the records, standardised per channel."""
    x = np.empty((len(records), 3 * CHANNEL), np.float32)
    for start, mean, std in zip(range(0, 3 * CHANNEL, CHANNEL), CIFAR_MEAN, CIFAR_STD, strict=True):
        x[:, start : start + CHANNEL] = _scales(mean, std)[records[:, 1 + start : 1 + start + CHANNEL]]
    return x


def _scales(mean: float, std: float) -> NDArray[np.float32]:
    """(pixel / 255 - mean) / std of all 256 pixels; looking them up needs no float64 temporary of a whole set."""
    return ((np.arange(256) / 255 - mean) / std).astype(np.float32)
