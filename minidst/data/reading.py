"""Reading a user's files: paths, and one-line ValueErrors for whatever goes wrong."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .._support.validation import as_path

DEFLATE_RATIO = 1032  # deflate packs at most 1032 bytes into one (zlib's technical details)


@contextmanager
def reading(file: Path, kind: str, remedy: str) -> Iterator[None]:
    """Re-raise any error of the block as a one-line ValueError naming file, kind of file and remedy.

    Parsers of the standard library and NumPy raise a dozen exception types on malformed bytes (zlib.error,
    EOFError, struct.error, MemoryError ...); to the user they all mean that the file is not what it should be.
    """
    try:
        yield
    except Exception as error:
        cause = " ".join(str(error).split())[:160] or type(error).__name__
        raise ValueError(f"{shown(file)} is not a readable {kind} ({cause}): {remedy}") from error


def shown(file: Path) -> str:
    """Quote a path such that it stays on one line whatever it contains."""
    return repr(str(file))


def expanded_path(value: object, keyword: str) -> Path:
    """Return a str or PathLike as a path, `~` expanded. Raises ValueError, naming the keyword, for anything else."""
    return Path(os.path.expanduser(as_path(keyword, value)))
