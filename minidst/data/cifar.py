"""CIFAR-10: 32×32 colour images in six batches, binary or Python version.

A binary batch is a row of 3073-byte records: 1 label, then 1024 red, 1024 green and 1024 blue pixels, each
channel row by row.
A Python batch is a pickled dict; it is read by `minidst.data.pickled` without running anything from it.
Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and the page
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minidst.data.checksums import check_digest
from minidst.data.dataset import Dataset
from minidst.data.pickled import read_batch_dict
from minidst.data.places import LAYOUTS, find
from minidst.data.reading import reading, shown

PIXELS = 1024  # of one channel
RECORD = 1 + 3 * PIXELS
REMEDY = "unpack the archive again"
# Per channel, of the training pixels scaled to 0..1.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


def load_cifar10(data_dir: object = None, check: bool = True) -> Dataset:
    """Return CIFAR-10: x (50000, 3072) and (10000, 3072), channels first, standardised per channel; 10 classes.

    data_dir: a folder to look in first, see `minidst.data.places`. check: compare SHA-256 digests.
    Raises ValueError if files are missing, damaged or not the known ones.
    """
    files = find(LAYOUTS["cifar10"], data_dir)
    batches = {array: read_batch(path, f"cifar10/{array}" if check else None) for array, path in files.items()}
    test = batches.pop("test_batch")
    train = np.concatenate(list(batches.values()))
    return Dataset(_scaled(train), train[:, 0], _scaled(test), test[:, 0], 10, "cifar10")


def read_batch(path: Path, array: str | None = None) -> NDArray[np.uint8]:
    """Return the records of one batch, (samples, 3073) uint8; a name ending in `.bin` means the binary version.

    array: name under which `minidst.data.checksums.KNOWN` may have a digest; None skips that check.
    """
    if path.suffix != ".bin":
        pixels, labels = read_batch_dict(path, 3 * PIXELS)
        records = np.concatenate([labels[:, None], pixels], axis=1)
    else:
        with reading(path, "CIFAR-10 batch", REMEDY):
            content = path.read_bytes()
        if not content or len(content) % RECORD:
            raise ValueError(f"{shown(path)} holds {len(content)} bytes, not one or more records of {RECORD}: {REMEDY}")
        records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    if array is not None:
        check_digest(array, path, records.data)
    return records


def _scaled(records: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the pixels of the records, standardised per channel."""
    x = np.empty((len(records), 3 * PIXELS), np.float32)
    for channel, (mean, std) in enumerate(zip(MEAN, STD, strict=True)):
        # One table of 256 floats instead of arithmetic on 50 million pixels: no float64 temporary.
        table = ((np.arange(256) / 255 - mean) / std).astype(np.float32)
        columns = slice(channel * PIXELS, (channel + 1) * PIXELS)
        x[:, columns] = table[records[:, 1:][:, columns]]
    return x
