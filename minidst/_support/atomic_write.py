"""Files that are either whole or not there, whenever the power fails."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import validation as given

try:
    import fcntl
except ImportError:  # on Windows, where what killed writers leave stays
    fcntl = None  # type: ignore[assignment]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises ValueError if no file could be written at `path`: better known before an hour of training than after."""
    handle, temporary = _temporary(given.as_path("path", path))
    os.close(handle)
    temporary.unlink()


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hand out a temporary name beside `path`; if the block succeeds, move it there, else remove it.

    The old file is there until the new one is on the disk. What a writer that was killed left behind is removed.
    Raises ValueError if the file cannot be written, naming it, the reason and the remedy.
    """
    target = Path(os.path.realpath(given.as_path("path", path)))  # a link stays a link
    handle, temporary = _temporary(target)
    try:
        with open(handle, "rb") as lock:
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX)  # says that its writer lives
            _sweep(target)
            yield temporary
            os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes a private file; a result is not a secret
            os.fsync(lock.fileno())  # or the new name might reach the disk before the content does
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise ValueError(f"cannot write {str(target)!r}: {error.strerror}; make room or choose another place") from None
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(target: Path) -> tuple[int, Path]:
    """An empty file of its own beside `target`, open. Raises ValueError if there can be none, or target is no file."""
    if os.path.exists(target) and not target.is_file():
        kind = "a folder" if target.is_dir() else "not a regular file"
        raise ValueError(f"cannot write {str(target)!r}: it is {kind}; give the name of a file")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=_prefix(target), suffix=target.suffix)
    except OSError as error:
        raise ValueError(f"cannot write {str(target)!r}: {error.strerror}; choose another folder") from None
    return handle, Path(name)


def _prefix(target: Path) -> str:
    return f".{target.stem}.minidst-"


def _sweep(target: Path) -> None:
    """Remove temporary files of `target` whose writers are dead: a living one holds a lock on its own."""
    if fcntl is None:
        return
    for entry in os.scandir(target.parent):
        if entry.name.startswith(_prefix(target)) and entry.name.endswith(target.suffix):
            with suppress(OSError), open(entry.path, "rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk too, where the system lets a folder be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
