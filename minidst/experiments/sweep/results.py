"""The results of a sweep: a row per finished run in a SQLite file, written by one process or by several at once.

`runs` holds what is finished, a failure too; `claims` says which process is at a run. A run is finished in one
transaction that writes its row and drops its claim, so that SIGKILL leaves a row or none. A claim counts as long as
its owner lives (owner.py). SQLite's write-ahead log needs the processes to be on one machine; what runs elsewhere
hands its row to one of them.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .lease import Owner, living
from .trial import Trial

FORMAT = 1
MAGIC = b"SQLite format 3\0"
COLUMNS = {
    "key": "TEXT PRIMARY KEY", "study": "TEXT", "seed": "INTEGER", "settings": "TEXT", "method": "TEXT",
    "every": "INTEGER", "measure": "TEXT", "score": "REAL", "scores": "TEXT", "losses": "TEXT",
    "connections": "INTEGER", "places": "INTEGER", "densities": "TEXT", "bytes": "INTEGER", "seconds": "REAL",
    "itop": "REAL", "jaccard": "REAL", "sampled": "REAL", "first": "BLOB", "gone": "BLOB", "last": "BLOB",
    "error": "TEXT", "version": "TEXT", "revision": "TEXT", "finished": "TEXT",
}  # fmt: skip


class Results:
    """An open file of results. write=False: only to read what is there.

    Raises ValueError for a file that is no such thing, or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, write: bool = True) -> None:
        self.path = Path(path)
        if not write and not self.path.is_file():
            raise ValueError(f"there are no results in {str(path)!r}; `minidst sweep` makes such a file")
        if self.path.is_file() and self.path.stat().st_size and not _is_sqlite(self.path):
            raise ValueError(f"{str(path)!r} holds no results of minidst; choose another file")  # SQLite might empty it
        try:
            self._db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self._check(write)
        except sqlite3.Error as error:
            raise ValueError(f"{str(path)!r} cannot be used for results: {error}; choose another file") from None
        self._owner = Owner(self.path) if write else None

    def claim(self, trials: Sequence[Trial]) -> Trial | None:
        """The first of them that is not finished and that no living process is at, from now on this one's; or None."""
        assert self._owner is not None, "opened to be read"
        with self._transaction() as db:
            finished = self.finished()
            claims = dict(db.execute("SELECT key, owner FROM claims"))
            alive: dict[str, bool] = {}
            for trial in trials:
                if trial.key in finished:
                    continue
                owner = claims.get(trial.key)
                if owner is None or not alive.setdefault(owner, living(self.path, owner)):
                    db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (trial.key, self._owner.name))
                    return trial
        return None

    def record(self, trial: Trial, columns: dict[str, Any]) -> None:
        """Finish a run: its row comes, its claim goes, both or neither."""
        row = {"key": trial.key, "study": trial.study, "seed": trial.seed, **columns,
               "settings": json.dumps(trial.settings.to_dict()),
               "finished": datetime.now(UTC).isoformat(timespec="seconds")}  # fmt: skip
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._transaction() as db:
            db.execute(f"INSERT INTO runs ({names}) VALUES ({places})", row)
            db.execute("DELETE FROM claims WHERE key = ?", (trial.key,))

    def finished(self) -> dict[str, str | None]:
        """Key → what went wrong, None if nothing did, of all runs that are finished."""
        return dict(self._db.execute("SELECT key, error FROM runs"))

    def forget_failures(self, trials: Sequence[Trial]) -> None:
        """Take away the rows of those of these runs that failed, so that they are run again."""
        with self._transaction() as db:
            db.executemany("DELETE FROM runs WHERE key = ? AND error IS NOT NULL", [(trial.key,) for trial in trials])

    def rows(self) -> list[dict[str, Any]]:
        """Everything, in the order of finishing; settings, scores, losses and densities are unpacked."""
        cursor = self._db.execute("SELECT * FROM runs ORDER BY rowid")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        for row in rows:
            for name in ("settings", "scores", "losses", "densities"):
                row[name] = None if row[name] is None else json.loads(row[name])
        return rows

    def close(self) -> None:
        """Give up what is claimed and not finished."""
        if self._owner:
            with suppress(sqlite3.Error):  # the claims of the dead count for nothing anyway
                self._db.execute("DELETE FROM claims WHERE owner = ?", (self._owner.name,))
            self._owner.close()
        self._db.close()

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing of it. Raises ValueError where the file cannot be written."""
        try:
            self._db.execute("BEGIN IMMEDIATE")  # the lock first, or two processes could claim from the same reading
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise ValueError(f"cannot write {str(self.path)!r}: {error}; make room, and run the same again") from None

    def _check(self, write: bool) -> None:
        """Make the tables of a new file; refuse another program's, and one of a later format."""
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (format,) = self._db.execute("PRAGMA user_version").fetchone()
        if write and not tables:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("BEGIN IMMEDIATE")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            self._db.execute(f"CREATE TABLE IF NOT EXISTS runs ({columns})")
            self._db.execute("CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT)")
            self._db.execute(f"PRAGMA user_version = {FORMAT}")
            self._db.execute("COMMIT")
            return
        if format > FORMAT:
            raise ValueError(f"{str(self.path)!r} has format {format} and this version knows {FORMAT}; update minidst")
        here = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"runs", "claims"} <= here:
            raise ValueError(f"{str(self.path)!r} holds no results of minidst; choose another file")


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
