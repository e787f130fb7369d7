"""The reasons to begin with; administrators change them as they like.

They follow the reject analysis of AAPM TG 151 and what departments commonly count.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REASONS = (
    "Positioning",
    "Motion",
    "Exposure too low",
    "Exposure too high",
    "Collimation or anatomy cut off",
    "Artefact",
    "Wrong patient",
    "Wrong side or marker",
    "Wrong examination or protocol",
    "Equipment failure",
    "Duplicate",
    "Test image",
    "Other",
)


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add the reasons, in this order."""
    model = apps.get_model("quality_control", "RejectReason")
    model.objects.using(schema_editor.connection.alias).bulk_create(
        model(name=name, position=position) for position, name in enumerate(REASONS, start=1)
    )


class Migration(migrations.Migration):
    """Fills the list."""

    dependencies = (("quality_control", "0001_initial"),)

    operations = (migrations.RunPython(seed, migrations.RunPython.noop),)
