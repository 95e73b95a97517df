"""Files that are either whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raises ValueError if no file could be written at `path`: better known before an hour of training than after."""
    _temporary(Path(path)).unlink()


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hand out a temporary name beside `path`; if the block succeeds, move it there, else remove it.

    Raises ValueError if the file cannot be written, naming it, the reason and the remedy.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    temporary = _temporary(target)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes a private file; a result is not a secret
        temporary.replace(target)
    except OSError as error:
        raise ValueError(f"cannot write {str(target)!r}: {error.strerror}; make room or choose another place") from None
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(target: Path) -> Path:
    """An empty file of its own beside `target`. Raises ValueError if there can be none, or target is no file."""
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "not a regular file"
        raise ValueError(f"cannot write {str(target)!r}: it is {kind}; give the name of a file")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    except OSError as error:
        raise ValueError(f"cannot write {str(target)!r}: {error.strerror}; choose another folder") from None
    os.close(handle)
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
