"""Fills the database of an appliance with studies, tasks and reports: ``python -m tests.bench.fill_worklist COUNT``.

The database makes them itself (``studies.sql``, ``reading_tasks.sql``), a million in a few minutes. PostgreSQL only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django

if TYPE_CHECKING:
    from django.db.models import Model

SCRIPTS: Final = tuple(Path(__file__).with_name(name) for name in ("studies.sql", "reading_tasks.sql"))


def fill(count: int) -> None:
    """Make ``count`` studies in an appliance that has none; the facilities NORTH and SOUTH must be there."""
    from django.db import connection, transaction

    from noctis.accounts.models import User
    from noctis.archive.models import Patient, Study
    from noctis.reading_worklist.models import ReadingTask
    from noctis.reports.models import Report, ReportVersion

    filled = (User, Patient, Study, ReadingTask, Report, ReportVersion)
    with defaults_of(filled), without_indexes(filled), transaction.atomic(), connection.cursor() as cursor:
        for script in SCRIPTS:
            for statement in script.read_text(encoding="utf-8").split(";\n"):
                if statement.strip():
                    cursor.execute(statement, {"count": count})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # what autovacuum has done on a server that grew over years


@contextmanager
def defaults_of(models: tuple[type[Model], ...]) -> Iterator[None]:
    """Let the database itself know the defaults of the models, so that scripts name only what they care for."""
    from django.db import connection

    columns = [
        (model._meta.db_table, field.column, field.get_db_prep_save(field.get_default(), connection))
        for model in models
        for field in model._meta.local_concrete_fields
        if not field.null and not field.primary_key and field.get_default() is not None
    ]
    with connection.cursor() as cursor:
        for table, column, value in columns:
            cursor.execute(f'ALTER TABLE {table} ALTER "{column}" SET DEFAULT %s', [value])
        yield
        for table, column, _ in columns:
            cursor.execute(f'ALTER TABLE {table} ALTER "{column}" DROP DEFAULT')


@contextmanager
def without_indexes(models: tuple[type[Model], ...]) -> Iterator[None]:
    """Take the indexes away and make them anew, which is faster than to keep them; those of constraints stay."""
    from django.db import connection

    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [tables],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")
    django.setup()
    fill(int(sys.argv[1]))
