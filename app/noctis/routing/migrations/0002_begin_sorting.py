"""Let the rules begin with what arrives from now on: what is stored already was never meant for them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Max


def begin_with_the_next(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    newest = apps.get_model("archive", "Instance").objects.aggregate(newest=Max("pk"))["newest"]
    apps.get_model("routing", "SortingProgress").objects.create(sorted_until=newest or 0)


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0001_transmissions"),
    ]

    operations = [
        migrations.RunPython(begin_with_the_next, migrations.RunPython.noop),
    ]
