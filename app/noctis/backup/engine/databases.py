"""What a backup asks of a database: a dump with the counts that belong to it, a scratch copy, a replacement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from noctis.backup.engine.plan import Plan

# What the index says of the archive, in the words of both databases.
SUMMARY: Final = "SELECT count(*), coalesce(sum(file_size), 0), max(received_at) FROM archive_instance"
NEWEST: Final = (
    "SELECT max(at) FROM (SELECT max(received_at) AS at FROM archive_instance "
    "UNION ALL SELECT max(changed_at) FROM reports_report "
    "UNION ALL SELECT max(signed_at) FROM reports_addendum) AS every"
)
EVERY_INSTANCE: Final = "SELECT path, file_size FROM archive_instance"
SOME_INSTANCES: Final = "SELECT path, data_set_offset, sha256 FROM archive_instance ORDER BY random() LIMIT {number}"
ALL_INSTANCES: Final = "SELECT path, data_set_offset, sha256 FROM archive_instance"
EVERY_ATTACHMENT: Final = (
    "SELECT sha256 FROM attachments_attachment "
    "UNION SELECT pdf_sha256 FROM report_output_edition WHERE pdf_sha256 <> '' "
    "UNION SELECT logo_sha256 FROM report_output_letterhead WHERE logo_sha256 <> ''"
)


@dataclass(frozen=True)
class Contents:
    """What a dump holds: rows by table, and the archive's figures; all of one moment."""

    rows: dict[str, int]
    instances: int
    bytes: int
    newest: str


class Queries(Protocol):
    """A database that can be asked."""

    def rows(self) -> dict[str, int]:
        """Return the number of rows by table."""

    def select(self, statement: str) -> Iterator[list[str]]:
        """Yield the rows that a statement of this module finds, as texts; NULL is an empty one."""


class Database(Queries, Protocol):
    """The database of the application."""

    def dump(self, target: Path) -> Contents:
        """Write everything of one moment to ``target`` and return what it holds."""

    def scratch(self, dump: Path, folder: Path) -> AbstractContextManager[Queries]:
        """Give a database that a dump was restored into and that is gone afterwards."""

    def replace(self, dump: Path) -> str:
        """Put what a dump holds in the place of the database; return what became of the former one, in words."""


def open_database(plan: Plan) -> Database:
    """Return the database that the plan describes."""
    # Imported here, because a server needs no SQLite and the embedded default no PostgreSQL.
    values = dict(plan.database)
    kind = values.pop("kind")
    if kind == "sqlite":
        from noctis.backup.engine.sqlite import SQLite

        return SQLite(Path(values["path"]))
    from noctis.backup.engine.postgresql import PostgreSQL

    return PostgreSQL(**values)


def contents_of(database: Queries) -> Contents:
    """Return what a database holds."""
    instances, size, _ = next(database.select(SUMMARY))
    return Contents(database.rows(), int(instances), int(size), newest_of(database))


def newest_of(database: Queries) -> str:
    """Return when the last image or report came, as ISO text; nothing where there is none."""
    return next(database.select(NEWEST))[0]


def compared(expected: dict[str, int], found: dict[str, int]) -> list[str]:
    """Return where two counts of rows differ, in words."""
    return [
        f"{table}: {found.get(table, 'no table')} rows in place of {expected.get(table, 'no table')}"
        for table in sorted(expected.keys() | found.keys())
        if expected.get(table) != found.get(table)
    ]


def text_of(value: Any) -> str:
    """Return a value as PostgreSQL's CSV gives it."""
    return "" if value is None else str(value)
