"""The owner of claims: a process, known by a file beside the results that it keeps locked for as long as it lives.

The system drops the lock whatever ends the process, SIGKILL too, and a process number that is given anew means nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

try:
    import fcntl
except ImportError:  # on Windows, where nobody can remove the file that another process has open
    fcntl = None  # type: ignore[assignment]


class Owner:
    """This process as the owner of claims on the runs of a file of results. name: unlike any other's."""

    def __init__(self, results: Path) -> None:
        for file in results.parent.iterdir():
            if file.name.startswith(place(results, "").name):
                living(results, file.name.removeprefix(place(results, "").name))  # or what the killed left would stay
        self.name = uuid4().hex[:12]
        self._path = place(results, self.name)
        new = self._path.with_name(f".{self._path.name}") if fcntl else self._path
        self._file = open(new, "wb")  # noqa: SIM115  open for as long as the owner lives
        if fcntl:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            new.rename(self._path)  # locked before anybody can find it

    def close(self) -> None:
        """Stop being one."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def place(results: Path, name: str) -> Path:
    """The file of an owner."""
    return results.with_name(f"{results.name}-owner-{name}")


def living(results: Path, name: str) -> bool:
    """Whether that owner is at work; removes the file of one that was killed."""
    try:
        if fcntl:
            with open(place(results, name), "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(place(results, name))
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):
        return True
    return False
