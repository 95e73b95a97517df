"""Files that are either whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raises ValueError if no file could be written at `path`: better known before an hour of training than after."""
    with written_whole(Path(path).with_name(f".{Path(path).name}.try")) as temporary:
        temporary.touch()
    Path(path).with_name(f".{Path(path).name}.try").unlink()


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hand out a temporary name beside `path`; if the block succeeds, move it there, else remove it.

    Raises ValueError if the folder does not exist or cannot be written to, naming it and the remedy.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ValueError(f"cannot write {target}: {reason} ({target.parent}); choose another folder") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes a private file; a result is not a secret
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
