"""Let PostgreSQL search names by any part of them with an index (pg_trgm comes with PostgreSQL).

Only the database's owner or a superuser may add the extension; without it queries are right, but slower.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

COLUMNS = (
    ("archive_patient", "name_index"),
    ("archive_study", "patient_name_index"),
    ("archive_study", "referring_physician_index"),
)
HAS_OR_MAY_ADD_EXTENSION = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
        OR EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
       AND has_database_privilege(current_database(), 'CREATE')
"""


def add_indexes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(HAS_OR_MAY_ADD_EXTENSION)
        if cursor.fetchone() != (True,):
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for table, column in COLUMNS:
            cursor.execute(f"CREATE INDEX {table}_{column}_trgm ON {table} USING gin ({column} gin_trgm_ops)")


def drop_indexes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table, column in COLUMNS:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_{column}_trgm")


class Migration(migrations.Migration):
    dependencies = [("archive", "0003_fill_query_columns")]

    operations = [migrations.RunPython(add_indexes, drop_indexes)]
