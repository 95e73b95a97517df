"""Atomic writes: after a crash a file is either complete or absent, never half written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .validation import as_path

try:
    import fcntl
except ImportError:  # Windows: leftovers of killed writers stay
    fcntl = None  # type: ignore[assignment]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise ValueError if no file can be written at `path`: called before an hour of training, not after."""
    handle, temporary = _temporary(as_path("path", path))
    os.close(handle)
    temporary.unlink()


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; if the block succeeds, rename it to `path`, else remove it.

    The old file stays until the new one is on the disk. Leftovers of killed writers are removed.
    Raises ValueError if the file cannot be written, naming it, the reason and the remedy.
    """
    target = Path(os.path.realpath(as_path("path", path)))  # a symbolic link stays one
    handle, temporary = _temporary(target)
    try:
        with open(handle, "rb") as lock:
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX)  # shows other writers that this one is alive
            _remove_leftovers(target)
            yield temporary
            os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes it private
            os.fsync(lock.fileno())  # otherwise the new name may reach the disk before the content
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise ValueError(f"cannot write {str(target)!r}: {error.strerror}; make room or choose another place") from None
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(target: Path) -> tuple[int, Path]:
    """Create and open an empty temporary file beside `target`. Raises ValueError if that fails or target is no file."""
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


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of `target` whose writers are dead: a living writer holds a lock on its file."""
    if fcntl is None:
        return
    for entry in os.scandir(target.parent):
        if entry.name.startswith(_prefix(target)) and entry.name.endswith(target.suffix):
            with suppress(OSError), open(entry.path, "rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)


def _sync_folder(folder: Path) -> None:
    """Flush the new name to the disk too, where the system lets a folder be opened for that."""
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
