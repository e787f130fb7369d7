"""The database itself refuses to change what was signed, whoever asks: triggers, made after every migration.

SQLite drops the triggers of a table that a later migration rebuilds, so that no migration could keep them.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

_SIGNED: Final = "OLD.state IN ('final', 'addended')"
# In which table which columns of which rows must not change.
_KEPT: Final = (
    ("reports_report", ("content", "version", "signed_by_id", "signed_at", "signed_despite"), _SIGNED),
    ("reports_reportversion", ("content", "number", "state", "author_id"), f"({_SIGNED} OR OLD.is_closed)"),
    ("reports_addendum", ("document", "number", "author_id", "signed_at"), "1 = 1"),
)
_REFUSAL: Final = "what was signed is not changed"


def keep_final_words(*, using: str, **_: Any) -> None:
    """Make the triggers; receives Django's signal post_migrate."""
    connection = connections[using]
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table, columns, rows in _KEPT:
            if table not in tables:
                continue
            for statement in _statements(connection.vendor, table, columns, rows):
                cursor.execute(statement)


def _statements(vendor: str, table: str, columns: tuple[str, ...], rows: str) -> list[str]:
    trigger = f"{table}_stays_as_signed"
    anew = f"DROP TRIGGER IF EXISTS {trigger}"
    made = f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {table}"
    if vendor == "sqlite":
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)
        return [anew, f"{made} WHEN {rows} AND ({changed}) BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"]
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    function = f"{table}_is_signed"
    raised = f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'"
    return [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger AS $$ BEGIN {raised}; END $$ LANGUAGE plpgsql",
        f"{anew} ON {table}",
        f"{made} FOR EACH ROW WHEN ({rows} AND ({changed})) EXECUTE FUNCTION {function}()",
    ]
