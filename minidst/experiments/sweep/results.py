"""The results of a sweep: one row per finished trial in an SQLite file, written by one process or by several at once.

Table `runs` holds the finished trials, failures included; `claims` says which process (column `owner`, the name of its
lease) runs which trial. One transaction writes a row and drops its claim, so SIGKILL leaves a whole row or none. A
claim is valid while its process holds its lease. SQLite's write-ahead log requires all processes to be on one machine;
workers elsewhere send their rows to one of them.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from .trial import Trial

try:
    import fcntl
except ImportError:  # on Windows, where a file that another process has open cannot be removed
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
MAGIC = b"SQLite format 3\0"
COLUMNS = {
    "key": "TEXT PRIMARY KEY", "study": "TEXT", "seed": "INTEGER", "settings": "TEXT", "method": "TEXT",
    "every": "INTEGER", "measure": "TEXT", "score": "REAL", "scores": "TEXT", "losses": "TEXT",
    "connections": "INTEGER", "places": "INTEGER", "densities": "TEXT", "bytes": "INTEGER", "seconds": "REAL",
    "itop": "REAL", "jaccard": "REAL", "sampled": "REAL", "first": "BLOB", "gone": "BLOB", "last": "BLOB",
    "error": "TEXT", "version": "TEXT", "revision": "TEXT", "finished": "TEXT",
}  # fmt: skip
ENCODED = ("settings", "scores", "losses", "densities")  # as JSON


class Lease:
    """This process's right to claim trials: a file beside the results, with a unique name, locked while the process
    lives. The system drops the lock however the process ends, SIGKILL included; reused process numbers do not matter.
    """

    def __init__(self, results: Path) -> None:
        for file in results.parent.iterdir():
            if file.name.startswith(_lease_file(results, "").name):
                _is_held(file)  # removes the file if its process was killed
        self.name = uuid4().hex[:12]
        self._path = _lease_file(results, self.name)
        new = self._path.with_name(f".{self._path.name}") if fcntl else self._path
        self._file = open(new, "wb")  # noqa: SIM115  open until close()
        if fcntl:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            new.rename(self._path)  # locked before another process can find it

    def close(self) -> None:
        """Give up the lease."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _lease_file(results: Path, name: str) -> Path:
    return results.with_name(f"{results.name}-owner-{name}")


def _is_held(lease: Path) -> bool:
    """Whether the process with that lease is alive; remove the file of one that was killed."""
    try:
        if fcntl:
            with lease.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lease.unlink()
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):
        return True
    return False


class Results(AbstractContextManager["Results"]):
    """An open file of results, only to be read if write=False. Raises ValueError for a file that holds none."""

    def __init__(self, path: str | os.PathLike[str], *, write: bool = True) -> None:
        self.path = Path(path)
        if not write and not self.path.is_file():
            raise ValueError(f"there are no results in {str(path)!r}; `minidst sweep` makes such a file")
        try:
            self._open(write)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"{str(path)!r} cannot be used for results: {error}; choose another file") from None
        self._lease = Lease(self.path) if write else None

    def claim(self, trials: Sequence[Trial]) -> Trial | None:
        """Claim the first trial that is neither finished nor claimed by a living process; None if there is none."""
        assert self._lease is not None, "opened to be read"
        with self._transaction() as db:
            finished = self.finished()
            claims = dict(db.execute("SELECT key, owner FROM claims"))
            held: dict[str, bool] = {}
            for trial in (trial for trial in trials if trial.key not in finished):
                lease = claims.get(trial.key)
                if lease is None or not held.setdefault(lease, _is_held(_lease_file(self.path, lease))):
                    db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (trial.key, self._lease.name))
                    return trial
        return None

    def record(self, trial: Trial, columns: dict[str, Any]) -> None:
        """Write the row of a finished trial and drop its claim, in one transaction."""
        row = {"key": trial.key, "study": trial.study, "seed": trial.seed, **columns,
               "settings": json.dumps(trial.settings.to_dict()),
               "finished": datetime.now(UTC).isoformat(timespec="seconds")}  # fmt: skip
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._transaction() as db:
            db.execute(f"INSERT INTO runs ({names}) VALUES ({values})", row)
            db.execute("DELETE FROM claims WHERE key = ?", (trial.key,))

    def finished(self) -> dict[str, str | None]:
        """Key → error message, None for success, of all finished trials."""
        return dict(self._db.execute("SELECT key, error FROM runs"))

    def forget_failures(self, trials: Sequence[Trial]) -> None:
        """Delete the rows of those of these trials that failed, so that they are run again."""
        with self._transaction() as db:
            db.executemany("DELETE FROM runs WHERE key = ? AND error IS NOT NULL", [(trial.key,) for trial in trials])

    def rows(self) -> list[dict[str, Any]]:
        """All rows in the order of finishing, with settings, scores, losses and densities decoded from JSON."""
        cursor = self._db.execute("SELECT * FROM runs ORDER BY rowid")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return [row | {name: json.loads(row[name] or "null") for name in ENCODED} for row in rows]

    def close(self) -> None:
        """Drop the claims of unfinished trials."""
        if self._lease:
            with suppress(sqlite3.Error):  # claims without a living process are ignored anyway
                self._db.execute("DELETE FROM claims WHERE owner = ?", (self._lease.name,))
            self._lease.close()
        self._db.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit the block as a whole, or nothing of it. Raises ValueError if the file cannot be written."""
        try:
            with self._db as db:  # commits, or rolls back after an exception
                db.execute("BEGIN IMMEDIATE")  # lock before reading, or two processes could claim the same trial
                yield db
        except sqlite3.Error as error:
            raise ValueError(f"cannot write {str(self.path)!r}: {error}; make room, and run the same again") from None

    def _open(self, write: bool) -> None:
        """Create the tables in a new file. Raises ValueError for another program's file, and for a later format."""
        not_results = f"{str(self.path)!r} holds no results of minidst; choose another file"
        if self.path.is_file():
            with self.path.open("rb") as file:
                header = file.read(len(MAGIC))
            if header and header != MAGIC:
                raise ValueError(not_results)  # SQLite might empty it
        self._db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        (format,) = self._db.execute("PRAGMA user_version").fetchone()
        tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master")}
        if write and not tables:
            with suppress(sqlite3.OperationalError):  # locked at once where another process does the same
                self._db.execute("PRAGMA journal_mode = WAL")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            self._db.executescript(f"BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS runs ({columns});"
                                   "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT);"
                                   f"PRAGMA user_version = {FORMAT}; COMMIT")  # fmt: skip
        elif format > FORMAT:
            self._db.close()
            raise ValueError(f"{str(self.path)!r} has format {format} and this version knows {FORMAT}; update minidst")
        elif not {"runs", "claims"} <= tables:
            self._db.close()
            raise ValueError(not_results)
