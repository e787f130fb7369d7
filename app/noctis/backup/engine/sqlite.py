"""The database of the embedded default."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from noctis.backup.engine.databases import Contents, Queries, contents_of, text_of
from noctis.backup.engine.plan import BackupError


class SQLite:
    """One file, which may be in use."""

    def __init__(self, path: Path) -> None:
        """Remember where it lies."""
        self.path = path

    def rows(self) -> dict[str, int]:
        """Return the number of rows by table."""
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return {
            name: int(next(self.select(f'SELECT count(*) FROM "{name}"'))[0])  # noqa: S608
            for (name,) in list(self.select(tables))
        }

    def select(self, statement: str) -> Iterator[list[str]]:
        """Yield rows as texts."""
        with closing(self._open()) as connection:
            for row in connection.execute(statement):
                yield [text_of(value) for value in row]

    def dump(self, target: Path) -> Contents:
        """Copy the database as it stands at one moment, also while it is written to."""
        target.unlink(missing_ok=True)
        with closing(self._open()) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return contents_of(SQLite(target))

    @contextmanager
    def scratch(self, dump: Path, folder: Path) -> Iterator[Queries]:
        """Read the dump itself: it is a database."""
        with closing(sqlite3.connect(f"file:{dump}?mode=ro", uri=True)) as connection:
            answer: Any = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if answer != "ok":
            raise BackupError(f"the dump of the database is damaged: {answer}")
        yield SQLite(dump)

    def replace(self, dump: Path) -> str:
        """Put the dump in the place of the database and keep the former one beside it."""
        former = self.path.with_name(f"{self.path.name}.before_restore")
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        if self.path.exists():
            self.path.replace(former)
        with closing(sqlite3.connect(dump)) as source, closing(sqlite3.connect(self.path)) as target:
            source.backup(target)
        self.path.chmod(0o600)
        return f"The former database is kept as {former}." if former.exists() else ""

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise BackupError(f"{self.path} is missing: there is no database yet.")
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
