"""Files of runs that are signed as they should be, whatever is in them."""

import hashlib
import io
import json
import zipfile

import numpy as np

from minidst import save
from minidst.training.checkpoint.archive import HEADER, SIGNATURE, read, write


def parts_of(run, path):
    """(header, arrays) of the file that the run makes."""
    save(run, path)
    return read(path)


def written(path, header, arrays):
    """The path of a file with these parts and the right checksum."""
    write(path, header, arrays)
    return path


def signed(content):
    """These bytes, the last of them replaced by the checksum of the others."""
    body = content[:-SIGNATURE]
    return body + hashlib.sha256(body).hexdigest().encode()


def zipped(header, members, compression=zipfile.ZIP_STORED):
    """A signed file of any members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.comment = bytes(SIGNATURE)
        if header is not None:
            archive.writestr(HEADER, header if isinstance(header, str | bytes) else json.dumps(header))
        for name, content in members:
            archive.writestr(name, content)
    return signed(buffer.getvalue())


def npy(descr="'<f4'", shape="(3,)", fortran=False, held=b"", version=1):
    """A member of an npz file that promises anything."""
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + held


def npy_of(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
