"""Files as the readers of minidst.data want them."""

import gzip
import io
import pickle
import struct
import zipfile

import numpy as np
from builders import rng

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype("u1").tobytes()


def write_mnist(folder, packed=False):
    """Write four small IDX files, 5 train and 3 test images of 2×2 pixels; return the arrays by name."""
    draw, arrays = rng(1), {}
    for part, count in (("train", 5), ("t10k", 3)):
        arrays[f"{part}-images-idx3-ubyte"] = draw.integers(0, 256, (count, 2, 2))
        arrays[f"{part}-labels-idx1-ubyte"] = draw.integers(0, 10, count)
    for name, array in arrays.items():
        content = idx(array)
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return arrays


def write_cifar(parent, version, protocol=2, order="C"):
    """Write six batches of 2 records in the binary or the Python version; return the records by batch."""
    draw = rng(2)
    records = {name: draw.integers(0, 256, (2, 3073)).astype(np.uint8) for name in BATCHES}
    folder = parent / f"cifar-10-batches-{version}"
    folder.mkdir()
    for name, array in records.items():
        array[:, 0] %= 10
        if version == "bin":
            (folder / f"{name}.bin").write_bytes(array.tobytes())
        else:
            data = np.array(array[:, 1:], order=order)
            batch = {b"data": data, b"labels": array[:, 0].tolist(), b"batch_label": b"one of six"}
            (folder / name).write_bytes(pickle.dumps(batch, protocol))
    return records


def npz(save=np.savez_compressed, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array)
    return buffer.getvalue()


def zipped(x, y):
    """An npz file whose members are these bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", x)
        archive.writestr("y.npy", y)
    return buffer.getvalue()
