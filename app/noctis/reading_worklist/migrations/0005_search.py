"""Let PostgreSQL search the worklist by any part of a word with an index (pg_trgm comes with PostgreSQL).

Only the database's owner or a superuser may add the extension; without it searches are right, but slower.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEX = "reading_search_text_trgm"
HAS_OR_MAY_ADD_EXTENSION = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
        OR EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
       AND has_database_privilege(current_database(), 'CREATE')
"""


def add_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(HAS_OR_MAY_ADD_EXTENSION)
        if cursor.fetchone() != (True,):
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(f"CREATE INDEX {INDEX} ON reading_worklist_readingtask USING gin (search_text gin_trgm_ops)")


def drop_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("reading_worklist", "0004_sorting")]

    operations = [migrations.RunPython(add_index, drop_index)]
