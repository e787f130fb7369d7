"""What PostgreSQL itself refuses to the application and to readers, once their roles are not the owner of the tables.

The server's set-up gives each new table's rows to them (default privileges); here some of it is taken back, after every
migration and by the owner. Where one role does everything, as in the embedded default, there is nothing to take back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connections
from django.db.backends.utils import CursorWrapper

# Every reader may read it, and nobody but the application and the owner writes it.
_REFERENCE: Final = "django_migrations"
_GRANTEES: Final = """
    SELECT pg_get_userbyid(grantee) FROM pg_class, aclexplode(relacl)
     WHERE pg_class.oid = to_regclass(%s) AND grantee NOT IN (0, relowner)
     GROUP BY grantee HAVING bool_or(privilege_type = 'SELECT') AND (%s OR NOT bool_or(privilege_type = 'INSERT'))
"""


def keep_entries(table: str, *, using: str) -> None:
    """Let nobody but the owner of ``table`` change or remove its rows."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for role in _grantees(cursor, table, writers=True):
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {_name(table)} FROM {_name(role)}")


def hide_from_readers(table: str, columns: Iterable[str] = (), *, using: str) -> None:
    """Take ``table``, or only some of its columns, from roles that may read but not write."""
    connection, hidden = connections[using], set(columns)
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return  # only some apps are migrated
        shown = [found.name for found in connection.introspection.get_table_description(cursor, table)]
        shown = [column for column in shown if column not in hidden] if hidden else []
        for role in _grantees(cursor, _REFERENCE, writers=False):
            cursor.execute(f"REVOKE SELECT ON {_name(table)} FROM {_name(role)}")  # noqa: S608  (names are quoted)
            if shown:
                cursor.execute(f"GRANT SELECT ({', '.join(map(_name, shown))}) ON {_name(table)} TO {_name(role)}")


def _grantees(cursor: CursorWrapper, table: str, *, writers: bool) -> list[str]:
    cursor.execute(_GRANTEES, [table, writers])
    return [role for (role,) in cursor.fetchall()]


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
