import gzip
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path_factory):
    """No test finds data it did not write: neither by the environment nor in the user's cache."""
    monkeypatch.delenv("MINIDST_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "empty-cache"))


@pytest.fixture(scope="session")
def idx_bytes():
    def make(array: np.ndarray) -> bytes:
        return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype("u1").tobytes()

    return make


@pytest.fixture
def mnist_folder(tmp_path, idx_bytes):
    """Write four small IDX files, 5 train and 3 test images of 2×2 pixels; return the folder and the arrays."""

    def make(packed: bool = False) -> tuple[Path, dict[str, np.ndarray]]:
        rng = np.random.default_rng(1)
        arrays = {}
        for part, count in (("train", 5), ("t10k", 3)):
            arrays[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (count, 2, 2))
            arrays[f"{part}-labels-idx1-ubyte"] = rng.integers(0, 10, count)
        for name, array in arrays.items():
            content = idx_bytes(array)
            path = tmp_path / (name + ".gz" * packed)
            path.write_bytes(gzip.compress(content) if packed else content)
        return tmp_path, arrays

    return make


@pytest.fixture
def cifar_folder(tmp_path):
    """Write six batches of 2 records in the binary or the Python version; return their parent and the records."""

    def make(version: str, protocol: int = 2, order: str = "C") -> tuple[Path, dict[str, np.ndarray]]:
        rng = np.random.default_rng(2)
        names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
        records = {name: rng.integers(0, 256, (2, 3073)).astype(np.uint8) for name in names}
        folder = tmp_path / f"cifar-10-batches-{version}"
        folder.mkdir()
        for name, array in records.items():
            array[:, 0] %= 10
            if version == "bin":
                (folder / f"{name}.bin").write_bytes(array.tobytes())
            else:
                data = np.array(array[:, 1:], order=order)
                batch = {b"data": data, b"labels": array[:, 0].tolist(), b"batch_label": b"one of six"}
                (folder / name).write_bytes(pickle.dumps(batch, protocol))
        return tmp_path, records

    return make
