"""Emptying PostgreSQL after a test that committed: only the tables that hold rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations


def sql_flush(operations: DatabaseOperations, style: Any, tables: Sequence[str], **how: bool) -> list[str]:
    """Return the statements that empty ``tables``; TRUNCATE makes new files for each of them and of their indexes."""
    names = [operations.quote_name(table) for table in tables]
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [name for (name,) in cursor.fetchall()]
    without_triggers = "SET LOCAL session_replication_role = replica"  # nor checks of foreign keys
    return [without_triggers, *(f"DELETE FROM {name}" for name in filled)]  # noqa: S608
