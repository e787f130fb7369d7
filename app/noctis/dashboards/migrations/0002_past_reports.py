"""Note the times of the reports that are there already."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Min, Q

CHUNK = 2000


def note_times(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    reports, times = apps.get_model("reports", "Report").objects, apps.get_model("dashboards", "ReportTimes").objects
    preliminary = Min("versions__made_at", filter=Q(versions__state="preliminary"))
    told = reports.annotate(preliminary_at=preliminary).exclude(preliminary_at=None, signed_at=None)
    last = 0
    while chunk := list(
        told.filter(pk__gt=last)
        .order_by("pk")
        .values("pk", "study_id", "preliminary_at", "signed_at", "signed_by_id")[:CHUNK]
    ):
        last = chunk[-1]["pk"]
        times.bulk_create(times.model(**{name: row[name] for name in row if name != "pk"}) for row in chunk)


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0001_report_times"), ("reports", "0001_first_reports")]

    operations = [migrations.RunPython(note_times, migrations.RunPython.noop, elidable=True)]
