"""The archive: a JSON header and named arrays in an npz file whose last 64 characters are the SHA-256 of the rest.

They are the comment that a zip file may end in, so `np.load` reads the arrays of it. Nothing is compressed: no file can
ask for more memory than it has bytes. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...data.npz import read_npy

HEADER = "header.json"
SIGNATURE = 64  # hexadecimal digits
AT_ONCE = 1 << 20


def write(path: Path, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write both, and sign them. The same content makes the same bytes: no time of day is in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = bytes(SIGNATURE)
        archive.writestr(zipfile.ZipInfo(HEADER), json.dumps(header, indent=1, ensure_ascii=False, default=_plain))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    with open(path, "r+b") as file:
        signature = _digest(file)
        file.seek(-SIGNATURE, os.SEEK_END)
        file.write(signature)


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read both. Raises ValueError if a bit is not as it was written, or an array not what its header says."""
    with open(path, "rb") as file:
        signature = _digest(file)
        if file.read() != signature:
            raise ValueError("its checksum does not fit: it is damaged, or no file of a run")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
            if packed or sum(member.file_size for member in members) > os.path.getsize(path):
                raise ValueError("it is compressed, or claims more bytes than it has")
            header = json.loads(archive.read(HEADER))
            arrays = {}
            for member in members:
                if member.filename != HEADER:
                    with archive.open(member) as content:
                        name = member.filename.removesuffix(".npy")
                        arrays[name] = read_npy(content, name, member.file_size)
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    return header, arrays


def _digest(file: IO[bytes]) -> bytes:
    """Of all but the signature, where the file is left."""
    left = file.seek(0, os.SEEK_END) - SIGNATURE
    digest = hashlib.sha256()
    file.seek(0)
    while left > 0 and (piece := file.read(min(AT_ONCE, left))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest().encode()


def _plain(value: Any) -> Any:
    """A NumPy number where only its value matters, such as a loss in a history."""
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"a {type(value).__name__} such as {value!r} cannot be saved; use numbers, strings and lists")
