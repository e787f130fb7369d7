"""Fill the folded names and the SOP classes of what was filed before there were columns for them."""

from itertools import groupby

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from noctis.dicom.matching import name_index

CHUNK = 1000
NAMES = {
    "Patient": {"name_index": "name"},
    "Study": {"patient_name_index": "patient_name", "referring_physician_index": "referring_physician"},
}


def fold_names(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, columns in NAMES.items():
        rows = apps.get_model("archive", model).objects
        changed = []
        for row in rows.only("pk", *columns.values()).iterator(chunk_size=CHUNK):
            for index, name in columns.items():
                setattr(row, index, name_index(getattr(row, name)))
            changed.append(row)
            if len(changed) == CHUNK:
                rows.bulk_update(changed, list(columns))
                changed.clear()
        rows.bulk_update(changed, list(columns), batch_size=CHUNK)


def list_sop_classes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    studies = apps.get_model("archive", "Study").objects
    pairs = (
        apps.get_model("archive", "Instance")
        .objects.order_by("series__study_id", "sop_class_uid")
        .values_list("series__study_id", "sop_class_uid")
        .distinct()
    )
    for study_id, group in groupby(pairs.iterator(chunk_size=CHUNK), key=lambda pair: pair[0]):
        studies.filter(pk=study_id).update(sop_classes="\\".join(uid for _, uid in group))


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_query_columns")]

    operations = [
        migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(list_sop_classes, migrations.RunPython.noop, elidable=True),
    ]
