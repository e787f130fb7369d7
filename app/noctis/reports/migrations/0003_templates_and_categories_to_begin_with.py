from typing import Any

from django.db import migrations

from noctis.reports.texts.template_file import starter_templates

CATEGORIES = (("Red", 60), ("Orange", 24 * 60))


def add(apps: Any, schema_editor: Any) -> None:
    template, category = apps.get_model("reports", "ReportTemplate"), apps.get_model("reports", "CriticalCategory")
    for values in starter_templates():
        template.objects.create(
            name=values.name,
            modalities="\\".join(values.modalities),
            body_part=values.body_part,
            content=values.content,
        )
    for name, minutes in CATEGORIES:
        category.objects.create(name=name, minutes=minutes)


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_words_to_begin_with_and_critical_results")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
