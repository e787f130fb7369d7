"""Say of each link whose study it was made for."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Take what the study says now."""
    studies = apps.get_model("archive", "Study").objects.filter(pk=OuterRef("study_id"))
    apps.get_model("sharing", "Share").objects.update(
        patient_id=Subquery(studies.values("patient_id")), study_uid=Subquery(studies.values("study_instance_uid"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0006_a_conflict_of_each_facility"),
        ("sharing", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="share",
            name="patient",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="archive.patient"
            ),
        ),
        migrations.AddField(
            model_name="share",
            name="study_uid",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="share",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="archive.patient"
            ),
        ),
    ]
